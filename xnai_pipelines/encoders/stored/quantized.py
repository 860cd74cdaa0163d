"""What quantizing a model returns, and the error that stops it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.scheme import Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedTensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How a quantization went.

    Attributes:
        seconds: Wall time.
        layers: Linear layers and embedding tables that got codes.
        better_than_rounding: Of the linear layers, how many kept the method's codes because their error on calibration
            texts, tr((W - Q) H (W - Q)^T), is below that of round-to-nearest; None for methods without calibration.
        notes: What a person should know, one sentence each.
    """

    seconds: float
    layers: int
    better_than_rounding: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantizedModel:
    """A model of few bits.

    Attributes:
        tensors: Every tensor of the state dict that is shipped, in its order; an encoder's unused pooler and the second
            name of a tied weight are left out.
        scheme: How it was quantized.
        base_sha256: Of the full model's model.safetensors; of the hashes of its shards where there are several.
        calibration_sha256: Of the calibration texts; None where the method needs none.
        statistics: How it went.
        libraries: Versions of the libraries that took part, by name.
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
