"""Vectors in one bit per dimension: which of millions of passages are worth comparing. Pure.

The bits are the signs after a random rotation, as in RaBitQ (Gao and Long, 2024), of the vectors less their mean. The
fewer bits of two vectors differ, the smaller is the angle between them. 48 bytes are read per vector of 384 numbers.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.token_codes import rotation
from xnai_pipelines.search.ranking import Rows

_ROUNDED = 256  # steps in 1 of the mean: rounding moves a vector of 384 numbers by .02
_WHOLE = 2**24  # what 1 counts in sums

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """The bits of n vectors of d numbers.

    Attributes:
        values: Eight bits in a byte: uint8 [n, ceil(d / 8)].
        mean: Mean of the vectors: float32 [d].
    """

    values: npt.NDArray[np.uint8]
    mean: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return the bits of vectors, float32 [n, d]."""
        mean = rounded_mean(summed(vectors), len(vectors))
        return cls(bits_of(vectors, mean), mean)

    def nearest(self, vector: Vectors, most: int) -> Rows:
        """Return the rows whose bits differ least from the vector's, ascending: int64 [m].

        They are `most`, and all that tie with the last of them.
        """
        # imported here: a reader of the module, such as the pipeline's definitions, need not load it
        import simsimd

        differing = np.asarray(simsimd.cdist(bits_of(vector[None], self.mean), self.values, "hamming", dtype="bin8"))[0]
        differing = differing.astype(np.int16)
        within = np.cumsum(np.bincount(differing))
        limit = int(np.searchsorted(within, min(most, len(differing))))
        return np.flatnonzero(differing <= limit)


def summed(vectors: Vectors) -> npt.NDArray[np.int64]:
    """Return the sum of vectors in whole numbers, which is the same in any order and after any edits: int64 [d]."""
    total: npt.NDArray[np.int64] = np.rint(vectors * np.float32(_WHOLE)).astype(np.int64).sum(axis=0)
    return total


def rounded_mean(total: npt.NDArray[np.int64], number: int) -> Vectors:
    """Return the mean of so many vectors with this sum, float32 [d], rounded: few changes of the vectors change it."""
    mean: Vectors = (np.rint(total / (_WHOLE * max(1, number)) * _ROUNDED) / _ROUNDED).astype(np.float32)
    return mean


def bits_of(vectors: Vectors, mean: Vectors) -> npt.NDArray[np.uint8]:
    """Return the bits of vectors, whatever vectors they are among: uint8 [n, ceil(d / 8)]."""
    # in float64, where no rounding that depends on the number of rows changes a sign
    rotated = (vectors - mean).astype(np.float64) @ rotation(len(mean)).astype(np.float64)
    return np.packbits(rotated > 0, axis=1)


def bytes_of(dimension: int) -> int:
    """Return the number of bytes of a vector's bits."""
    return (dimension + 7) // 8
