"""A sparse matrix by rows: the two products that a walk takes, without a library that the service leaves out. Pure."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from xnai_pipelines.graph.arrays import Floats, Ints, sum_by


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """n rows and m columns; what is not listed is 0.

    Attributes:
        starts: Where each row begins among the values, and the end: int64 [n + 1].
        columns: Column of each value, int64; within a row they ascend.
        values: The values, float64.
        width: m.
    """

    starts: Ints
    columns: Ints
    values: Floats
    width: int

    @classmethod
    def of(cls, row: Ints, column: Ints, values: Floats, shape: tuple[int, int]) -> Self:
        """Return the matrix of values whose rows, and columns within a row, ascend."""
        return cls(np.searchsorted(row, np.arange(shape[0] + 1)), column, values, shape[1])

    @property
    def rows(self) -> Ints:
        """Row of each value, int64."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def transposed(self) -> Self:
        """Return the same the other way round."""
        order = np.argsort(self.columns, kind="stable")
        shape = (self.width, len(self.starts) - 1)
        return self.of(self.columns[order], self.rows[order], self.values[order], shape)

    def sums(self) -> Floats:
        """Return the sum of each row."""
        return sum_by(self.rows, self.values, len(self.starts) - 1)

    def row(self, row: int) -> tuple[Ints, Floats]:
        """Return the columns and the values of a row."""
        begin, end = self.starts[row : row + 2]
        return self.columns[begin:end], self.values[begin:end]

    def arrived(self, rows: Ints, leaving: Floats) -> Floats:
        """Return what arrives at each column if so much leaves each of these rows: float64 [m]."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(lengths)
        at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[rows] - (ends - lengths), lengths)
        return sum_by(self.columns[at], self.values[at] * np.repeat(leaving, lengths), self.width)
