"""Codes of few bits come back from their bytes, and take no more bytes than they must."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xnai_pipelines.encoders.stored.packing import pack, packed_size, unpack


@given(data=st.data(), bits=st.integers(1, 8), count=st.integers(0, 100))
def test_codes_of_any_width_and_count_come_back(data: st.DataObject, bits: int, count: int) -> None:
    codes = data.draw(hnp.arrays(np.int32, count, elements=st.integers(0, (1 << bits) - 1)))
    packed = pack(codes, bits)
    assert len(packed) == packed_size(count, bits) == -(-count * bits // 8)
    unpacked = unpack(packed, bits, count)
    assert unpacked.dtype == np.int32
    assert np.array_equal(unpacked, codes)


def test_the_first_code_lies_in_the_lowest_bits() -> None:
    assert pack(np.array([1, 2, 3, 0, 2]), 2) == bytes([0b00_11_10_01, 0b10])
    assert pack(np.array([0b101, 0b110, 0b011]), 3) == bytes([0b11_110_101, 0b0])
    assert pack(np.array([7, 15]), 4) == b"\xf7"
    assert pack(np.array([[200], [1]]), 8) == b"\xc8\x01"


@pytest.mark.parametrize("code", [-1, 4])
def test_a_code_that_does_not_fit_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="do not fit into 2 bits"):
        pack(np.array([0, code]), 2)


@pytest.mark.parametrize("count", [4, 9])
def test_bytes_of_another_count_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"2 bytes are not {count} codes of 2 bits"):
        unpack(b"ab", 2, count)
