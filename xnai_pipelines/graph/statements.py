"""Typed relations that a chunk states, between its mentions. Pure.

The subject is the mention that opens the sentence. A sentence that opens with another word speaks of the document's
subject: "He was born in ...", "The film was directed by ...". In a document without a title a pronoun means the name
that opened a sentence before.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xnai_pipelines.graph.cues import (
    AUXILIARIES,
    OF_DATES,
    OPENERS,
    PRONOUNS,
    class_expression,
    cue_expression,
    verbs_last,
)
from xnai_pipelines.graph.found import NAMES, Find, Kind

LONGEST_CUE = 60  # characters between two mentions
CLASS = "is a"  # extractor of what a text calls a subject
OF_DOCUMENT = -1  # as a subject: what the document's title names

_OPENS_BRACKET = re.compile(r"\s?\(\s?\Z")
_UNTIL = re.compile(r"\s?[–—-]\s?\Z")
_AND = re.compile(r"\s?(?:,|,?\s?(?:and|und|et|y|e|и|&))\s?\Z")
_PLACE = re.compile(r"\s?,?\s?(?:in|at|near|à|en|em|в)\s\Z")
_FULL_DATE = 6  # characters: a longer date names a day, not only a year
_EPITHET = re.compile(r"\s(?:[^\W\d_]{4,}\s){1,4}\Z")  # "American singer" before a name
_LAST_WORDS = re.compile(r"(?:[^\W\d_][\w-]*[ ]){0,1}[^\W\d_][\w-]*\Z")


@dataclass(frozen=True, slots=True)
class Statement:
    """A relation between two finds of a chunk, by their positions, and the range of the sentence that states it."""

    subject: int
    object: int
    type: str
    start: int
    end: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class FoundSentence:
    """A sentence of a chunk: its range and the positions of its finds; whether the first one opens it."""

    start: int
    end: int
    finds: tuple[int, ...]
    opened: bool


def class_terms(text: str, language: str, openings: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Find]]:
    """Yield what the text calls each subject: for "Acme is a small company in ..." the range of "small company".

    Args:
        text: The text of a chunk.
        language: Its language.
        openings: Positions of finds that open a sentence, and where each ends.
    """
    expression = class_expression(language)
    if expression is None:
        return
    for position, end in openings:
        said = expression.match(text, end)
        if said:
            last = _LAST_WORDS.search(said[1].rstrip())
            if last and last.group().islower():
                yield position, Find(said.start(1) + last.start(), said.start(1) + last.end(), Kind.TERM, CLASS)


def defined(text: str, language: str, finds: Sequence[Find], openings: Sequence[tuple[int, int]]) -> set[int]:
    """Return the single words that open a sentence which says what they are: "Kestrel is a queue" names Kestrel."""
    expression = class_expression(language)
    others = PRONOUNS.get(language, frozenset()) | OPENERS.get(language, frozenset())
    words = ((at, end, text[finds[at].start : end].lower()) for at, end in openings)
    return {
        at
        for at, end, word in words
        if expression and word.isalpha() and word not in others and expression.match(text, end)
    }


def cued(
    text: str, language: str, finds: Sequence[Find], sentences: Sequence[FoundSentence], *, is_titled: bool
) -> Iterator[Statement]:
    """Yield the relations that cues state, and dates of birth and death in brackets after a name."""
    expression, pronouns = cue_expression(language), PRONOUNS.get(language, frozenset())
    spoken_of = OF_DOCUMENT
    for sentence in sentences:
        subject = sentence.finds[0] if sentence.opened else OF_DOCUMENT
        if sentence.opened and text[finds[subject].start : finds[subject].end].lower() in pronouns:
            subject = OF_DOCUMENT if is_titled else spoken_of
        elif sentence.opened and finds[subject].kind in (*NAMES, Kind.TERM):
            spoken_of = subject
        named = [position for position in sentence.finds if finds[position].extractor != CLASS]
        gaps = _gaps(text, finds, sentence.start, named)
        kind: str | None = None
        for position, gap, following in zip(named, gaps, [*gaps[1:], ""], strict=True):
            find = finds[position]
            if kind is None or not _EPITHET.match(gap):
                kind = _life(text, finds, position, gap) or _relation(expression, gap, kind)
            if kind is None or (_EPITHET.match(following) and _relation(expression, following, None) is None):
                continue
            is_opening = sentence.opened and position == sentence.finds[0]
            if not is_opening and position != subject and find.kind not in (Kind.ADDRESS, Kind.EMAIL):
                called = OF_DATES.get(kind, kind) if find.kind is Kind.DATE else kind
                if find.kind is not Kind.DATE or called in OF_DATES.values():
                    yield Statement(subject, position, called, sentence.start, sentence.end)
        yield from _by_last_verbs(text, language, finds, subject, sentence)


def _by_last_verbs(
    text: str, language: str, finds: Sequence[Find], subject: int, sentence: FoundSentence
) -> Iterator[Statement]:
    """Yield the relations that a verb at the end of a clause states: "wurde am 8. Juli 1838 in Konstanz geboren"."""
    verbs = verbs_last(language)
    positions = sentence.finds if verbs else ()
    for position, gap in zip(positions, _gaps(text, finds, sentence.start, positions), strict=True):
        find = finds[position]
        _, comma, clause = gap.rpartition(",")
        following = finds[position + 1] if position + 1 < len(finds) else None
        is_of_date = following is not None and following.kind is Kind.DATE and following.start == find.end + 1
        is_opening = sentence.opened and position == sentence.finds[0]
        if is_opening or is_of_date or (comma and not re.match(AUXILIARIES[language], clause)):
            continue
        types = next((types for expression, types in verbs if expression.match(text, find.end, sentence.end)), {})
        before = (clause.split() or [""])[-1]
        is_date = find.kind is Kind.DATE
        kind = types.get(before if before in types else "") if is_date or before else None
        if kind is not None and (kind in OF_DATES if is_date else before in types):
            yield Statement(subject, position, OF_DATES[kind] if is_date else kind, sentence.start, sentence.end)


def _gaps(text: str, finds: Sequence[Find], start: int, positions: Sequence[int]) -> list[str]:
    """Return what stands before each of the finds, back to the find before it or the start of the sentence."""
    ends = [start, *(finds[position].end for position in positions)]
    return [
        text[max(end, finds[position].start - LONGEST_CUE) : finds[position].start]
        for end, position in zip(ends, positions, strict=False)
    ]


def _relation(expression: re.Pattern[str] | None, gap: str, before: str | None) -> str | None:
    """Return the type of the relation that the words before a mention state; an enumeration goes on with the last."""
    if expression is None:
        return None
    if before is not None and gap and (_AND.fullmatch(gap) or (before in OF_DATES and _PLACE.fullmatch(gap))):
        return before
    cue = expression.search(gap)
    return cue.lastgroup if cue else None


def _life(text: str, finds: Sequence[Find], position: int, gap: str) -> str | None:
    """Return whether a date in brackets is one of birth or of death: "(2 November 1932 - 21 October 1987)"."""
    find = finds[position]
    if find.kind is not Kind.DATE or find.end - find.start < _FULL_DATE:
        return None
    following = finds[position + 1] if position + 1 < len(finds) else None
    if _OPENS_BRACKET.fullmatch(gap) and following and following.kind is Kind.DATE:
        return "born_in" if _UNTIL.fullmatch(text[find.end : following.start]) else None
    preceding = finds[position - 1] if position else None
    if (
        _UNTIL.fullmatch(gap)
        and preceding
        and preceding.kind is Kind.DATE
        and text[: preceding.start].rstrip().endswith("(")
    ):
        return "died_in" if preceding.end - preceding.start >= _FULL_DATE else None
    return None


def as_rows(stated: Sequence[Statement], base: int) -> list[dict[str, Any]]:
    """Return the statements as the table `extractions` stores them; `base` is where the chunk starts."""
    return [
        {
            "subject": each.subject,
            "object": each.object,
            "type": each.type,
            "target": each.target,
            "start": base + each.start,
            "end": base + each.end,
        }
        for each in stated
    ]
