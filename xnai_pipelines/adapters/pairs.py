"""Training data of a sentence encoder: questions, the passages that answer them, and hard negatives."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question, a passage that answers it, and passages that only seem to.

    The texts have no encoder prefixes. `document_id` is the positive's document: passages of a document never count as
    wrong for its own questions.
    """

    question: str
    positive: str
    negatives: tuple[str, ...]
    document_id: str


def pairs_sha256(pairs: Sequence[TrainingPair]) -> str:
    """Return the hash of pairs in order, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for pair in pairs:
        row = [pair.question, pair.positive, list(pair.negatives), pair.document_id]
        digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


_NEAR_DUPLICATE = 0.95  # cosine to the answer: the same passage in other words
_TOO_NEAR = 0.95  # share of the answer's own cosine: nearer passages may be answers that nobody labelled


def hard_negatives(
    question: NDArray[np.float32],
    passages: NDArray[np.float32],
    answer: int,
    barred: NDArray[np.bool_],
    count: int,
    names: Sequence[str],
) -> list[int]:
    """Return the rows of up to `count` passages nearest to a question that are not its answer, nearest first.

    Near-duplicates of the answer are skipped. So are passages about as near to the question as the answer: they are
    often answers that nobody labelled (de Souza Moreira et al. 2024, "NV-Retriever", positive-aware mining with a share
    of the positive's score).

    Args:
        question: float32 [dimension], the question's vector, unit length.
        passages: float32 [passages, dimension], unit length.
        answer: Row of the answer.
        barred: bool [passages], passages that must not be negatives: other answers, passages of evaluation questions.
        count: Max number of negatives.
        names: Names of the passages, which break ties.
    """
    near = passages @ question
    allowed = ~barred & (passages @ passages[answer] < _NEAR_DUPLICATE)
    # a share of a score means nothing below zero
    if near[answer] > 0:
        allowed &= near < _TOO_NEAR * near[answer]
    allowed[answer] = False
    rows = np.flatnonzero(allowed)
    if 0 < count < len(rows):  # sort only those as near as the last one wanted, or nearer
        rows = rows[near[rows] >= np.partition(near[rows], -count)[-count]]
    return sorted(rows.tolist(), key=lambda row: (-float(near[row]), names[row]))[:count]
