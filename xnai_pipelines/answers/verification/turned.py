"""Words that turn a claim, added to what the document says or left out of it."""

from collections.abc import Iterator

from xnai_pipelines.answers.verification.alignment import Alignment, anchor_of, cues_of
from xnai_pipelines.answers.verification.cues import BEFORE_A_PHRASE, Cue
from xnai_pipelines.answers.verification.tokens import Kind


def cues_added(aligned: Alignment) -> Iterator[str]:
    """Yield cues that the passage does not have at the same place. A hedge only weakens a claim."""
    for at, token in enumerate(aligned.sentence):
        if token.cue in (None, Cue.HEDGE) or _stands_as_before(aligned, at):
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
    return not any(token.content and token.kind is not Kind.WORD for token in aligned.passage[low + 1 : high])


def cues_dropped(aligned: Alignment) -> Iterator[str]:
    """Yield cues of the passage that are left out although what they stand before is kept."""
    for place, token in enumerate(aligned.passage):
        if token.cue is None or place in aligned.matched or _left_out_with_its_clause(aligned, place):
            continue
        anchor = anchor_of(aligned.passage, place)
        if anchor is None or anchor not in aligned.matched:
            continue
        bound = aligned.passage[anchor].kind is Kind.NUMBER
        if token.cue is Cue.DIRECTION and (not bound or token.term in BEFORE_A_PHRASE):
            continue
        kept = aligned.matched[anchor]
        free = [cue for cue in cues_of(aligned.sentence, kept, token.cue) if cue not in aligned.match]
        if token.cue not in (Cue.NEGATION, Cue.HEDGE):
            free = [cue for cue in free if aligned.sentence[cue].term == token.term]
        if not free:
            yield f'The evidence says "{token.text}" there.'


def _left_out_with_its_clause(aligned: Alignment, place: int) -> bool:
    """Return whether the cue's clause says more than the cue, and nothing of it is kept."""
    clause = aligned.passage[place].clause
    beside = [at for at, token in enumerate(aligned.passage) if token.clause == clause and token.content]
    return bool(beside) and not any(at in aligned.matched for at in beside)
