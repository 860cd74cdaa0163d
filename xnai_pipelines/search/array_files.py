"""Arrays in files, written in order or in place, and read a part at a time: little of them is ever in memory."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Array = npt.NDArray[Any]


class ArrayFile:
    """A NumPy file that grows, row by row; `with` completes it."""

    def __init__(self, path: Path, kind: npt.DTypeLike, row: Sequence[int] = ()) -> None:
        """Begin the file.

        Args:
            path: The file.
            kind: Type of the numbers.
            row: Shape of a row.
        """
        self._file = path.open("wb")
        self._kind, self._row, self._rows = np.dtype(kind), tuple(row), 0
        self._write_header()

    def append(self, rows: Array) -> None:
        """Write the next rows."""
        self._rows += len(rows)
        np.ascontiguousarray(rows, self._kind).tofile(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.seek(0)
        self._write_header()  # NumPy leaves room in it for more rows
        self._file.close()

    def _write_header(self) -> None:
        header = {
            "descr": np.lib.format.dtype_to_descr(self._kind),
            "fortran_order": False,
            "shape": (self._rows, *self._row),
        }
        np.lib.format.write_array_header_1_0(self._file, header)


def new_array(path: Path, kind: npt.DTypeLike, shape: tuple[int, ...]) -> Array:
    """Return an array of zeros in a new file.

    The file gets its space first. Without that, a write into mapped memory for which the disk has no space left ends
    the process by a signal, without a word.

    Raises:
        OSError: The disk is full.
    """
    array = np.lib.format.open_memmap(path, "w+", np.dtype(kind), shape)
    if sys.platform == "linux":
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def opened(path: Path) -> Array:
    """Return the array in a file that is mapped into memory."""
    # a plain array: slices of numpy.memmap cost microseconds each
    return np.asarray(np.load(path, mmap_mode="r"))


def part(path: Path, rows: slice | Array) -> Array:
    """Return rows of an array in a file; what stays mapped would count as memory of the process."""
    return np.array(np.load(path, mmap_mode="r")[rows])


def mapped(path: Path) -> pa.Table:
    """Return the Arrow table in a file that is mapped into memory."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
