"""Words that stand where the document has others."""

from collections.abc import Iterator

from xnai_pipelines.answers.verification.alignment import CRITICAL, Alignment
from xnai_pipelines.answers.verification.cues import NEGATING_PREFIXES, OPPOSITES, Cue
from xnai_pipelines.answers.verification.tokens import Token
from xnai_pipelines.search.words import fold

_FIRST_PERSONS = frozenset(["i", "we", "ich", "wir", "je", "nous", "yo", "nosotros", "я", "мы"])
_SLOT = 2  # words of the document per new word of the sentence that it may stand for; more were left out


def replaced(aligned: Alignment) -> Iterator[str]:
    """Yield words that the passage does not have where it has another one."""
    for kind, first, last, other, until in aligned.operations:
        if kind != "replace":
            continue
        new = [
            at
            for at in range(first, last)
            if (aligned.sentence[at].content or aligned.sentence[at].cue is Cue.QUANTITY)
            and not (aligned.present(at) and _kept_beside(aligned, at, other, until))
            and at not in aligned.meant_by_pronouns
        ]
        for gone in _clauses(aligned, other, until):
            if new and 0 < len(gone) <= _SLOT * len(new):
                yield f'The evidence says "{gone[-1].text}" instead of "{aligned.sentence[new[-1]].text}".'


def other_beginning(aligned: Alignment) -> Iterator[str]:
    """Yield a new word at the beginning, before anything that the passage has: another subject."""
    first = next((at for at, token in enumerate(aligned.sentence) if token.content and aligned.present(at)), None)
    if first is None:
        return
    for at, token in enumerate(aligned.sentence[:first]):
        if token.content and token.clause == aligned.sentence[first].clause and at not in aligned.meant_by_pronouns:
            yield f'"{token.text}" is not in the evidence there.'


def _kept_beside(aligned: Alignment, at: int, first: int, last: int) -> bool:
    """Return whether a word stands beside what it stands beside in the passage, not in the place of one of its kind."""
    instead = [token for token in aligned.passage[first:last] if token.content]
    one_word = len(instead) == 1 and aligned.sentence[at].content
    return aligned.keeps_a_neighbour(at, content=one_word) and not _rivals(aligned, at, first, last)


def _rivals(aligned: Alignment, at: int, first: int, last: int) -> bool:
    """Return whether the passage has another number or name in the place of this one."""
    kind = aligned.sentence[at].kind
    return kind in CRITICAL and any(token.kind is kind for token in aligned.passage[first:last])


def _clauses(aligned: Alignment, first: int, last: int) -> list[list[Token]]:
    """Return the content words of the first and of the last clause of a stretch of the passage."""
    words = [token for token in aligned.passage[first:last] if token.content]
    ends = (aligned.passage[first].clause, aligned.passage[last - 1].clause)
    return [[token for token in words if token.clause == clause] for clause in ends]


def opposite(aligned: Alignment) -> Iterator[str]:
    """Yield opposites of words of the passage: "unlike" of "like", "off" where it has "on"."""
    left_out = {fold(token.text) for place, token in enumerate(aligned.passage) if place not in aligned.matched}
    for at, token in enumerate(aligned.sentence):
        other = OPPOSITES.get(fold(token.text))
        if token.content and not aligned.present(at) and _negated(aligned, token):
            yield f'"{token.text}" is the opposite of what the evidence says.'
        elif at not in aligned.match and other in left_out:
            yield f'The evidence says "{other}" instead of "{token.text}".'


def of_itself(aligned: Alignment) -> Iterator[str]:
    """Yield "I" and "we" that the passage does not have there: who answers speaks of documents, not of itself."""
    for at, token in enumerate(aligned.sentence):
        if fold(token.text) in _FIRST_PERSONS and at not in aligned.match and not token.term.startswith("it:"):
            yield f'"{token.text}" is not in the evidence there.'


def _negated(aligned: Alignment, token: Token) -> bool:
    """Return whether the passage has the word with or without a negating prefix."""
    code, _, word = token.term.partition(":")
    return any(
        f"{code}:{prefix}{word}" in aligned.places
        or (
            word.startswith(prefix)
            and len(word) > len(prefix) + 3
            and f"{code}:{word[len(prefix) :]}" in aligned.places
        )
        for prefix in NEGATING_PREFIXES
    )
