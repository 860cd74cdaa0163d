"""A tensor as stored, and the quantized model that such tensors form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.scheme import Method, Scheme

Weights = NDArray[np.float32]
Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantizedTensor:
    """One tensor of a model, with r rows, c columns, and g groups per row.

    Attributes:
        name: Name of the parameter in the model's state dict.
        shape: Shape of the tensor; `codes` has the first dimension as rows and all others flattened as columns.
        dtype: Original type, such as "float32".
        method: How it is stored; float16 if it is not quantized.
        bits: Width of a code, None if codes have no fixed width (rate) or there are none (float16).
        group_size: Columns that share a scale; None if a row or the tensor has one scale.
        symmetric: Whether there are no zero points: a code of 0 is a weight of 0.
        codes: int32 [r, c]; 0 to 2**bits - 1 with zero points, -(2**(bits-1)) to 2**(bits-1) - 1 when symmetric,
            any integer for rate. In stored order: see `permutation`.
        scales: float16 or float32 [r, g], or [1, 1] for one of the whole tensor.
        zero_points: uint8 [r, g] or [1, 1]; None when symmetric.
        permutation: int32 [c]: stored column i is the matrix's column permutation[i]. Groups follow stored order.
        column_scales: float32 [c], in the matrix's order: the weights were multiplied by it before quantization and
            are divided by it when restored (activation-aware scaling).
        column_offsets: float32 [c], in the matrix's order: subtracted before, added when restored.
        values: float16 or float32 of `shape`, for a tensor without codes.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    method: Method
    bits: int | None = None
    group_size: int | None = None
    symmetric: bool = False
    codes: Codes | None = None
    scales: NDArray[np.float16] | NDArray[np.float32] | None = None
    zero_points: NDArray[np.uint8] | None = None
    permutation: NDArray[np.int32] | None = None
    column_scales: Weights | None = None
    column_offsets: Weights | None = None
    values: NDArray[np.float16] | NDArray[np.float32] | None = None

    def restored(self) -> Weights:
        """Return the weights of the codes: float32 of `shape`, the same bits on every machine."""
        if self.values is not None:
            return self.values.astype(np.float32).reshape(self.shape)
        if self.codes is None or self.scales is None:
            raise ValueError(f"{self.name} has neither values nor codes with scales.")
        columns = self.codes.shape[1]
        codes = self.codes.astype(np.float32)
        if self.zero_points is not None:
            codes -= spread(self.zero_points.astype(np.float32), columns, self.group_size)
        weights: Weights = codes * spread(self.scales.astype(np.float32), columns, self.group_size)
        if self.permutation is not None:
            ordered = np.empty_like(weights)
            ordered[:, self.permutation] = weights
            weights = ordered
        if self.column_scales is not None:
            weights /= self.column_scales
        if self.column_offsets is not None:
            weights += self.column_offsets
        return weights.reshape(self.shape)


def spread(values: Weights, columns: int, group_size: int | None) -> Weights:
    """Return values per group, float32 [r, g], as values per column: [r, columns], or unchanged if g is 1."""
    if group_size is None:
        return values
    return np.repeat(values, group_size, axis=1)[:, :columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How a quantization went.

    Attributes:
        seconds: Wall time in seconds.
        layers: Number of linear layers and embedding tables with codes.
        better_than_rounding: Number of linear layers whose error on calibration texts, tr((W - Q) H (W - Q)^T), is
            below that of round-to-nearest, so that they kept the method's codes; None for methods without calibration.
        notes: Notes for the user, one sentence each.
    """

    seconds: float
    layers: int
    better_than_rounding: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantizedModel:
    """A model of few bits.

    Attributes:
        tensors: Every shipped tensor of the state dict, in order; an encoder's unused pooler and the second name of a
            tied weight are left out.
        scheme: Scheme of the quantization.
        base_sha256: SHA-256 of the full model's model.safetensors, or of its shards' hashes if there are several.
        calibration_sha256: SHA-256 of the calibration texts; None if the method needs none.
        statistics: Statistics of the quantization.
        libraries: Versions of the libraries used, by name.
    """

    tensors: tuple[QuantizedTensor, ...]
    scheme: Scheme
    base_sha256: str
    calibration_sha256: str | None
    statistics: Statistics
    libraries: dict[str, str]

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return the restored weights by name: float32, each in its tensor's shape."""
        return {tensor.name: tensor.restored() for tensor in self.tensors}
