"""The canary: fixed passages and questions whose vectors change only if the encoder changes."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CanaryResult:
    """The vectors that an encoder gives for the canary.

    Attributes:
        passages: Vectors of the passages, float32 [passages, dimension].
        questions: Vectors of the questions, float32 [passages, dimension]. Row i is answered by passage i.
        exact: Whether the encoder computes in full precision. Other encoders' vectors vary between processors.
        texts: Hash of the canary's texts. Vectors of other texts cannot be compared.
    """

    passages: Vector
    questions: Vector
    exact: bool
    texts: str

    @property
    def accuracy(self) -> float:
        """Share of the questions whose answer is nearer than every other passage."""
        scores = unit(self.questions) @ unit(self.passages).T
        answers = scores.diagonal().copy()
        np.fill_diagonal(scores, -np.inf)
        return float(np.mean(answers > scores.max(axis=1)))

    def cosines(self, other: "CanaryResult") -> NDArray[np.float64]:
        """Return the cosine of each vector to the other result's, passages first; 0 for a broken vector."""
        mine, theirs = (unit(np.concatenate([one.passages, one.questions])) for one in (self, other))
        cosines: NDArray[np.float64] = np.einsum("nd,nd->n", mine, theirs)
        return cosines


def canary_vectors(
    encode_passages: Callable[[Sequence[str]], Vector], encode_query: Callable[[str], Vector], exact: bool
) -> CanaryResult:
    """Return the encoder's vectors of the canary (48 short texts, 0.3 s for MiniLM).

    Args:
        encode_passages: Function that returns the vectors of passages, float32 [texts, dimension].
        encode_query: Function that returns the vector of a question, float32 [dimension].
        exact: Whether the encoder computes in full precision (fp32).
    """
    lines, texts = _read()
    return CanaryResult(
        passages=np.asarray(encode_passages([passage for passage, _ in lines]), dtype=np.float32),
        questions=np.asarray([encode_query(question) for _, question in lines], dtype=np.float32),
        exact=exact,
        texts=texts,
    )


def unit(vectors: Vector) -> NDArray[np.float64]:
    """Return vectors at unit length, float64; zeros for vectors that are zero or not finite."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    sound = np.isfinite(lengths) & (lengths > 0)
    unit: NDArray[np.float64] = np.where(sound, wide / np.where(sound, lengths, 1), 0)
    return unit


def _read() -> tuple[list[tuple[str, str]], str]:
    """Return the passage and question of each line, and the hash of the file."""
    content = resources.files("xnai_pipelines.autonomy.drift").joinpath("canary.jsonl").read_bytes()
    rows = [json.loads(line) for line in content.splitlines()]
    return [(row["passage"], row["question"]) for row in rows], hashlib.sha256(content).hexdigest()[:16]
