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


class HardNegatives:
    """The passages nearest to questions that are not their answers, of passages seen in batches.

    Near-duplicates of the answer are skipped. So are passages about as near to the question as the answer: they are
    often answers that nobody labelled (de Souza Moreira et al. 2024, "NV-Retriever", positive-aware mining with a share
    of the positive's score).
    """

    def __init__(self, questions: NDArray[np.float32], answers: NDArray[np.float32], count: int) -> None:
        """Begin with none.

        Args:
            questions: float32 [questions, dimension], unit length.
            answers: float32 [questions, dimension], their answers, unit length.
            count: Max number of negatives of each question, at least 1.
        """
        self._questions, self._answers, self._count = questions, answers, count
        nearest = np.einsum("qd,qd->q", questions, answers)
        # a share of a score means nothing below zero
        self._too_near = np.where(nearest > 0, _TOO_NEAR * nearest, np.inf).astype(np.float32)
        self._found: list[list[tuple[float, str]]] = [[] for _ in questions]
        self._last = np.full(len(questions), -np.inf, np.float32)  # as near as the last one wanted

    def see(self, names: Sequence[str], passages: NDArray[np.float32], allowed: NDArray[np.bool_]) -> None:
        """Take what is nearest among further passages.

        Args:
            names: Names of the passages, which break ties.
            passages: float32 [passages, dimension], unit length.
            allowed: bool [passages, questions], which passages may be negatives of which questions.
        """
        near = passages @ self._questions.T
        allowed = allowed & (near < self._too_near) & (near >= self._last)
        allowed &= passages @ self._answers.T < _NEAR_DUPLICATE
        near[~allowed] = -np.inf
        if self._count < len(near):
            np.maximum(self._last, np.partition(near, -self._count, axis=0)[-self._count], out=self._last)
        for row, question in np.argwhere(allowed & (near >= self._last)).tolist():
            self._found[question].append((-float(near[row, question]), names[row]))
        for question, found in enumerate(self._found):
            if len(found) >= self._count:
                found.sort()
                del found[self._count :]
                self._last[question] = -found[-1][0]

    def found(self) -> list[list[str]]:
        """Return the names of each question's hard negatives, nearest first."""
        return [[name for _, name in sorted(found)] for found in self._found]
