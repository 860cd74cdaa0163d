"""The grids that GPTQ rounds to if codes have a fixed width."""

from dataclasses import dataclass, field

import numpy as np

from xnai_pipelines.encoders.stored.scheme import Granularity
from xnai_pipelines.encoders.stored.tensor import QuantizedTensor, spread
from xnai_pipelines.models.quantization.rounding import (
    Codes,
    Levels,
    Matrix,
    Rounded,
    fit_scales,
    nearest,
    round_to_nearest,
)


@dataclass(slots=True, eq=False)
class GroupGrid:
    """Scales of groups of columns, fitted to the current weights when the group's first column is rounded.

    Attributes:
        levels: Width and kind of the codes.
        refit_every: Columns per group.
        scales: float32 [r], one entry for each group so far.
        zeros: Zero points, one entry for each group so far.
    """

    levels: Levels
    refit_every: int
    scales: list[Matrix] = field(default_factory=list)
    zeros: list[Matrix] = field(default_factory=list)

    def fit(self, position: int, weights: Matrix) -> None:
        """Fit scales to the next group's weights."""
        scales, zeros = fit_scales(weights, self.levels)
        self.scales.append(scales)
        self.zeros.append(zeros)

    def round(self, position: int, column: int, weights: Matrix) -> tuple[Codes, Matrix]:
        """Return codes and restored weights of a column."""
        return _on_levels(weights, self.scales[-1], self.zeros[-1], self.levels)


@dataclass(slots=True, eq=False)
class FixedGrid:
    """Scales fitted beforehand, to the weights before any was rounded.

    Attributes:
        levels: Width and kind of the codes.
        scales: float32 [r], or [1] for the whole matrix.
        zeros: Zero points, of the scales' shape.
    """

    levels: Levels
    scales: Matrix
    zeros: Matrix
    refit_every: int = 0

    @classmethod
    def of(cls, rounded: QuantizedTensor, levels: Levels) -> "FixedGrid":
        """Return the grid of a matrix that was rounded to nearest with one scale per row, or one for the tensor."""
        if rounded.scales is None:
            raise ValueError(f"{rounded.name} has no scales.")
        scales = rounded.scales.astype(np.float32)[:, 0]
        zeros = 0 * scales if rounded.zero_points is None else rounded.zero_points.astype(np.float32)[:, 0]
        return cls(levels, scales, zeros)

    def fit(self, position: int, weights: Matrix) -> None:
        """Do nothing: the scales are given."""

    def round(self, position: int, column: int, weights: Matrix) -> tuple[Codes, Matrix]:
        """Return codes and restored weights of a column."""
        return _on_levels(weights, self.scales, self.zeros, self.levels)


@dataclass(slots=True, eq=False)
class RowGrid:
    """For a weight stored [inputs, outputs]: a column of the matrix is a stored row, with its own scales.

    Attributes:
        levels: Width and kind of the codes.
        group_size: Neighbours in a stored row that share a scale; None: the whole row.
        rows: Result of rounding, by stored row.
    """

    levels: Levels
    group_size: int | None
    rows: dict[int, Rounded] = field(default_factory=dict)
    refit_every: int = 0

    def fit(self, position: int, weights: Matrix) -> None:
        """Do nothing: the scales of a stored row are fitted when it is rounded."""

    def round(self, position: int, column: int, weights: Matrix) -> tuple[Codes, Matrix]:
        """Return codes and restored weights of a stored row."""
        granularity = Granularity.CHANNEL if self.group_size is None else Granularity.GROUP
        rounded = round_to_nearest(weights[None], self.levels, granularity, self.group_size)
        self.rows[column] = rounded
        count = len(weights)
        centred = rounded.codes.astype(np.float32)
        if rounded.zero_points is not None:
            centred -= spread(rounded.zero_points.astype(np.float32), count, self.group_size)
        restored: Matrix = centred * spread(rounded.scales.astype(np.float32), count, self.group_size)
        return rounded.codes[0], restored[0]

    def rounded(self) -> Rounded:
        """Return the stored rows, all rounded, in order."""
        rows = [self.rows[i] for i in range(len(self.rows))]
        zeros = [row.zero_points for row in rows if row.zero_points is not None]
        return Rounded(
            np.concatenate([row.codes for row in rows]),
            np.concatenate([row.scales for row in rows]),
            np.concatenate(zeros) if zeros else None,
        )


def _on_levels(weights: Matrix, scales: Matrix, zeros: Matrix, levels: Levels) -> tuple[Codes, Matrix]:
    codes = nearest(weights, scales, zeros, levels)
    restored: Matrix = (codes - zeros).astype(np.float32) * scales
    return codes, restored
