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

_BLOCK = 4_096  # rows: bounds the memory that making the bits takes

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
    def of(cls, vectors: Vectors, values: npt.NDArray[np.uint8] | None = None) -> Self:
        """Return the bits of vectors, float32 [n, d]; in a given array, such as that of a file."""
        blocks = [slice(begin, begin + _BLOCK) for begin in range(0, len(vectors), _BLOCK)]
        sums = (vectors[rows].sum(axis=0, dtype=np.float64) for rows in blocks)
        mean = (sum(sums, np.zeros(vectors.shape[1])) / max(1, len(vectors))).astype(np.float32)
        made = cls(np.empty((len(vectors), bytes_of(vectors.shape[1])), np.uint8) if values is None else values, mean)
        for rows in blocks:
            made.values[rows] = made._bits(vectors[rows])
        return made

    def nearest(self, vector: Vectors, most: int) -> Rows:
        """Return the rows whose bits differ least from the vector's, ascending: int64 [m].

        They are `most`, and all that tie with the last of them.
        """
        # imported here: a reader of the module, such as the pipeline's definitions, need not load it
        import simsimd

        differing = np.asarray(simsimd.cdist(self._bits(vector[None]), self.values, "hamming", dtype="bin8"))[0]
        differing = differing.astype(np.int16)
        within = np.cumsum(np.bincount(differing))
        limit = int(np.searchsorted(within, min(most, len(differing))))
        return np.flatnonzero(differing <= limit)

    def _bits(self, vectors: Vectors) -> npt.NDArray[np.uint8]:
        return np.packbits((vectors - self.mean) @ rotation(len(self.mean)) > 0, axis=1)


def bytes_of(dimension: int) -> int:
    """Return the number of bytes of a vector's bits."""
    return (dimension + 7) // 8
