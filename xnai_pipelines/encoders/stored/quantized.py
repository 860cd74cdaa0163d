"""The result of quantizing a model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.scheme import Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedTensor


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
