"""Which capitalised words are names: by how often the corpus writes each word in lower case. Pure, no word lists.

A capital letter within a sentence says that a word is a name; one that opens a sentence says nothing. A name is kept
whole if the corpus has it elsewhere (within a sentence, in quotes or as a title). Otherwise the words that the corpus
mostly writes in lower case are taken off its start: "In Paris" is "Paris", "However" is none.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from xnai_pipelines.graph.arrays import Bools, Ints
from xnai_pipelines.graph.forms import Form, start_of_word
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.reading import Reading

OFTEN = 4  # a word within a sentence must be this many times more often in lower case to be no name

DROPPED = -1


@dataclass(frozen=True, slots=True)
class Words:
    """In how many documents a word is written in lower case, and with a capital letter within a sentence."""

    small: dict[str, int]
    capital: dict[str, int]

    def is_common(self, word: str, times: int = 1) -> bool:
        """Return whether the word is written in lower case more often, by this factor."""
        lower = word.lower()
        return self.small.get(lower, 0) > times * self.capital.get(lower, 0)


def named(reading: Reading, forms: list[Form]) -> Ints:
    """Return how many characters to take off the start of each mention, int64 [m]; `DROPPED` if it is no name."""
    by_capitals = _is_kind(reading, [Kind.NAME])
    inside = by_capitals & ~reading.initial
    words = Words(reading.small, _capitals(reading, inside, forms))
    known = {forms[code].key for code in set(reading.surface[inside | ~by_capitals].tolist())}
    cuts = np.zeros(len(reading.surface), dtype=np.int64)
    pairs = reading.surface * 2 + reading.initial
    distinct, inverse = np.unique(pairs[by_capitals], return_inverse=True)
    of_pair = [
        _cut(reading.surfaces[pair // 2], forms[pair // 2], initial=bool(pair % 2), words=words, known=known)
        for pair in distinct.tolist()
    ]
    cuts[by_capitals] = np.asarray(of_pair, dtype=np.int64)[inverse]
    return cuts


def _is_kind(reading: Reading, kinds: Iterable[Kind]) -> Bools:
    wanted = [at for at, kind in enumerate(reading.kinds) if kind in kinds]
    return np.isin(reading.kind, wanted)


def _capitals(reading: Reading, inside: Bools, forms: list[Form]) -> dict[str, int]:
    """Return the number of documents that have each word with a capital letter within a sentence."""
    several = np.unique(reading.document[inside] * len(forms) + reading.surface[inside]) % max(1, len(forms))
    codes, counts = np.unique(several, return_counts=True)
    found: Counter[str] = Counter()
    for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
        for word in {word.lower() for word in forms[code].words if word[:1].isupper()}:
            found[word] += count
    return dict(found)


def _cut(surface: str, form: Form, *, initial: bool, words: Words, known: set[str]) -> int:
    """Return how many characters to take off a capitalised run; `DROPPED` for all."""
    left = list(form.words)
    if not initial:
        alone = len(left) == 1 and (len(left[0].partition("'")[0]) < 2 or words.is_common(left[0], OFTEN))
        return DROPPED if not left or alone else 0
    if len(left) > 1 and form.key in known:
        return 0
    while left and (words.is_common(left[0]) or not left[0][:1].isupper()):
        left.pop(0)
    if len(left) == 1 and form.key not in known and left[0].lower() not in words.capital and len(form.words) == 1:
        # nothing speaks for it, unless it is a word of a longer name
        return DROPPED
    if not left or (len(left[0].partition("'")[0]) < 2 and len(left) == 1):
        return DROPPED
    return start_of_word(surface, len(form.words) - len(left))
