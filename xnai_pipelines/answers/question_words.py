"""The words of a question and its token vectors: which words a text has, and how much they say."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.search.words import fold

SMALL = 2  # digits of a number

_WORD = re.compile(r"[\w.+#/-]*\w")
_INSIDE = re.compile(r"(?<=[\s«„“\"(])[^\W\d_]\w*")  # words that do not begin the question

WordSet: TypeAlias = int
"""A set of the question's words: bit i is set if it has word i."""


class QuestionWords:
    """The words of a question and its token vectors.

    Attributes:
        rarity: Inverse document frequency of each word: float64 [w].
        named: Those that are a name, have a digit, or are the title of a document and no common word.
        telling: Those that tell one row from another: a small number does not, it stands for anything.
        tokens: Token vectors: float32 [q, d].
        word_of: Word that each token is a part of, -1 for none: int [q].
    """

    def __init__(self, passages: Passages, text: str) -> None:
        forms = tuple(passages.telling(text))
        capitals = {fold(word) for word in _INSIDE.findall(text) if word[0].isupper()}
        self.rarity = np.array([passages.rarity(one) for one in forms], np.float64)
        self.named = word_set(
            one[0] in capitals or any(map(str.isdigit, one[0])) or passages.is_name(one[0]) for one in forms
        )
        self.telling = word_set(not (one[0].isdigit() and len(one[0]) <= SMALL) for one in forms)
        self.tokens, spans = passages.question_tokens(text)
        self.word_of = _word_of(text, spans, forms)
        self._forms_in = passages.forms_in
        self._words_of: dict[str, WordSet] = {}  # by form
        for at, one in enumerate(forms):
            for form in one:
                self._words_of[form] = self._words_of.get(form, 0) | 1 << at
        self._known: dict[str, WordSet] = {}  # by run of characters without white space
        self._shares: dict[WordSet, float] = {}

    def within(self, text: str) -> WordSet:
        """Return the words that a text has."""
        found = 0
        for run in text.split():
            known = self._known.get(run)
            if known is None:
                known = 0
                for form in self._forms_in(run):
                    known |= self._words_of.get(form, 0)
                self._known[run] = known
            found |= known
        return found

    def share(self, words: WordSet) -> float:
        """Return how much of what the question's words say these say, by their rarity: 0 to 1."""
        share = self._shares.get(words)
        if share is None:
            total = float(self.rarity.sum())
            share = self._shares[words] = float(self.rarity[self.flags(words)].sum()) / total if total > 0 else 0.0
        return share

    def flags(self, words: WordSet) -> npt.NDArray[np.bool_]:
        """Return which words are in a set: bool [w]."""
        return np.array([words >> at & 1 for at in range(len(self.rarity))], bool)

    def places(self, words: WordSet) -> frozenset[int]:
        """Return the places of the words of a set."""
        return frozenset(at for at in range(words.bit_length()) if words >> at & 1)


def word_set(flags: Iterable[bool]) -> WordSet:
    """Return the set of the words that have a flag."""
    return sum(1 << at for at, flag in enumerate(flags) if flag)


def _word_of(text: str, spans: npt.NDArray[np.int64], forms: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    """Return for each token, by its range in the question, the place of the telling word that it is a part of."""
    places = {one[0]: at for at, one in enumerate(forms)}
    found = np.full(len(spans), -1, np.int64)
    for match in _WORD.finditer(text):
        at = places.get(fold(match.group()), -1)
        found[(spans[:, 0] >= match.start()) & (spans[:, 1] <= match.end())] = at
    return found
