"""Which languages of a corpus a question is in: its words say nothing of passages in the others. Pure.

The language of a question is too short to be detected, and the passages tell it: those in its language have its words,
"how" and "the" among them, about as often as each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MIN_PASSAGES = 20  # of a language that is told apart: fewer are often wrongly detected
TELLING = 10  # best passages by words, whose languages are the question's

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Languages:
    """The l languages that at least 20 passages of a corpus are in.

    Attributes:
        names: ISO 639-1 codes.
        places: Place of each passage's language among them, l for any other passage: int64 [n].
        passages: Number of passages in each: int64 [l].
    """

    names: tuple[str, ...]
    places: Rows
    passages: Rows

    @classmethod
    def among(cls, languages: pa.ChunkedArray, readable: npt.NDArray[np.bool_] | None = None) -> Self:
        """Return the languages of passages, strings [n]; with `readable`, bool [n], of those alone."""
        encoded = languages.combine_chunks().dictionary_encode()
        known = len(encoded.dictionary)
        codes = encoded.indices.fill_null(known).to_numpy().astype(np.int64)
        if readable is not None:
            codes = np.where(readable, codes, known)
        counts = np.bincount(codes, minlength=known + 1)[:known]
        kept = np.flatnonzero(counts >= MIN_PASSAGES)
        places = np.full(known + 1, len(kept))
        places[kept] = np.arange(len(kept))
        return cls(tuple(encoded.dictionary.take(kept).to_pylist()), places[codes], counts[kept])

    def of(self, name: str) -> Rows:
        """Return the passages in one of the languages: int64 [m]."""
        return np.flatnonzero(self.places == self.names.index(name))

    def spoken(self, words: Iterable[npt.NDArray[np.int32]], best: Rows) -> Mapping[str, float]:
        """Return which share of a question's words each language has, 0 to 1; 1 for the question's own.

        A word counts as far as passages of the language have it as often as those of the question's, and as it is
        likely that one of so many would have it. A language in which no word is likely has them all.

        Args:
            words: The passages that have each word of the question.
            best: The best passages by words: most of them are in the question's language.
        """
        own = np.bincount(self.places[best], minlength=len(self.names) + 1)[: len(self.names)]
        if not own.any():
            return dict.fromkeys(self.names, 1.0)
        found = np.array([np.bincount(self.places[rows], minlength=len(self.names) + 1) for rows in words])
        counts = found.reshape(-1, len(self.names) + 1)[:, :-1]
        question = int(own.argmax())
        expected = counts[:, [question]] * (self.passages / self.passages[question])
        likely = -np.expm1(-expected)
        as_often = np.divide(counts, expected, out=np.zeros_like(expected), where=expected > 0)
        there = likely * np.minimum(1.0, as_often)
        total = likely.sum(axis=0)
        shares = np.where(total >= 1, there.sum(axis=0) / np.maximum(total, 1), 1.0)
        return dict(zip(self.names, shares.tolist(), strict=True))
