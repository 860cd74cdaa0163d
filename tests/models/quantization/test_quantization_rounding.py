"""Round-to-nearest: every width and shape gives codes in range, and the scale that loses least."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.scheme import BITS, GROUP_SIZES, Granularity, Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedTensor
from xnai_pipelines.models.quantization.assembly import float_tensor, rounded_tensor

Weights = NDArray[np.float32]


@st.composite
def schemes(draw: Callable[..., object]) -> Scheme:
    granularity = draw(st.sampled_from(Granularity))
    return Scheme(
        method=Method.RTN,
        bits=draw(st.sampled_from(BITS)),
        granularity=granularity,
        group_size=draw(st.sampled_from(GROUP_SIZES)) if granularity is Granularity.GROUP else None,
        symmetric=draw(st.booleans()),
        clip=draw(st.booleans()),
    )


WEIGHTS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 150)),
    elements=st.floats(-1e6, 1e6, width=32) | st.floats(-1, 1, width=32) | st.just(0.0),
)


def squared_error(tensor: QuantizedTensor, weight: Weights) -> float:
    return float(((tensor.restored() - weight).astype(np.float64) ** 2).sum())


@pytest.mark.slow
@settings(max_examples=80)
@given(WEIGHTS, schemes())
def test_codes_are_in_range_and_weights_come_back_finite(weight: Weights, scheme: Scheme) -> None:
    tensor = rounded_tensor("w", weight, scheme)
    assert tensor.codes is not None
    assert tensor.codes.dtype == np.int32
    assert tensor.codes.shape == weight.shape
    low, high = (-(2 ** (scheme.bits - 1)), 2 ** (scheme.bits - 1) - 1) if scheme.symmetric else (0, 2**scheme.bits - 1)
    assert low <= tensor.codes.min()
    assert tensor.codes.max() <= high
    assert (tensor.zero_points is None) == scheme.symmetric
    restored = tensor.restored()
    assert restored.dtype == np.float32
    assert np.isfinite(restored).all()
    assert (restored[weight == 0] == 0).all()


@settings(max_examples=50)
@given(WEIGHTS, schemes())
def test_no_code_beside_the_chosen_one_is_nearer(weight: Weights, scheme: Scheme) -> None:
    tensor = rounded_tensor("w", weight, scheme)
    assert tensor.codes is not None
    low, high = (-(2 ** (scheme.bits - 1)), 2 ** (scheme.bits - 1) - 1) if scheme.symmetric else (0, 2**scheme.bits - 1)
    error = np.abs(tensor.restored() - weight)
    for step in (-1, 1):
        codes = np.clip(tensor.codes + step, low, high).astype(np.int32)
        beside = QuantizedTensor(
            name="w",
            shape=tensor.shape,
            dtype=tensor.dtype,
            method=tensor.method,
            group_size=tensor.group_size,
            codes=codes,
            scales=tensor.scales,
            zero_points=tensor.zero_points,
        ).restored()
        nearer = np.abs(beside - weight) * (1 + 1e-4) + 1e-6 * np.abs(weight) + 1e-30  # float32 is rounded, also scales
        assert (error <= nearer).all()


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("bits", "gain"), [(2, 0.75), (3, 0.9), (4, 0.99), (8, 1.0)])
def test_searched_scales_lose_less_than_covering_ones(bits: int, gain: float, symmetric: bool) -> None:
    weight = np.random.default_rng(0).standard_t(5, (64, 384)).astype(np.float32)
    errors = []
    for clip in (True, False):
        scheme = Scheme(method=Method.RTN, bits=bits, group_size=64, symmetric=symmetric, clip=clip)
        errors.append(squared_error(rounded_tensor("w", weight, scheme), weight))
    assert errors[0] <= gain * errors[1]


@pytest.mark.parametrize("granularity", [Granularity.TENSOR, Granularity.CHANNEL])
def test_wider_groups_are_searched_past_their_outliers(granularity: Granularity) -> None:
    weight = np.random.default_rng(0).normal(size=(16, 512)).astype(np.float32)
    weight[:, 7] = 12
    scheme = Scheme(method=Method.RTN, bits=4, granularity=granularity)
    covering = Scheme(method=Method.RTN, bits=4, granularity=granularity, clip=False)
    assert squared_error(rounded_tensor("w", weight, scheme), weight) < squared_error(
        rounded_tensor("w", weight, covering), weight
    )


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("value", [0.0, 0.7099609375, -0.0123443603515625, 3.0])
def test_a_constant_that_float16_holds_comes_back_exactly(bits: int, symmetric: bool, clip: bool, value: float) -> None:
    weight = np.full((3, 70), value, np.float32)
    scheme = Scheme(method=Method.RTN, bits=bits, group_size=32, symmetric=symmetric, clip=clip)
    np.testing.assert_array_equal(rounded_tensor("w", weight, scheme).restored(), weight)


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e8, 1e30])
def test_scales_beyond_float16_are_kept_in_float32(size: float) -> None:
    weight = (np.random.default_rng(0).normal(size=(8, 64)) * size).astype(np.float32)
    tensor = rounded_tensor("w", weight, Scheme(method=Method.RTN, bits=8, granularity=Granularity.CHANNEL))
    assert tensor.scales is not None
    assert tensor.scales.dtype == np.float32
    np.testing.assert_allclose(tensor.restored(), weight, atol=0.02 * size)


def test_the_last_group_of_a_row_may_be_shorter() -> None:
    weight = np.random.default_rng(0).normal(size=(4, 70)).astype(np.float32)
    tensor = rounded_tensor("w", weight, Scheme(method=Method.RTN, bits=4, group_size=32))
    assert tensor.scales is not None
    assert tensor.scales.shape == (4, 3)
    np.testing.assert_allclose(tensor.restored(), weight, atol=0.35)


def test_what_has_no_codes_is_kept_in_float16_where_that_can_hold_it() -> None:
    small, large = np.full(3, 0.1, np.float32), np.full(3, 1e6, np.float32)
    assert float_tensor("norm.weight", small).values is not None
    np.testing.assert_array_equal(float_tensor("norm.weight", small).restored(), small.astype(np.float16))
    np.testing.assert_array_equal(float_tensor("norm.weight", large).restored(), large)
