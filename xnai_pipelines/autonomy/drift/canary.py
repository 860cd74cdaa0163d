"""The canary: a few fixed passages and questions whose vectors only a change of the encoder can change."""

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
    """What an encoder makes of the canary.

    Attributes:
        passages: Vectors of the passages, float32 [passages, dimension].
        questions: Vectors of the questions, float32 [passages, dimension]; a question's answer has its row.
        exact: Whether the encoder computes in full precision. The vectors of others vary between processors.
        texts: Hash of the canary's texts; vectors of other texts cannot be compared.
    """

    passages: Vector
    questions: Vector
    exact: bool
    texts: str

    @property
    def accuracy(self) -> float:
        """Share of the questions whose answer is nearer than every other passage."""
        return float(np.mean(self._leads() > 0))

    @property
    def margin(self) -> float:
        """Mean lead of the answer's cosine over the nearest other passage's; negative where the wrong one is found."""
        return float(np.mean(self._leads()))

    def cosines(self, other: "CanaryResult") -> NDArray[np.float64]:
        """Return the cosine of each vector, passages first, to that of the other result; 0 for a broken vector."""
        mine, theirs = (unit(np.concatenate([one.passages, one.questions])) for one in (self, other))
        cosines: NDArray[np.float64] = np.einsum("nd,nd->n", mine, theirs)
        return cosines

    def _leads(self) -> NDArray[np.float64]:
        scores = unit(self.questions) @ unit(self.passages).T
        answers = scores.diagonal().copy()
        np.fill_diagonal(scores, -np.inf)
        leads: NDArray[np.float64] = answers - scores.max(axis=1)
        return leads


def canary_vectors(
    encode_passages: Callable[[Sequence[str]], Vector], encode_query: Callable[[str], Vector], exact: bool
) -> CanaryResult:
    """Return what an encoder makes of the canary (48 short texts, 0.3 s for MiniLM).

    Args:
        encode_passages: Gives vectors of passages, float32 [texts, dimension].
        encode_query: Gives the vector of a question, float32 [dimension].
        exact: Whether the encoder computes in full precision, as fp32 does.
    """
    lines, texts = _read()
    return CanaryResult(
        passages=np.asarray(encode_passages([passage for passage, _ in lines]), dtype=np.float32),
        questions=np.asarray([encode_query(question) for _, question in lines], dtype=np.float32),
        exact=exact,
        texts=texts,
    )


def unit(vectors: Vector) -> NDArray[np.float64]:
    """Return vectors at unit length, float64; zeros for those that hold no numbers."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    sound = np.isfinite(lengths) & (lengths > 0)
    unit: NDArray[np.float64] = np.where(sound, wide / np.where(sound, lengths, 1), 0)
    return unit


def _read() -> tuple[list[tuple[str, str]], str]:
    """Return passage and question of each line, and the hash of all."""
    content = resources.files("xnai_pipelines.autonomy.drift").joinpath("canary.jsonl").read_bytes()
    rows = [json.loads(line) for line in content.splitlines()]
    return [(row["passage"], row["question"]) for row in rows], hashlib.sha256(content).hexdigest()[:16]
