"""Codes without bounds come back exactly, take little more than their entropy, and damage is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from xnai_pipelines.encoders.stored.entropy import coded_bits, decode, encode, entropy_bits

INT32 = np.iinfo(np.int32)


def gaussian_codes(rows: int, columns: int, spread: float, seed: int = 0) -> np.ndarray:
    return np.rint(np.random.default_rng(seed).normal(0, spread, (rows, columns))).astype(np.int32)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    arrays.arrays(
        np.int32,
        arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=70),
        elements=st.one_of(st.integers(-3, 3), st.integers(INT32.min, INT32.max)),
    )
)
def test_any_codes_come_back(codes: np.ndarray):
    assert np.array_equal(decode(encode(codes), codes.shape), codes)


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0, 30.0, 3000.0])
def test_codes_of_every_spread_come_back(spread: float):
    codes = gaussian_codes(301, 97, spread)
    codes[7, 5] = INT32.max
    codes[300, 96] = INT32.min
    returned = decode(encode(codes), codes.shape)
    assert returned.dtype == np.int32
    assert np.array_equal(returned, codes)


def test_no_codes_take_no_bytes():
    assert encode(np.zeros((0, 5), np.int32)) == b""
    assert decode(b"", (0, 5)).shape == (0, 5)


def test_codes_take_less_than_one_percent_more_than_their_entropy():
    codes = gaussian_codes(1000, 384, 0.9)
    assert 8 * len(encode(codes)) < 1.01 * entropy_bits(codes) * codes.size


def test_rows_of_unlike_spread_take_less_than_the_entropy_of_all():
    codes = gaussian_codes(1000, 384, 1.0)
    codes[::3] = gaussian_codes(334, 384, 0.3, seed=1)
    assert 8 * len(encode(codes)) < 0.9 * entropy_bits(codes) * codes.size


def test_the_size_is_known_without_coding():
    codes = gaussian_codes(384, 384, 1.5)
    assert coded_bits(codes) == pytest.approx(8 * len(encode(codes)) / codes.size, rel=0.01)


@pytest.mark.slow
def test_truncations_and_flipped_bytes_are_refused_or_harmless():
    codes = gaussian_codes(16, 40, 1.2)
    codes[3, 3] = 10_000
    data = encode(codes)
    for length in range(0, len(data), 7):
        with pytest.raises(ValueError, match="damaged"):
            decode(data[:length], codes.shape)
    for place in range(0, len(data), 5):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        try:
            returned = decode(bytes(damaged), codes.shape)
        except ValueError:
            continue
        assert returned.shape == codes.shape  # an escaped value or the lowest code: the file's own hash covers those


def test_another_shape_is_refused():
    data = encode(gaussian_codes(40, 60, 1.2))
    for shape in ((40, 61), (39, 60), (400_000, 60), (0, 0)):
        with pytest.raises(ValueError, match="damaged"):
            decode(data, shape)


def test_the_entropy_of_a_fair_coin_is_a_bit():
    assert entropy_bits(np.array([[0, 1, 1, 0]], np.int32)) == 1.0
    assert entropy_bits(np.zeros((0, 4), np.int32)) == 0.0
