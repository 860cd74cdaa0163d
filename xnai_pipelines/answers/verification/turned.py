"""Words that turn a claim, added to what the document says or left out of it."""

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from xnai_pipelines.answers.verification.alignment import Alignment, anchor_of, cues_of
from xnai_pipelines.answers.verification.cues import BEFORE_A_PHRASE, RESTRICTING, TURNING, Cue
from xnai_pipelines.answers.verification.measures import CURRENCIES
from xnai_pipelines.answers.verification.tokens import YEAR, Token, TokenKind
from xnai_pipelines.search.words import fold

_COUNTED = 3  # words behind a number among which is what it counts: 10 new green boats


def cues_added(aligned: Alignment) -> Iterator[str]:
    """Yield cues that the passage does not have at the same place. A hedge only weakens a claim."""
    for at, token in enumerate(aligned.sentence):
        if token.cue in (None, Cue.HEDGE, Cue.LINK) or _stands_as_before(aligned, at):
            continue
        anchor = anchor_of(aligned.sentence, at)
        place = None if anchor is None else aligned.place(anchor)
        if place is None:
            if token.cue is not Cue.DIRECTION and token.term not in aligned.places:
                yield f'"{token.text}" is not in the evidence.'
            continue
        free = [cue for cue in cues_of(aligned.passage, place, token.cue) if cue not in aligned.matched]
        same = [cue for cue in free if aligned.passage[cue].term == token.term]
        if token.cue is Cue.DIRECTION:
            if free and not same:
                yield f'The evidence says "{aligned.passage[free[0]].text}" instead of "{token.text}".'
        elif not (free if token.cue is Cue.NEGATION else same):
            yield f'"{token.text}" is not in the evidence there.'


def _stands_as_before(aligned: Alignment, at: int) -> bool:
    """Return whether a cue and the word that it stands before are beside each other in the passage too."""
    if at not in aligned.match:
        return False
    anchor = anchor_of(aligned.sentence, at)
    if anchor is None or anchor not in aligned.match:
        return True
    low, high = sorted((aligned.match[at], aligned.match[anchor]))
    return not any(token.content and token.kind is not TokenKind.WORD for token in aligned.passage[low + 1 : high])


def cues_dropped(aligned: Alignment) -> Iterator[str]:
    """Yield cues of the passage that are left out although what they bear on is kept."""
    for place in turning_left_out(aligned.passage, aligned.matched):
        token = aligned.passage[place]
        anchor = anchor_of(aligned.passage, place)
        kept = None if anchor is None else aligned.matched.get(anchor)
        everywhere = range(len(aligned.sentence))
        beside = everywhere if kept is None or token.cue is None else cues_of(aligned.sentence, kept, token.cue)
        moved = [aligned.sentence[cue] for cue in beside if cue not in aligned.match]
        same_class = kept is not None and token.cue in (Cue.NEGATION, Cue.HEDGE)
        if not any(one.cue is token.cue and (same_class or one.term == token.term) for one in moved):
            yield f'The evidence says "{token.text}" there.'


def turning_left_out(passage: Sequence[Token], kept: Container[int]) -> Iterator[int]:
    """Yield the places of cues that are left out although what they bear on is kept.

    Args:
        passage: Tokens of a sentence of a document.
        kept: Places of those that are said.
    """
    for place, token in enumerate(passage):
        if token.cue in (None, Cue.LINK) or place in kept:
            continue
        if _clause_left_out(passage, place, kept):
            if token.cue is Cue.CONDITION and _begins_a_clause(passage, place):
                yield place
            continue
        anchor = anchor_of(passage, place)
        if anchor is not None and anchor in kept:
            bound = passage[anchor].kind is TokenKind.NUMBER
            if token.cue is not Cue.DIRECTION or (bound and token.term not in BEFORE_A_PHRASE):
                yield place
        elif _restricts(passage, place) and any(_reaches_kept(passage, place, kept, step) for step in (-1, 1)):
            yield place


