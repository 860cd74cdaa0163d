"""Channels are quantized to the bytes that ONNX Runtime's own functions give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx import TensorProto
from onnxruntime.quantization import base_quantizer
from onnxruntime.quantization.quant_utils import quantize_data

from xnai_pipelines.encoders.stored.channels import quick_channels, symmetric_int8

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def bytes_of(quantized) -> list[tuple[str, tuple[int, ...], bytes]]:
    return [(array.dtype.str, array.shape, array.tobytes()) for array in quantized]


@given(arrays(np.float32, st.integers(1, 40), elements=NUMBERS), st.booleans())
def test_a_channel_is_quantized_as_onnx_runtime_does(data, reduce_range):
    with np.errstate(over="ignore", invalid="ignore"), quick_channels():
        ours = base_quantizer.quantize_data(data, TensorProto.INT8, True, reduce_range=reduce_range)
        theirs = quantize_data(data, TensorProto.INT8, True, reduce_range=reduce_range)
    assert bytes_of(ours) == bytes_of(theirs)


def test_channels_of_weights_are_quantized_without_onnx_runtimes_function():
    channel = np.random.default_rng(0).normal(0, 0.05, 384).astype(np.float32)
    for most, reduce_range in ((127, False), (64, True)):
        quick = symmetric_int8(channel, most)
        assert quick is not None
        assert bytes_of(quick) == bytes_of(quantize_data(channel, TensorProto.INT8, True, reduce_range=reduce_range))


@pytest.mark.parametrize(
    "data", [np.zeros(4), np.full(4, 1e-42), np.array([1.0, np.nan]), np.array([1.0, np.inf]), np.empty(0)], ids=repr
)
def test_what_has_no_scale_is_left_to_onnx_runtime(data):
    assert symmetric_int8(data.astype(np.float32), 127) is None


def test_other_kinds_are_quantized_as_before_and_so_is_all_after_it():
    data = np.linspace(-1, 2, 9, dtype=np.float32)
    with quick_channels():
        for kind, symmetric, rest in (
            (TensorProto.UINT8, False, {}),
            (TensorProto.INT8, False, {}),
            (TensorProto.INT8, True, {"rmax_override": 4.0}),
        ):
            ours = base_quantizer.quantize_data(data, kind, symmetric, **rest)
            assert bytes_of(ours) == bytes_of(quantize_data(data, kind, symmetric, **rest))
    assert base_quantizer.quantize_data is quantize_data
