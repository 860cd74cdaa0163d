"""Vectors in 8 bits, for a first look at all of them: a quarter of the memory to read, and a known largest error. Pure.

Each row has its own step (scalar quantization, symmetric). By the triangle inequality and Cauchy-Schwarz a similarity
of codes differs from the exact one by at most |v - v'| |q| + |v'| |q - q'|, with v', q' the rounded vectors.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from xnai_pipelines.search.places import Places, gathered, joined

LEVELS = 127
_ROUNDING = 1e-5  # of sums in float32, far above what they lose

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """The codes of n unit vectors of d numbers.

    Attributes:
        values: -127 to 127, int8 [rows, d] of each piece.
        places: Where each vector is in the pieces.
        steps: What a code of each row counts: float32 [n].
        error: Max distance of a rounded vector from its vector.
    """

    values: tuple[npt.NDArray[np.int8], ...]
    places: Places
    steps: Vectors
    error: float

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return the codes of unit vectors, float32 [n, d]."""
        values, steps, errors = coded(vectors)
        return cls((values,), Places.same(len(values)), steps, float(errors.max(initial=0.0)))

    def similarities(self, vector: Vectors, rows: npt.NDArray[np.int64] | None = None) -> tuple[Vectors, float]:
        """Return the similarity of vectors to a unit vector, float32 [n], and how far it may be off.

        Args:
            vector: float32 [d].
            rows: Rows of the vectors: int64 [n]; None for all.
        """
        # imported here: a reader of the module, such as the pipeline's definitions, need not load it
        import simsimd

        steps = self.steps if rows is None else self.steps[rows]
        if not len(steps):
            return np.empty(0, np.float32), 0.0
        codes, step = _rounded(vector[None])

        def sums_of(values: npt.NDArray[np.int8]) -> Vectors:
            # whole numbers below 2^24 are exact in float32: vectors of up to 1,040 numbers
            sums: Vectors = np.asarray(simsimd.cdist(codes, values, "dot", out_dtype="f32"))[0]
            return sums

        if rows is None:
            sums = self.places.by_row(joined([sums_of(values) for values in self.values]))
        else:
            sums = sums_of(gathered(self.values, self.places.of_rows[rows]))
        off = self.error + (1 + self.error) * float(_distances(vector[None], codes, step)[0])
        return sums * (steps * step), off + _ROUNDING


def coded(vectors: Vectors) -> tuple[npt.NDArray[np.int8], Vectors, Vectors]:
    """Return the codes of vectors, int8 [n, d], their steps, and how far they are from the vectors: float32 [n]."""
    values, steps = _rounded(vectors)
    return values, steps, _distances(vectors, values, steps)


def _rounded(vectors: Vectors) -> tuple[npt.NDArray[np.int8], Vectors]:
    steps = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny) / np.float32(LEVELS)
    return np.rint(vectors / steps[:, None]).astype(np.int8), steps


def _distances(vectors: Vectors, codes: npt.NDArray[np.int8], steps: Vectors) -> Vectors:
    distances: Vectors = np.linalg.norm(vectors - codes * steps[:, None], axis=1)
    return distances
