"""ONNX Runtime's quantization of a weight channel by channel, in a third of the time and with the same bytes.

Its `quantize_data` takes 80 µs for a channel of 384 numbers, most of it in checks and in arrays of one number; MiniLM
has 20,736 channels. Symmetric INT8 needs few operations of NumPy.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Quantized: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""Zero point, scale and codes of a channel."""

_TINY = np.finfo(np.float32).tiny
_ZERO = np.zeros((), np.int8)


@contextmanager
def quick_channels() -> Iterator[None]:
    """Have ONNX Runtime quantize symmetric INT8 channels by `symmetric_int8`, and all others as it does."""
    from onnx import TensorProto
    from onnxruntime.quantization import base_quantizer

    theirs: Callable[..., Quantized] = base_quantizer.quantize_data

    def quick(data: NDArray[Any], kind: int, symmetric: bool, reduce_range: bool = False, **rest: Any) -> Quantized:
        usual = kind == TensorProto.INT8 and symmetric and not any(value is not None for value in rest.values())
        found = symmetric_int8(data, 64 if reduce_range else 127) if usual else None
        return found or theirs(data, kind, symmetric, reduce_range=reduce_range, **rest)

    base_quantizer.quantize_data = quick
    try:
        yield
    finally:
        base_quantizer.quantize_data = theirs


def symmetric_int8(data: NDArray[Any], most: int) -> Quantized | None:
    """Return a channel in INT8 whose largest number gets the code `most`; None for one that has to be looked at.

    Args:
        data: The channel: float32 [n].
        most: Largest code.
    """
    if data.dtype != np.float32 or not len(data):
        return None
    largest = max(float(data.max()), -float(data.min()))
    scale = 2 * largest / (2 * most)
    if not _TINY <= scale < np.inf:
        return None
    rounded = np.asarray(np.float32(scale))
    return _ZERO, rounded, (data / rounded).round().clip(-128, 127).astype(np.int8)
