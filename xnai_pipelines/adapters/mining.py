"""Hard negatives: passages that lie near a question and do not answer it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_NEAR_DUPLICATE = 0.95  # cosine to the answer: the same passage in other words
_TOO_NEAR = 0.95  # of the answer's own cosine: nearer ones may well be answers that nobody labelled


def hard_negatives(
    question: NDArray[np.float32],
    passages: NDArray[np.float32],
    answer: int,
    barred: NDArray[np.bool_],
    count: int,
    names: Sequence[str],
) -> list[int]:
    """Return the rows of at most `count` passages nearest to a question that are not its answer, nearest first.

    Left out are near-duplicates of the answer, and passages about as near to the question as the answer (de Souza
    Moreira et al. 2024, "NV-Retriever", positive-aware mining with a share of the positive's score): they are often
    answers that nobody labelled.

    Args:
        question: Its vector, unit length.
        passages: float32 [passages, dimension], unit length.
        answer: The answer's row.
        barred: bool [passages], those that must not be negatives: other answers, passages of evaluation questions.
        count: How many.
        names: Of the passages; decide among equally near ones.
    """
    near = passages @ question
    allowed = ~barred & (passages @ passages[answer] < _NEAR_DUPLICATE)
    # A share of a score means nothing below zero.
    if near[answer] > 0:
        allowed &= near < _TOO_NEAR * near[answer]
    allowed[answer] = False
    rows = np.flatnonzero(allowed)
    if 0 < count < len(rows):  # only those are sorted that are as near as the last one wanted, or nearer
        rows = rows[near[rows] >= np.partition(near[rows], -count)[-count]]
    return sorted(rows.tolist(), key=lambda row: (-float(near[row]), names[row]))[:count]
