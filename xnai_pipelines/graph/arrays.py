"""Columns of Arrow as arrays of numbers, and back. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def flat(column: pa.ChunkedArray) -> tuple[Any, Ints]:
    """Return the items of a column of lists, and the row that each is of."""
    lists = column.combine_chunks()
    lengths = ints(pc.fill_null(pc.list_value_length(lists), 0))
    return lists.flatten(), np.repeat(np.arange(len(lists), dtype=np.int64), lengths)


def ints(column: Any) -> Ints:
    """Return a column of whole numbers."""
    array = column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(zero_copy_only=False)
    return np.asarray(array, dtype=np.int64)


def encoded(column: Any) -> tuple[Ints, list[str]]:
    """Return a column of strings as indices into its distinct values, which are sorted."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    dictionary = array.dictionary_encode()
    order = pc.array_sort_indices(dictionary.dictionary)  # by UTF-8, which is the order of code points
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    return rank[ints(dictionary.indices)], dictionary.dictionary.take(order).to_pylist()


def position_in(column: Any, values: Sequence[str]) -> Ints:
    """Return the position of each string among distinct values, -1 if it is none of them."""
    return ints(pc.fill_null(pc.index_in(column, pa.array(values, pa.string())), -1))


def taken(values: Sequence[str], indices: Ints) -> pa.Array:
    """Return the value at each index, as strings; null at -1."""
    return pc.take(pa.array(values, pa.string()), pa.array(indices, pa.int64(), mask=indices < 0))


def grouped(values: pa.Array, group: Ints, size: int) -> pa.Array:
    """Return the values as one list per group, for groups 0..size-1; `group` ascends."""
    offsets = np.searchsorted(group, np.arange(size + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def tallied(numbers: Ints) -> Iterator[tuple[int, int]]:
    """Return the distinct numbers, sorted, and how often each occurs."""
    distinct, counts = np.unique(numbers, return_counts=True)
    return zip(distinct.tolist(), counts.tolist(), strict=True)


def sum_by(group: Ints, values: Floats, size: int) -> Floats:
    """Return the sum of the values of each group, for groups 0..size-1."""
    return np.bincount(group, weights=values, minlength=size).astype(np.float64)


def changes(*columns: Ints) -> Bools:
    """Return where a row differs from the one before it; the first row does."""
    new = np.ones(len(columns[0]), dtype=bool)
    if len(new):
        new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return new
