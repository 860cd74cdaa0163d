"""Retrieval metrics over many questions, with trec_eval's definitions."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

DEPTH = 100
METRICS = (
    "recall_at_1",
    "recall_at_5",
    "recall_at_10",
    "recall_at_100",
    "mrr_at_10",
    "ndcg_at_10",
    "map_at_100",
    "success_at_10",
)

Grades = Mapping[str, int]


def measure(rankings: Sequence[Sequence[str]], judgements: Sequence[Grades]) -> dict[str, NDArray[np.float64]]:
    """Return each of `METRICS` for n questions as a float64 array [n], with values from 0 to 1.

    Ranks beyond 100 are ignored. Recall, reciprocal rank, average precision and success count every grade of 1 or more
    the same. nDCG uses the grade as gain (linear gain), discounted by log2(rank + 1) (Järvelin and Kekäläinen,
    "Cumulated gain-based evaluation of IR techniques", TOIS 2002). Relevant ids that were not found count as missed. A
    ranking may be empty.

    Args:
        rankings: Ids found per question, best first.
        judgements: Grade by id per question. At least one is 1 or more.

    Raises:
        ValueError: A ranking has an id twice, a question has no relevant id, or the lengths differ.
    """
    gains = np.zeros((len(rankings), DEPTH))
    ideal = np.zeros((len(rankings), DEPTH))
    relevant = np.zeros(len(rankings))
    for row, (ranking, grades) in enumerate(zip(rankings, judgements, strict=True)):
        if len(set(ranking)) != len(ranking):
            raise ValueError(f"Ranking {row} has an id twice.")
        positive = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
        if not positive:
            raise ValueError(f"Question {row} has no relevant id.")
        found = [max(grades.get(name, 0), 0) for name in ranking[:DEPTH]]
        gains[row, : len(found)] = found
        ideal[row, : len(positive)] = positive[:DEPTH]
        relevant[row] = len(positive)
    return _measure(gains, ideal, relevant)


def _measure(
    gains: NDArray[np.float64], ideal: NDArray[np.float64], relevant: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    ranks = np.arange(1, DEPTH + 1)
    hits = gains > 0
    found = np.cumsum(hits, axis=1)  # [n, depth]: relevant ids up to each rank
    discount = 1 / np.log2(ranks[:10] + 1)
    values: dict[str, NDArray[np.float64]] = {f"recall_at_{k}": found[:, k - 1] / relevant for k in (1, 5, 10, 100)}
    values["mrr_at_10"] = (hits[:, :10] / ranks[:10]).max(axis=1)
    values["ndcg_at_10"] = np.divide(gains[:, :10] @ discount, ideal[:, :10] @ discount)
    values["map_at_100"] = (hits * found / ranks).sum(axis=1) / relevant
    values["success_at_10"] = np.any(hits[:, :10], axis=1).astype(np.float64)
    return values


def first_relevant_rank(ranking: Sequence[str], grades: Grades) -> int | None:
    """Return the rank of the first relevant id, from 1; None if none was found."""
    return next((rank for rank, name in enumerate(ranking, start=1) if grades.get(name, 0) > 0), None)


def best_first(names: Iterable[str]) -> list[str]:
    """Return the distinct names in order of first appearance, such as documents by their best chunk."""
    return list(dict.fromkeys(names))
