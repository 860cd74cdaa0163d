"""The score of a document, 0 to 1: the weighted mean of the aspects that apply to it.

Freshness and readability are measured. Every other aspect is 1 less what its findings take away, and not below 0.
"""

from collections.abc import Iterable, Mapping

from xnai_pipelines.documents.health.corpus import Examined
from xnai_pipelines.documents.health.examination import Examination
from xnai_pipelines.documents.health.finding import Finding, Severity
from xnai_pipelines.documents.health.freshness import days_since, freshness
from xnai_pipelines.documents.health.inspections import Aspect
from xnai_pipelines.documents.health.readability import readability
from xnai_pipelines.documents.health.targets import LinkOutcome

WEIGHTS = {
    Aspect.LINKS: 0.25,
    Aspect.CONTENT: 0.25,
    Aspect.FRESHNESS: 0.2,
    Aspect.TRANSLATION: 0.2,
    Aspect.CODE: 0.2,
    Aspect.READABILITY: 0.1,
    Aspect.UNIQUENESS: 0.1,
}
TAKEN = {Severity.ERROR: 0.5, Severity.WARNING: 0.25, Severity.INFO: 0.05}


def aspects_of(document: Examined, seen: Examination, found: Mapping[Aspect, Iterable[Finding]]) -> dict[Aspect, float]:
    """Return the scores of the aspects that apply to a document."""
    days = days_since(seen.dates[document.source], seen.corpus.now)
    scores = {Aspect.FRESHNESS: freshness(days, seen.rules)}
    read = seen.readings.get(document.source)
    if read is not None and read.ease is not None:
        scores[Aspect.READABILITY] = readability(read.ease)
    for aspect in _applicable(document, seen):
        taken = sum(TAKEN[finding.severity] for finding in found.get(aspect, ()))
        scores[aspect] = max(0.0, 1.0 - taken)
    return scores


def score_of(aspects: Mapping[Aspect, float]) -> float:
    """Return the weighted mean of the aspects."""
    return sum(WEIGHTS[aspect] * value for aspect, value in aspects.items()) / sum(WEIGHTS[one] for one in aspects)


def _applicable(document: Examined, seen: Examination) -> list[Aspect]:
    applies = [Aspect.UNIQUENESS]
    if document.is_page:
        applies.append(Aspect.CONTENT)
    if any(at.outcome is not LinkOutcome.UNSURE for _, at in seen.targets.resolved[document.source]):
        applies.append(Aspect.LINKS)
    if document.source in seen.translations.sources:
        applies.append(Aspect.TRANSLATION)
    if document.media_type == "text/x-python" and document.headings:
        applies.append(Aspect.CODE)
    return applies
