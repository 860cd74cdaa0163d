"""Moments of the inputs of linear layers: they give the output error of any weight without running it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.model import Linear, put
from xnai_pipelines.models.quantization.rounding import Matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

Moment = NDArray[np.float64]

# Share of the way to the weights that give the full outputs, and what keeps the others small if inputs hardly vary, as
# a share of their mean square. The whole way gains as much on text like the calibration's and loses .04 elsewhere.
_SHARE = 0.5
_RIDGE = 0.1


@dataclass(slots=True, eq=False)
class Moments:
    """Means over tokens of a layer's inputs x in the quantized model and of f in the full one.

    Attributes:
        products: float64 [c, c]: x x^T.
        cross: float64 [c, c]: f x^T.
        mean: float64 [c]: x.
        full_mean: float64 [c]: f.
        magnitude: float64 [c]: |x|.
        tokens: Number of tokens.
        paired: Whether each token of one model is that of the other; false if experts choose their tokens.
    """

    products: Moment
    cross: Moment
    mean: Moment
    full_mean: Moment
    magnitude: Moment
    tokens: int = 0
    paired: bool = True

    @classmethod
    def zero(cls, width: int) -> "Moments":
        """Return the moments of no token."""
        square, row = (width, width), (width,)
        return cls(np.zeros(square), np.zeros(square), np.zeros(row), np.zeros(row), np.zeros(row))

    def add(self, rows: "torch.Tensor | None", full: "torch.Tensor | None") -> None:
        """Add the inputs of more tokens, float32 [tokens, c] each."""
        if rows is None or not len(rows):
            self.paired = self.paired and full is None
            return
        self.paired = self.paired and full is not None and full.shape == rows.shape
        total = self.tokens + len(rows)
        kept = self.tokens / total
        pair = full if self.paired and full is not None else rows
        for moment, summed in (
            (self.products, _products(rows, rows)),
            (self.cross, _products(pair, rows)),
            (self.mean, rows.sum(dim=0)),
            (self.full_mean, pair.sum(dim=0)),
            (self.magnitude, rows.abs().sum(dim=0)),
        ):
            moment *= kept
            moment += summed.numpy().astype(np.float64) / total
        self.tokens = total


@dataclass(frozen=True, slots=True, eq=False)
class LayerInputs:
    """The input of one or more linear layers; those with the same input share it.

    Attributes:
        linears: The layers.
        hessian: float64 [c, c]: 2/n X^T X over the n tokens of the calibration texts, without padding: the second
            derivative of the layers' mean squared output error (Frantar et al. 2022, section 3.1). If all layers have a
            bias, which absorbs the mean error, the mean is subtracted from X.
        magnitude: float64 [c]: mean |x| (Lin et al. 2023, section 3.2).
        tokens: n.
        moments: All moments gathered.
    """

    linears: tuple[Linear, ...]
    hessian: Moment
    magnitude: Moment
    tokens: int
    moments: Moments

    @classmethod
    def of(cls, linears: tuple[Linear, ...], moments: Moments) -> "LayerInputs":
        """Return the inputs of layers from their moments.

        Raises:
            QuantizationError: They have infinities or NaN.
        """
        if not np.isfinite(moments.products).all():
            raise QuantizationError(
                f"The input of {linears[0].name} on the calibration texts has infinities or NaN: the model overflows."
            )
        hessian = 2 * moments.products
        if all(linear.has_bias for linear in linears):
            hessian -= 2 * np.outer(moments.mean, moments.mean)
        return cls(linears, hessian, moments.magnitude, moments.tokens, moments)

    def targets(self, weights: "Sequence[Matrix]") -> list[Matrix]:
        """Return the weights to quantize, float32 [outputs, inputs], in place of the layers' own.

        W + a W (F X^T - X X^T) (X X^T + b I)^-1 with a = 0.5: half of the way from W to the least-squares weights that
        give W F, the full layer's output, on the quantized model's inputs X. Asymmetric calibration, as in GPTAQ
        (Li et al. 2025, arXiv:2504.02692), here in closed form before any rounding.
        """
        import torch

        if not self.moments.paired:
            return list(weights)
        moments = self.moments
        shift = 2 * (moments.cross - moments.products)
        if all(linear.has_bias for linear in self.linears):
            shift -= 2 * np.outer(moments.full_mean - moments.mean, moments.mean)
        ridge = _RIDGE * float(np.diagonal(self.hessian).mean()) or 1.0
        damped = torch.from_numpy(self.hessian + ridge * np.eye(len(shift)))
        moved = _SHARE * torch.cholesky_solve(torch.from_numpy(shift.T.copy()), torch.linalg.cholesky(damped)).numpy().T
        return [(weight + weight @ moved).astype(np.float32) for weight in weights]

    def correct_bias(self, linear: Linear, weight: Matrix) -> None:
        """Set a layer's bias, if it has one, so that its mean output equals that of its full weight on full inputs."""
        if not linear.has_bias:
            return
        full = self.moments.full_mean if self.moments.paired else self.moments.mean
        error = weight @ full - linear.matrix() @ self.moments.mean
        put(linear.module.bias, (linear.module.bias.numpy() + error).astype(np.float32))


def _products(left: "torch.Tensor", right: "torch.Tensor") -> "torch.Tensor":
    """Return left^T right, summed in float32."""
    import torch

    if not torch.cpu._is_avx512_bf16_supported():
        return left.T @ right
    # The layer itself reads bfloat16 (see `fast_forward`): products of such inputs are exact, and three times faster.
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        return left.T @ right
    finally:
        torch.set_float32_matmul_precision(before)
