"""Translations that lag behind their original: docs/de/page.md and docs/en/page.md, or page.de.md and page.en.md."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.finding import Finding, Severity, found
from xnai_pipelines.documents.health.freshness import Dated
from xnai_pipelines.documents.health.languages import in_language, original_language, tree_language
from xnai_pipelines.documents.health.links import Link
from xnai_pipelines.documents.health.targets import SCHEME

MIN_PAGES = 2  # pages that two trees share from which on one is a translation of the other
SAME_WORDS = 0.8  # share of the original's lines in a page that was not translated
SAME_LINE_WORDS = 4  # words of a line from which on it would differ if it were translated
NAMED = 5

_FENCE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,})[ \t]*(?=\S)", re.MULTILINE)
_ID = re.compile(r"\{[ \t]*#([\w.-]+)[ \t]*\}[ \t]*$")


@dataclass(frozen=True)
class Translations:
    """The pages of a corpus that translate others; `dates` are those of their last changes, by source."""

    corpus: ExaminedCorpus
    dates: Mapping[str, Dated]

    @cached_property
    def original(self) -> str | None:
        """The language from which the others are translated."""
        return original_language(self.corpus.by_path)

    @cached_property
    def pairs(self) -> tuple[tuple[Examined, Examined], ...]:
        """Each translation with its original."""
        origin = self.original
        if origin is None:
            return ()
        pairs = []
        for path, document in self.corpus.by_path.items():
            language = tree_language(path)
            if language is not None and language != origin and document.is_page:
                original = self.corpus.by_path.get(in_language(path, origin))
                if original is not None and original is not document:
                    pairs.append((document, original))
        shared = Counter(tree_language(document.path) for document, _ in pairs)
        return tuple(pair for pair in pairs if shared[tree_language(pair[0].path)] >= MIN_PAGES)

    @cached_property
    def sources(self) -> frozenset[str]:
        """Sources of the translations."""
        return frozenset(document.source for document, _ in self.pairs)

    @cached_property
    def lacking(self) -> dict[str, tuple[str, ...]]:
        """Languages that lack a page of the original, by its path."""
        languages = sorted({language for document, _ in self.pairs if (language := tree_language(document.path))})
        lacking = {}
        for path, document in self.corpus.by_path.items() if languages else ():
            if document.is_page and tree_language(path) == self.original:
                without = tuple(one for one in languages if in_language(path, one) not in self.corpus.by_path)
                if without:
                    lacking[path] = without
        return lacking

    @cached_property
    def untranslated(self) -> dict[str, int]:
        """Number of pages of the original that each language lacks."""
        return dict(sorted(Counter(language for without in self.lacking.values() for language in without).items()))


def lagging(translations: Translations) -> Iterator[Finding]:
    """Yield what translations lack: later changes of the original, its headings, links and code samples."""
    for document, original in translations.pairs:
        yield from _changed_later(document, original, translations.dates)
        missing = missing_headings(document, original)
        if missing:
            named = ", ".join(f'"{title}"' for title in missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
            message = f"Lacks headings of {original.source}, {len(missing)} of {len(original.headings)}: {named}."
            yield found(document, "translation_lags", Severity.WARNING, message, action="Translate what was added.")
        links = _link_targets(original, document) - _link_targets(document, document)
        if links:
            named = ", ".join(sorted(links)[:NAMED]) + (", ..." if len(links) > NAMED else "")
            message = f"Lacks links of {original.source}: {named}."
            yield found(document, "translation_lacks_links", Severity.INFO, message, action="Translate what was added.")
        before, now = (len(_FENCE.findall(one.text)) for one in (original, document))
        if now < before:
            message = f"Lacks code samples: {now} in place of the {before} of {original.source}."
            yield found(document, "translation_lacks_code", Severity.INFO, message, action="Translate what was added.")
        if _is_copy(document, original):
            message = f"Not translated: its text is that of {original.source}."
            yield found(
                document, "not_translated", Severity.WARNING, message, action="Translate the page, or delete it."
            )


def untranslated(translations: Translations) -> Iterator[Finding]:
    """Yield a finding for each page of the original that languages lack."""
    for path, languages in translations.lacking.items():
        message, action = f"Not translated: {', '.join(languages)}.", "Translate the page if these readers need it."
        document = translations.corpus.by_path[path]
        yield found(document, "untranslated", Severity.INFO, message, action=action)


def missing_headings(document: Examined, original: Examined) -> list[str]:
    """Return the original's headings that the translation lacks.

    Headings with anchors of their own are compared by them. Without, the numbers of headings by level are compared, and
    the surplus is named from where the levels begin to differ.
    """
    ids, there = _heading_ids(original), set(_heading_ids(document))
    if len(ids) == len(original.headings) and there:
        return [title for anchor, title in ids.items() if anchor not in there]
    lacks = Counter(heading.level for heading in original.headings)
    lacks.subtract(Counter(heading.level for heading in document.headings))
    if sum(lacks.values()) <= 0:
        return []
    levels = [heading.level for heading in document.headings]
    for at, heading in enumerate(original.headings):
        if at >= len(levels) or levels[at] != heading.level:
            rest = [one.title for one in original.headings[at:] if lacks[one.level] > 0]
            return rest[: sum(lacks.values())]
    return []


def _heading_ids(document: Examined) -> dict[str, str]:
    ids = {}
    for heading in document.headings:
        line = document.text[heading.start : heading.start + 500].partition("\n")[0]
        if named := _ID.search(line):
            ids[named.group(1)] = heading.title
    return ids


def _changed_later(document: Examined, original: Examined, dates: Mapping[str, Dated]) -> Iterator[Finding]:
    ours, theirs = dates[document.source], dates[original.source]
    if "file" in (ours.by, theirs.by) or (theirs.at - ours.at).days < 1:
        return  # times of files tell when they were copied
    message = f"{original.source} changed {theirs.at:%Y-%m-%d}, this translation {ours.at:%Y-%m-%d}."
    severity = Severity.WARNING if (theirs.at - ours.at).days > 30 else Severity.INFO
    yield found(
        document, "translation_is_older", severity, message, action="Compare the two, and translate what changed."
    )


def _link_targets(document: Examined, translation: Examined) -> set[str]:
    """Return where the links lead, in a form that two languages share."""
    language = tree_language(translation.path) or ""
    return {_target(link, language) for link in document.links} - {""}


def _target(link: Link, language: str) -> str:
    path = link.target.partition("#")[0].partition("?")[0].rstrip("/")
    if SCHEME.match(path):
        return ""  # other hosts have pages in several languages of their own
    return posixpath.normpath(in_language(path, language)) if path else ""


def _is_copy(document: Examined, original: Examined) -> bool:
    lines = {line.strip() for line in original.prose.split("\n") if len(line.split()) > SAME_LINE_WORDS}
    here = {line.strip() for line in document.prose.split("\n") if len(line.split()) > SAME_LINE_WORDS}
    return len(lines) > 2 and len(lines & here) >= SAME_WORDS * len(lines)
