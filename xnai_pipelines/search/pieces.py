"""Vectors and texts of passages: a base, which edits leave as it is, and a piece with what changed since.

They are most of what search reads, and are read of some passages at a time. So their order need not be that of the
passages: each passage has a place in the pieces. The files of all else are in the passages' order.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xnai_pipelines.search.array_files import ArrayFile, mapped
from xnai_pipelines.state.layout import link_or_copy

BASE, CHANGED = "base", "changed"  # folders of the pieces
VECTORS, TEXTS, PLACES = "vectors.npy", "texts.arrow", "places.npy"
SCHEMA = pa.schema([("text", pa.string()), ("context", pa.string())])  # `context`: what a passage has before its text

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[Any] | slice


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """The vectors and texts of n passages, in files that are mapped into memory.

    Attributes:
        places: Where each passage is among the rows of the base and of what changed: int32 [n].
        in_files: The vectors of each piece: float32 [rows, d].
        texts: The texts of each piece: tables of `SCHEMA`.
    """

    places: npt.NDArray[np.int32]
    in_files: tuple[Vectors, ...]
    texts: tuple[pa.Table, ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the pieces in the folder of a corpus."""
        return cls(_places(folder), _vectors(folder), _texts(folder))

    @property
    def base(self) -> int:
        """The number of rows in the base, of which some may be of passages that are gone."""
        return len(self.in_files[0])

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        size: int = self.in_files[0].shape[1]
        return size

    @property
    def are_one(self) -> bool:
        """Whether there is the base alone, and nothing in it of passages that are gone."""
        return len(self.in_files) == 1 and self.base == len(self.places)

    def in_base(self) -> npt.NDArray[np.bool_]:
        """Return which passages are in the base: bool [n]."""
        return self.places < self.base

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of the passages in these rows: float32 [number of rows, d]."""
        return _gathered(self.in_files, self.places[rows])

    def values(self, column: str, rows: Sequence[int]) -> list[str]:
        """Return a column of `SCHEMA` of the passages in these rows."""
        # Arrow's `take` of a column of several blocks first copies them into one: 17 ms for 200 of 200,000 texts
        columns = [texts[column] for texts in self.texts]
        places = self.places[np.asarray(rows, np.int64)].tolist()
        return [columns[place >= self.base][place - self.base * (place >= self.base)].as_py() for place in places]


def vectors_in(folder: Path, rows: Rows) -> Vectors:
    """Return what `Pieces.vectors` does; what stays mapped would count as memory of the process."""
    return _gathered(_vectors(folder), _places(folder)[rows])


def texts_in(folder: Path, rows: Rows) -> pa.Table:
    """Return the texts of the passages in these rows, ascending: a table of `SCHEMA`; nothing stays mapped."""
    places, pieces = _places(folder)[rows], _texts(folder)
    within = places < len(pieces[0])
    parts = [_taken(pieces[0], places[within])]
    if not within.all():
        parts.append(_taken(pieces[1], places[~within] - len(pieces[0])))
    order = np.argsort(np.concatenate([np.flatnonzero(within), np.flatnonzero(~within)]))
    return pa.concat_tables(parts).combine_chunks().take(order).combine_chunks()


def _places(folder: Path) -> npt.NDArray[np.int32]:
    return np.asarray(np.load(folder / PLACES, mmap_mode="r"))


def _pieces(folder: Path) -> list[Path]:
    return [folder / name for name in (BASE, CHANGED) if (folder / name).exists()]


def _vectors(folder: Path) -> tuple[Vectors, ...]:
    return tuple(np.asarray(np.load(piece / VECTORS, mmap_mode="r")) for piece in _pieces(folder))


def _texts(folder: Path) -> tuple[pa.Table, ...]:
    return tuple(mapped(piece / TEXTS) for piece in _pieces(folder))


def _gathered(vectors: tuple[Vectors, ...], places: npt.NDArray[np.int32]) -> Vectors:
    if len(vectors) == 1:
        return vectors[0][places]
    base, changed = vectors
    within = places < len(base)
    found = np.empty((len(places), base.shape[1]), np.float32)
    found[within], found[~within] = base[places[within]], changed[places[~within] - len(base)]
    return found


def _taken(texts: pa.Table, places: npt.NDArray[np.int32]) -> pa.Table:
    """Return some rows, ascending; a `take` from all blocks at once would first copy them into one."""
    begin, found = 0, [texts.slice(0, 0)]
    for batch in texts.to_batches():
        first, last = np.searchsorted(places, [begin, begin + batch.num_rows]).tolist()
        if last > first:
            found.append(pa.table(batch.take(pa.array(places[first:last] - begin))))
        begin += batch.num_rows
    return pa.concat_tables(found)


@dataclass(frozen=True, slots=True, eq=False)
class PieceFile:
    """The files of a piece that is written in order."""

    vectors: ArrayFile
    texts: pa.RecordBatchFileWriter

    def append(self, vectors: Vectors, texts: pa.Table) -> None:
        """Write the next rows."""
        self.vectors.append(vectors)
        self.texts.write_table(texts)


@contextmanager
def piece_file(piece: Path, dimension: int) -> Iterator[PieceFile]:
    """Yield the files of a new piece."""
    piece.mkdir()
    with (
        ArrayFile(piece / VECTORS, np.float32, [dimension]) as vectors,
        pa.ipc.new_file(str(piece / TEXTS), SCHEMA) as texts,
    ):
        yield PieceFile(vectors, texts)


def keep_piece(old: Path, new: Path) -> None:
    """Make the files of a piece those of another folder too."""
    new.mkdir()
    for name in (VECTORS, TEXTS):
        link_or_copy(old / name, new / name)