def _clause_left_out(passage: Sequence[Token], place: int, kept: Container[int]) -> bool:
    """Return whether the cue's clause says more than the cue, and nothing of it is kept."""
    clause = passage[place].clause
    beside = [at for at, token in enumerate(passage) if token.clause == clause and token.content]
    return bool(beside) and not any(at in kept for at in beside)


def _begins_a_clause(passage: Sequence[Token], place: int) -> bool:
    """Return whether a condition stands first in its clause, "even", "only" and the like aside."""
    clause = passage[place].clause
    return not any(token.clause == clause and (token.content or token.cue is Cue.LINK) for token in passage[:place])


def _restricts(passage: Sequence[Token], place: int) -> bool:
    """Return whether a cue turns what is around it, even if what it stands before is left out: in no version."""
    token = passage[place]
    if token.cue is Cue.CONDITION or (token.cue in TURNING and fold(token.text) in RESTRICTING):
        return True
    ends = not any(other.content and other.clause == token.clause for other in passage[place + 1 :])
    return token.cue is Cue.NEGATION and ends


def _reaches_kept(passage: Sequence[Token], place: int, kept: Container[int], step: int) -> bool:
    """Return whether something kept is on one side of a cue in its clause, with no "which" or "but" between."""
    at = place + step
    while 0 <= at < len(passage) and passage[at].clause == passage[place].clause and passage[at].cue is not Cue.LINK:
        if passage[at].content and at in kept:
            return True
        at += step
    return False


def units_dropped(aligned: Alignment) -> Iterator[str]:
    """Yield units left out of numbers that are kept, and what is counted: 10 minutes is not 10, nor is 10 retries."""
    for place in units_left_out(aligned.passage, aligned.matched):
        yield f'The evidence says "{aligned.passage[place].text}" with the number.'


def units_left_out(passage: Sequence[Token], kept: Container[int]) -> Iterator[int]:
    """Yield the places of what a number measures or counts that is left out although the number is kept."""
    for place, token in enumerate(passage):
        if token.kind is not TokenKind.NUMBER or place not in kept or token.term.startswith("month:"):
            continue
        behind = [
            at for at in range(place + 1, min(place + 1 + _COUNTED, len(passage))) if _counted(passage, place, at)
        ]
        before = place - 1 if place and passage[place - 1].term in CURRENCIES else place
        if before not in kept:
            yield before
        elif behind and not any(at in kept for at in behind):
            yield behind[0]
        elif (bound := _bound(passage, place)) and bound not in kept:
            yield bound


def _bound(passage: Sequence[Token], number: int) -> int | None:
    """Return the place of the number that one is bound to by a word that is no "and": 3 of 5, 10 to 20."""
    between, other = passage[number + 1 : number + 2], passage[number + 2 : number + 3]
    if YEAR.fullmatch(passage[number].term) or not other or other[0].clause != passage[number].clause:
        return None
    binds = between[0].kind is TokenKind.FUNCTION and between[0].cue is not Cue.LINK
    return (
        number + 2 if binds and other[0].kind is TokenKind.NUMBER and not other[0].term.startswith("month:") else None
    )


def _counted(passage: Sequence[Token], number: int, at: int) -> bool:
    """Return whether a word may be what a number counts: no word that binds stands between. A year counts nothing."""
    between = passage[number + 1 : at + 1]
    same_clause = all(token.clause == passage[number].clause for token in between)
    if YEAR.fullmatch(passage[number].term):
        return same_clause and all(token.kind is TokenKind.UNIT and token.term != "unit:year" for token in between)
    return same_clause and all(token.kind in (TokenKind.UNIT, TokenKind.WORD) for token in between)


def anything_dropped(aligned: Alignment) -> Iterator[str]:
    """Yield words left out of a passage in a language whose turning words are not known: any may be one."""
    left = Counter(token.term for token in aligned.passage) - Counter(token.term for token in aligned.sentence)
    for token in aligned.passage:
        if not aligned.covered and left[token.term]:
            yield f'"{token.text}" is left out, which may change what the evidence says.'
