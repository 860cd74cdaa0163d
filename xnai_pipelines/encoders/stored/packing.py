"""Codes of 1 to 8 bits packed into bytes: no bit between them, the first code in the lowest bits."""

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.tensor import Codes

_TOGETHER = 8  # this many codes of b bits fill b whole bytes, for any b


def packed_size(count: int, bits: int) -> int:
    """Return the number of bytes for `count` codes of `bits` bits."""
    return (count * bits + 7) // 8


def pack(codes: NDArray[np.integer], bits: int) -> bytes:
    """Return codes of any shape, each 0 to 2**bits - 1, in `packed_size` bytes, in row-major order.

    Raises:
        ValueError: A code does not fit.
    """
    flat = codes.reshape(-1)
    if flat.size and (flat.min() < 0 or flat.max() >= 1 << bits):
        raise ValueError(f"Codes from {flat.min()} to {flat.max()} do not fit into {bits} bits.")
    octets = flat.astype(np.uint8)
    if bits == 8:
        return octets.tobytes()
    lanes = np.pad(octets, (0, -octets.size % _TOGETHER)).reshape(-1, _TOGETHER)
    words = np.zeros(len(lanes), dtype="<u8")
    for lane in range(_TOGETHER):
        words |= lanes[:, lane].astype(np.uint64) << np.uint64(lane * bits)
    return words.view(np.uint8).reshape(-1, 8)[:, :bits].tobytes()[: packed_size(flat.size, bits)]


def unpack(data: bytes | memoryview, bits: int, count: int) -> Codes:
    """Return `count` codes of `bits` bits: int32, one-dimensional.

    Raises:
        ValueError: There are more or fewer bytes than that many codes take.
    """
    if len(data) != packed_size(count, bits):
        raise ValueError(f"{len(data)} bytes are not {count} codes of {bits} bits.")
    octets = np.frombuffer(data, dtype=np.uint8)
    if bits == 8:
        return octets.astype(np.int32)
    groups = -(-count // _TOGETHER)
    padded = np.zeros((groups, 8), dtype=np.uint8)
    padded[:, :bits] = np.pad(octets, (0, groups * bits - octets.size)).reshape(groups, bits)
    words = padded.view("<u8").reshape(-1)
    codes = np.empty((groups, _TOGETHER), dtype=np.int32)
    mask = np.uint64((1 << bits) - 1)
    for lane in range(_TOGETHER):
        codes[:, lane] = (words >> np.uint64(lane * bits)) & mask
    return codes.reshape(-1)[:count]
