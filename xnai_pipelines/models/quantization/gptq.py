"""GPTQ: round a column, then let the columns not yet rounded compensate its error.

Frantar, Ashkboos, Hoefler and Alistarh 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
Transformers" (arXiv:2210.17323).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.rounding import Codes, Matrix

_BLOCK = 128  # columns whose updates reach the rest of the matrix in one product (section 3.3, step 2)
# Of the mean diagonal (section 3.3, step 3). Compared with the paper's 0.01 it gains .003 of MiniLM's mean cosine at 2
# bits, and .016 on another domain than the calibration's.
_DAMPING = 0.1
_TRIES = 5  # each with ten times the damping


class Grid(Protocol):
    """A rule that rounds a column of weights.

    Attributes:
        refit_every: Number of columns after which `fit` is called again; 0: never. It divides 128.
    """

    refit_every: int

    def fit(self, position: int, weights: Matrix) -> None:
        """Choose scales for the next columns, from their weights as updated so far.

        Args:
            position: Number of columns already rounded.
            weights: float32 [r, up to refit_every], in the order in which they will be rounded.
        """

    def round(self, position: int, column: int, weights: Matrix) -> tuple[Codes, Matrix]:
        """Return the codes of one column, int32 [r], and the weights they represent, float32 [r].

        Args:
            position: Number of columns already rounded.
            column: Index of the column in the matrix.
            weights: float32 [r], as updated so far.
        """


@dataclass(frozen=True, slots=True, eq=False)
class InverseFactor:
    """What GPTQ needs of a layer's inputs; layers with the same input share it.

    Attributes:
        order: int32 [c]: the column that is rounded i-th is order[i].
        upper: float32 [c, c]: U of H^-1 = U^T U, with H's rows and columns in that order (section 3.3, step 3).
    """

    order: NDArray[np.int32]
    upper: Matrix


def invert(hessian: NDArray[np.float64], damping: float = _DAMPING) -> InverseFactor:
    """Return the upper Cholesky factor of the damped Hessian's inverse.

    Columns of the largest diagonal come first, while most others can still compensate their error.

    Args:
        hessian: [c, c], 2/n X^T X over the layer's inputs X [n, c]; inputs that are always zero are allowed.
        damping: Fraction of the mean diagonal; ten times more is tried if the matrix is not positive definite.

    Raises:
        QuantizationError: The Hessian has infinities or NaN, or cannot be inverted with any damping.
    """
    import torch  # its factorizations take a third of NumPy's time

    diagonal = np.diagonal(hessian)
    if not np.isfinite(hessian).all():
        raise QuantizationError("The activations of the calibration texts have infinities or NaN.")
    # a stable order: equal diagonals keep the matrix's order on every machine
    order = np.argsort(-diagonal, kind="stable")
    ordered = hessian[np.ix_(order, order)].astype(np.float64)
    mean = float(diagonal.mean()) or 1.0
    for attempt in range(_TRIES):
        added = damping * 10**attempt
        damped = ordered.copy()
        damped[np.diag_indices_from(damped)] += added * mean
        # of H^-1 = U^T U, U is the inverse of H's factor taken from the last column backwards
        lower, failed = torch.linalg.cholesky_ex(torch.from_numpy(np.ascontiguousarray(damped[::-1, ::-1])))
        if int(failed):
            continue
        identity = torch.eye(len(lower), dtype=torch.float64)
        upper = torch.linalg.solve_triangular(lower, identity, upper=False).numpy()[::-1, ::-1]
        if np.isfinite(upper).all():
            return InverseFactor(order.astype(np.int32), np.ascontiguousarray(upper, dtype=np.float32))
    raise QuantizationError(f"A layer's Hessian is not positive definite with {added:g} times its diagonal added.")


def gptq(weight: Matrix, inverse: InverseFactor, grid: Grid) -> tuple[Codes, Matrix]:
    """Return codes int32 [r, c] and the weights they represent, float32 [r, c], in the matrix's column order.

    Algorithm 1: each column is rounded, its error divided by the factor's diagonal (equation 3, without the search for
    the best next weight, section 3.3, step 1) and subtracted from the columns that follow.

    Args:
        weight: float32 [r, c].
        inverse: Result of `invert` for the layer's Hessian [c, c].
        grid: Rounds the columns; keeps the scales it chose.
    """
    order, upper = inverse.order, inverse.upper
    columns = weight.shape[1]
    # columns as rows: each step reads and writes a column, which is then contiguous
    left = np.ascontiguousarray(weight[:, order].T, dtype=np.float32)
    codes = np.empty(left.shape, np.int32)
    restored = np.empty_like(left)
    for start in range(0, columns, _BLOCK):
        stop = min(start + _BLOCK, columns)
        block = left[start:stop]
        errors = np.empty_like(block)
        for offset in range(stop - start):
            position = start + offset
            if grid.refit_every and position % grid.refit_every == 0:
                grid.fit(position, block[offset : offset + grid.refit_every].T)
            codes[position], restored[position] = grid.round(position, int(order[position]), block[offset])
            error = (block[offset] - restored[position]) / upper[position, position]
            block[offset + 1 :] -= upper[position, position + 1 : stop, None] * error
            errors[offset] = error
        left[stop:] -= upper[start:stop, stop:].T @ errors
    back = np.empty_like(order)
    back[order] = np.arange(columns, dtype=order.dtype)
    return np.ascontiguousarray(codes[back].T), np.ascontiguousarray(restored[back].T)


def output_error(weight: Matrix, restored: Matrix, hessian: NDArray[np.float64]) -> float:
    """Return tr((W - Q) H (W - Q)^T), twice the layer's mean squared output error (equation 1 with H = 2/n X^T X)."""
    difference = (weight - restored).astype(np.float64)
    return float(np.einsum("ij,ij->", difference @ hessian, difference))
