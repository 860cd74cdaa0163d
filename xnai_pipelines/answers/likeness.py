"""How alike a question's tokens are to those of parts of a passage: MaxSim over ranges of its characters. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.token_codes import TokenCodes

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """The similarities of a question's tokens to those of passages, in the order of the text.

    Attributes:
        middles: Twice the middle of each of the t tokens in the document, ascending: int64 [t].
        similarities: float32 [q, t].
    """

    middles: npt.NDArray[np.int64]
    similarities: Scores

    @classmethod
    def of(cls, question: Scores, codes: Sequence[TokenCodes]) -> Self:
        """Return the similarities of a question's token vectors, float32 [q, d], to the tokens of passages."""
        middles = np.concatenate([one.spans for one in codes]).sum(axis=1, dtype=np.int64)
        similarities = np.concatenate([one.similarities(question) for one in codes], axis=1)
        order = np.argsort(middles, kind="stable")  # passages may overlap
        return cls(middles[order], similarities[:, order])

    def best(self) -> Scores:
        """Return the best similarity of each question token, 0 if there is nothing to compare with: float32 [q]."""
        return self.similarities.max(axis=1) if self.similarities.size else np.zeros(1, np.float32)

    def best_within(self, parts: Sequence[Sequence[tuple[int, int]]]) -> tuple[Scores, npt.NDArray[np.bool_]]:
        """Return the best similarity of each question token to a token of each part, and whether a part has one.

        Args:
            parts: n parts, each as ranges of characters in the document.

        Returns:
            float32 [n, q], 0 for a part without tokens, and bool [n]; q is 1 if there is nothing to compare with.
        """
        compared = np.zeros(len(parts), bool)
        if not self.similarities.size or not parts:
            return np.zeros((len(parts), 1), np.float32), compared
        edges = 2 * np.array([edges for ranges in parts for edges in ranges], np.int64)
        part_of = np.repeat(np.arange(len(parts)), [len(ranges) for ranges in parts])
        first = self.middles.searchsorted(edges[:, 0], "left")
        last = self.middles.searchsorted(edges[:, 1], "right")
        some = first < last
        first, last, part_of = first[some], last[some], part_of[some]
        best = np.zeros((len(parts), len(self.similarities)), np.float32)
        if len(first):
            # every other reduced range is between two of ours; the last one ends where the added column begins
            until = np.concatenate([self.similarities, self.similarities[:, :1]], axis=1)
            within = np.maximum.reduceat(until, np.column_stack([first, last]).ravel(), axis=1)[:, ::2].T
            begins = np.flatnonzero(np.diff(part_of, prepend=-1))
            best[part_of[begins]] = np.maximum.reduceat(within, begins, axis=0)
            compared[part_of[begins]] = True
        return best, compared
