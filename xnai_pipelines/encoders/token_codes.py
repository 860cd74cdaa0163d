"""Token vectors of a passage in one bit per dimension, for late interaction (MaxSim) with a question's. Pure.

MaxSim is ColBERT's (Khattab and Zaharia, 2020); the bits are the signs after a random rotation, with the estimator of
RaBitQ (Gao and Long, 2024) for rotated unit vectors, whose mean absolute coordinate is sqrt(2 / pi / d).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

SPACE_SUFFIX = "/tokens1"  # after the vector space, in the cache; another number when the same tokens give other bytes

_HEADER = struct.Struct("<II")  # tokens, dimension

Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class TokenCodes:
    """The tokens of a passage.

    Attributes:
        spans: First character of each token in the passage and the one after it: uint32 [t, 2].
        bits: Signs of the rotated vectors, eight in a byte: uint8 [t, ceil(d / 8)].
        dimension: d.
    """

    spans: Places
    bits: npt.NDArray[np.uint8]
    dimension: int

    @classmethod
    def of(cls, vectors: Vectors, spans: Sequence[tuple[int, int]]) -> Self:
        """Return the codes of token vectors, float32 [t, d]; tokens without characters are special and left out."""
        places = np.array(spans, np.uint32).reshape(-1, 2)
        kept = places[:, 0] < places[:, 1]
        rotated = vectors[kept] @ rotation(vectors.shape[1])
        return cls(places[kept], np.packbits(rotated > 0, axis=1), vectors.shape[1])

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Return the codes that `write` wrote."""
        tokens, dimension = _HEADER.unpack_from(content)
        spans = np.frombuffer(content, np.uint32, 2 * tokens, _HEADER.size).reshape(tokens, 2)
        bits = np.frombuffer(content, np.uint8, offset=_HEADER.size + spans.nbytes)
        return cls(spans, bits.reshape(tokens, (dimension + 7) // 8), dimension)

    def write(self) -> bytes:
        """Return the codes as bytes."""
        return _HEADER.pack(len(self.spans), self.dimension) + self.spans.tobytes() + self.bits.tobytes()

    def similarities(self, rotated: Vectors) -> Vectors:
        """Return the cosine similarity of each question token to each of these, estimated: float32 [q, t].

        Args:
            rotated: Vectors of the question's tokens, of unit length, by `rotated_query`: float32 [q, d].
        """
        ones = np.unpackbits(self.bits, axis=1, count=self.dimension).astype(np.float32)
        scale = np.float32(1 / np.sqrt(2 / np.pi * self.dimension))
        products: Vectors = (2 * (rotated @ ones.T) - rotated.sum(axis=1, keepdims=True)) * scale
        return products


def late_interaction(rotated: Vectors, passages: Sequence[TokenCodes]) -> Vectors:
    """Return the MaxSim of a question to each passage: float32 [n].

    It is the mean over the question's tokens of the best similarity to a token of the passage; 0 without tokens.

    Args:
        rotated: Vectors of the question's tokens by `rotated_query`: float32 [q, d].
        passages: n passages.
    """
    scores = np.zeros(len(passages), np.float32)
    for place, one in enumerate(passages):
        if len(rotated) and len(one.bits):
            scores[place] = one.similarities(rotated).max(axis=1).mean()
    return scores


@cache
def rotation(dimension: int) -> Vectors:
    """Return the rotation of this dimension: float32 [d, d], always the same."""
    gaussian = np.random.default_rng(0).standard_normal((dimension, dimension))
    return np.linalg.qr(gaussian)[0].astype(np.float32)


def rotated_query(vectors: Vectors, spans: Sequence[tuple[int, int]]) -> Vectors:
    """Return the rotated vectors of a question's tokens, float32 [q, d], without special ones."""
    kept = [start < end for start, end in spans]
    rotated: Vectors = vectors[kept] @ rotation(vectors.shape[1])
    return rotated
