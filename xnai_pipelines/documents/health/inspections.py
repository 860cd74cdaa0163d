"""What is looked for. To add an inspection, add a line to `INSPECTIONS`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.documents.health.broken_links import broken_links
from xnai_pipelines.documents.health.content import code_samples, length, placeholders, statuses
from xnai_pipelines.documents.health.contradictions import contradictions
from xnai_pipelines.documents.health.copies import copies
from xnai_pipelines.documents.health.examination import Examination
from xnai_pipelines.documents.health.external_links import dead_links
from xnai_pipelines.documents.health.finding import Finding
from xnai_pipelines.documents.health.freshness import expired, stale
from xnai_pipelines.documents.health.orphans import orphans
from xnai_pipelines.documents.health.readability import hard_to_read
from xnai_pipelines.documents.health.source_code import source_code
from xnai_pipelines.documents.health.translations import lagging, untranslated


class Aspect(StrEnum):
    """A part of a document's score."""

    LINKS = "links"
    CONTENT = "content"
    FRESHNESS = "freshness"
    READABILITY = "readability"
    UNIQUENESS = "uniqueness"
    TRANSLATION = "translation"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One look at all documents: the part of the score that its findings lower, and the function that yields them."""

    aspect: Aspect
    inspect: Callable[[Examination], Iterator[Finding]]


def _stale(seen: Examination) -> Iterator[Finding]:
    for document in seen.corpus.documents:
        when = seen.dates[document.source]
        if document.is_page and (finding := stale(document, when, seen.corpus.now, seen.rules)):
            yield finding


def _lengths(seen: Examination) -> Iterator[Finding]:
    for source, read in seen.readings.items():
        if finding := length(seen.corpus.by_path[source], read.words):
            yield finding


def _hard_to_read(seen: Examination) -> Iterator[Finding]:
    for source, read in seen.readings.items():
        if read.ease is not None and (finding := hard_to_read(seen.corpus.by_path[source], read.ease)):
            yield finding


INSPECTIONS = (
    Inspection(Aspect.LINKS, lambda seen: broken_links(seen.targets)),
    Inspection(Aspect.LINKS, lambda seen: dead_links(seen.targets, seen.external)),
    Inspection(Aspect.LINKS, lambda seen: orphans(seen.targets)),
    Inspection(Aspect.FRESHNESS, _stale),
    Inspection(Aspect.READABILITY, _hard_to_read),
    Inspection(Aspect.CONTENT, lambda seen: expired(seen.corpus)),
    Inspection(Aspect.CONTENT, _lengths),
    Inspection(Aspect.CONTENT, lambda seen: code_samples(seen.corpus)),
    Inspection(Aspect.CONTENT, lambda seen: placeholders(seen.corpus)),
    Inspection(Aspect.CONTENT, lambda seen: statuses(seen.corpus)),
    Inspection(Aspect.CONTENT, lambda seen: contradictions(seen.corpus)),
    Inspection(Aspect.UNIQUENESS, lambda seen: copies(seen.corpus)),
    Inspection(Aspect.TRANSLATION, lambda seen: lagging(seen.translations)),
    Inspection(Aspect.TRANSLATION, lambda seen: untranslated(seen.translations)),
    Inspection(Aspect.CODE, lambda seen: source_code(seen.corpus)),
)
