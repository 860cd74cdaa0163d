"""What was and is no longer: a claim in the present tense of a passage in the past."""

import re
from collections.abc import Iterator, Sequence

from xnai_pipelines.answers.verification.alignment import Alignment
from xnai_pipelines.answers.verification.tokens import Token, TokenKind
from xnai_pipelines.search.words import fold

_PRESENT = frozenset(["is", "are", "has", "have", "does", "do", "isn", "aren"])
_PAST = frozenset(["was", "were", "had", "did", "used"])
_BE = frozenset(["is", "are", "was", "were", "be", "been", "being", "get", "gets", "got"])
_UNTIL = ("until", "till", "bis", "jusqu", "hasta", "fino", "ate", "tot", "до")
_NEAR = 3  # words between "until" and its number


def past(aligned: Alignment) -> Iterator[str]:
    """Yield the words of the passage by which it tells of the past, where the claim tells of the present.

    In languages without such words a verb in another form tells it, if the passage says until when.
    """
    left = [place for place in range(len(aligned.passage)) if place not in aligned.matched]
    said = {fold(token.text) for at, token in enumerate(aligned.sentence) if at not in aligned.match}
    for place in left:
        token = aligned.passage[place]
        if fold(token.text) in _PAST and (said & _PRESENT or _used_to(aligned, place)):
            yield f'The evidence says "{token.text}", which may be over.'
        elif _until(aligned.passage, place) and any(_other_form(aligned, at) for at in aligned.match):
            yield f'The evidence says "{token.text}" there.'


def _used_to(aligned: Alignment, place: int) -> bool:
    words = [fold(token.text) for token in aligned.passage[max(0, place - 1) : place + 2]]
    return words[-2:] == ["used", "to"] and not _BE.intersection(words[:-2]) and place + 2 in aligned.matched


def _until(passage: Sequence[Token], place: int) -> bool:
    word = re.match(r"\w*", fold(passage[place].text))  # jusqu'en
    behind = passage[place + 1 : place + 1 + _NEAR]
    return bool(word and word.group() in _UNTIL) and any(token.kind is TokenKind.NUMBER for token in behind)


def _other_form(aligned: Alignment, at: int) -> bool:
    one, other = aligned.sentence[at], aligned.passage[aligned.match[at]]
    return one.kind is other.kind is TokenKind.WORD and fold(one.text) != fold(other.text)
