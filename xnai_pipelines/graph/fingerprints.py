"""A hash of each row of a table, for all rows at once: 128 bits as two numbers, and as 32 hexadecimal digits. Pure.

Bytes, numbers, places in a list and columns are mixed by the finaliser of SplitMix64 (Steele, Lea, Flood 2014). It
tells rows apart that differ by chance; it does not stop someone who looks for two rows with one hash. A cryptographic
hash of each row took two thirds of the time that the table of relations took.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]  # [2, rows]

_LANES = np.array([[0x9E3779B97F4A7C15], [0xD1B54A32D192ED03]], dtype=np.uint64)  # odd; what tells the halves apart
_HEX = np.array([f"{byte:02x}" for byte in range(256)], dtype="S2")
ID_LENGTH = 32  # characters of an id
_NULL = "\x00null"


def fingerprints(columns: Iterable[Any]) -> pa.Array:
    """Return an id of each row, 32 hexadecimal digits, from arrays of one length: strings, numbers, lists, structs."""
    return _as_ids(_folded(map(_hashes, columns)))


def fingerprints_of_groups(values: Any, group: Ints, size: int, at: Ints | None = None) -> pa.Array:
    """Return an id of the values of each group, whatever their order, for groups 0..size-1.

    Args:
        values: The values.
        group: Group of each, or of the value at each place of `at`.
        size: Number of groups.
        at: Places of the values that are in groups, if one may be in several or in none.
    """
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(size + 1))
    hashes = _hashes(values)[:, order if at is None else at[order]]
    sums = np.concatenate([np.zeros((2, 1), np.uint64), np.cumsum(hashes, axis=1)], axis=1)
    return _as_ids(_folded((_of_numbers(np.diff(ends)), sums[:, ends[1:]] - sums[:, ends[:-1]])))


def fingerprint_of_all(values: Any) -> str:
    """Return an id, 32 hexadecimal digits, of all values of an array, whatever their order."""
    total = _hashes(values).sum(axis=1, keepdims=True, dtype=np.uint64)
    return str(_digits(_folded((_of_numbers(np.array([len(values)])), total)))[0], "ascii")


def _as_ids(hashes: Hashes) -> pa.Array:
    digits = _digits(hashes)
    offsets = np.arange(len(digits) + 1, dtype=np.int32) * ID_LENGTH
    return pa.StringArray.from_buffers(len(digits), pa.py_buffer(offsets), pa.py_buffer(digits))


def _digits(hashes: Hashes) -> npt.NDArray[np.bytes_]:
    return _HEX[np.ascontiguousarray(hashes.T).view(np.uint8)].reshape(-1).view(f"S{ID_LENGTH}")


def _folded(columns: Iterable[Hashes]) -> Hashes:
    """Return one hash of several of each row; their order counts."""
    total: Any = np.uint64(1)
    for each in columns:
        total = _mixed(total * _LANES + each)
    return np.asarray(total, dtype=np.uint64)


def _hashes(column: Any) -> Hashes:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, np.ndarray):
        return _of_numbers(array)
    if pa.types.is_list(array.type):
        return _of_lists(array)
    if pa.types.is_struct(array.type):
        return _folded(map(_hashes, array.flatten()))
    if pa.types.is_string(array.type):
        return _of_strings(array)
    return _of_numbers(array.to_numpy(zero_copy_only=False))


def _of_numbers(numbers: npt.NDArray[Any]) -> Hashes:
    floats = np.issubdtype(numbers.dtype, np.floating)
    bits = numbers.astype(np.float64).view(np.uint64) if floats else numbers.astype(np.int64).view(np.uint64)
    return _mixed(bits * _LANES)


def _of_strings(strings: pa.StringArray) -> Hashes:
    """Return the hashes of strings; ids are hashed as numbers, since there is one in every cell."""
    is_id = pc.fill_null(pc.equal(pc.binary_length(strings), ID_LENGTH), False)
    mine = is_id.to_numpy(zero_copy_only=False)
    found = np.empty((2, len(strings)), np.uint64)
    found[:, mine] = _of_ids(strings.filter(is_id))
    found[:, ~mine] = _of_words(strings.filter(pc.invert(is_id)))
    return found


def _of_ids(ids: pa.StringArray) -> Hashes:
    content = b"" if not len(ids) else ids.buffers()[2]
    words = np.frombuffer(content, dtype="<u8", count=len(ids) * ID_LENGTH // 8).reshape(-1, ID_LENGTH // 8)
    return _folded(word * _LANES for word in words.T)


def _of_words(words: pa.StringArray) -> Hashes:
    """Return the hashes of strings: of their bytes, each string once."""
    encoded = words.dictionary_encode(null_encoding="encode")
    distinct = pc.fill_null(encoded.dictionary, _NULL)
    content = np.frombuffer(distinct.buffers()[2] or b"", np.uint8)
    ends = np.frombuffer(distinct.buffers()[1], np.int32)[distinct.offset : distinct.offset + len(distinct) + 1]
    letters = _of_numbers(np.arange(256))[:, content[ends[0] : ends[-1]]]
    return _in_order(letters, ends.astype(np.int64))[:, encoded.indices.to_numpy()]


def _of_lists(lists: pa.ListArray) -> Hashes:
    """Return the hashes of lists without nulls: of their items."""
    return _in_order(_hashes(lists.flatten()), lists.offsets.to_numpy().astype(np.int64))


def _in_order(items: Hashes, ends: Ints) -> Hashes:
    """Return the hashes of runs of items: the sum over each item with its place in the run, and the run's length."""
    lengths = np.diff(ends)
    places = np.arange(items.shape[1]) - np.repeat(ends[:-1] - ends[0], lengths)
    placed = _mixed(_folded([_of_numbers(np.arange(lengths.max(initial=0)))])[:, places] * _LANES + items)
    sums = np.concatenate([np.zeros((2, 1), np.uint64), np.cumsum(placed, axis=1, dtype=np.uint64)], axis=1)
    return _folded((_of_numbers(lengths), sums[:, ends[1:] - ends[0]] - sums[:, ends[:-1] - ends[0]]))


def _mixed(numbers: Hashes) -> Hashes:
    numbers = numbers ^ (numbers >> np.uint64(30))
    numbers *= np.uint64(0xBF58476D1CE4E5B9)
    numbers ^= numbers >> np.uint64(27)
    numbers *= np.uint64(0x94D049BB133111EB)
    numbers ^= numbers >> np.uint64(31)
    return numbers
