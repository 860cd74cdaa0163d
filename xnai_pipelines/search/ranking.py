"""Rankings: two parts on one scale, their weighted sum, and the first of each group. Pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SCALED_BY = 100  # best passages of a part whose mean and deviation are its scale

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in a ranking; a higher score is better.

    Attributes:
        chunk_id: The passage.
        document_id: Its document.
        score: What it is ranked by.
        row: Its place in the corpus.
        vector: Cosine similarity to the question, None if vectors were not compared.
        keyword: BM25 score, None if words were not compared.
    """

    chunk_id: str
    document_id: str
    score: float
    row: int
    vector: float | None = None
    keyword: float | None = None


def fused(vector: Scores, keyword: Scores, weight: float, readable: npt.NDArray[np.bool_] | None = None) -> Scores:
    """Return the weighted sum of both parts' standardised scores: float32 [n].

    Each part's scores are made comparable by the mean and the standard deviation of its best 100 passages (z-scores, as
    in Hsu and Taksa, "Comparing rank and score combination methods", 2005). Every passage has both scores: none is
    missing in a part. A part that does not distinguish its best passages takes no part.

    Args:
        vector: Cosine similarities: float32 [n].
        keyword: BM25 scores: float32 [n].
        weight: Share of the vectors, 0 to 1.
        readable: Which passages there are: bool [n].
    """
    return summed(standardised(vector, readable), standardised(keyword, readable), weight)


def summed(vector: Scores, keyword: Scores, weight: float) -> Scores:
    """Return the weighted sum of scores that are standardised already, for several weights of one question."""
    return np.float32(weight) * vector + np.float32(1 - weight) * keyword


def standardised(scores: Scores, readable: npt.NDArray[np.bool_] | None = None) -> Scores:
    """Return the scores relative to the mean and the deviation of the best 100 that are there; zeros if all equal."""
    there = scores if readable is None else scores[readable]
    if not len(there):
        return np.zeros_like(scores)
    best = np.partition(there, max(0, len(there) - SCALED_BY))[-SCALED_BY:].astype(np.float64)
    mean, deviation = float(best.mean()), float(best.std())
    if deviation < 1e-9:
        return np.zeros_like(scores)
    return ((scores - np.float32(mean)) / np.float32(deviation)).astype(np.float32)


def best_rows(scores: Scores, most: int) -> Rows:
    """Return the rows of the highest scores, best first, at most so many: int64 [m]; -inf is no score.

    Equal scores are ordered by row, so the order is the same in every run.
    """
    rows = np.flatnonzero(scores > -np.inf)
    if len(rows) > most:
        least = np.partition(scores[rows], len(rows) - most)[len(rows) - most]
        rows = rows[scores[rows] >= least]  # all that tie for the last place: their order decides
    order = np.argsort(-scores[rows], kind="stable")
    best: Rows = rows[order][:most].astype(np.int64)
    return best


def first_per_group(rows: Rows, groups: Sequence[Hashable]) -> Rows:
    """Return the rows of a ranking without those whose group has had one before: int64 [m]."""
    first: dict[Hashable, int] = {}
    for row, group in zip(rows.tolist(), groups, strict=True):
        first.setdefault(group, row)
    return np.array(list(first.values()), np.int64)
