"""Vectors, codes, texts and postings of passages: a base, which edits leave as it is, and what changed since.

They are most of what search reads. Their order is not that of the passages: each passage has a place in the pieces. The
files of all else are in the passages' order.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xnai_pipelines.search.array_files import ArrayFile, mapped, opened
from xnai_pipelines.search.places import Places, gathered
from xnai_pipelines.state.layout import link_or_copy

BASE, CHANGED = "base", "changed"  # folders of the pieces
CODES, VECTORS, TEXTS, PLACES = "codes.npy", "vectors.npy", "texts.arrow", "places.npy"
SCHEMA = pa.schema([("text", pa.string()), ("context", pa.string())])  # `context`: what a passage has before its text

Vectors = npt.NDArray[np.float32]
Codes8 = npt.NDArray[np.int8]
Rows = npt.NDArray[Any] | slice


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """The vectors and texts of n passages, in files that are mapped into memory.

    Attributes:
        places: Where each passage is among the rows of the base and of what changed.
        in_files: The vectors of each piece: float32 [rows, d].
        codes: The vectors of each piece in 8 bits: int8 [rows, d].
        texts: The texts of each piece: tables of `SCHEMA`.
    """

    places: Places
    in_files: tuple[Vectors, ...]
    codes: tuple[Codes8, ...]
    texts: tuple[pa.Table, ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the pieces in the folder of a corpus."""
        vectors, codes = (_arrays(folder, name) for name in (VECTORS, CODES))
        return cls(places_in(folder), vectors, codes, _texts(folder))

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
        return len(self.in_files) == 1 and self.base == len(self.places.of_rows)

    def in_base(self) -> npt.NDArray[np.bool_]:
        """Return which passages are in the base: bool [n]."""
        return self.places.of_rows < self.base

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of the passages in these rows: float32 [number of rows, d]."""
        return gathered(self.in_files, self.places.of_rows[rows])

    def values(self, column: str, rows: Sequence[int]) -> list[str]:
        """Return a column of `SCHEMA` of the passages in these rows."""
        # Arrow's `take` of a column of several blocks first copies them into one: 17 ms for 200 of 200,000 texts
        columns = [texts[column] for texts in self.texts]
        places = self.places.of_rows[np.asarray(rows, np.int64)].tolist()
        return [columns[place >= self.base][place - self.base * (place >= self.base)].as_py() for place in places]


def rows_in(folder: Path, name: str, rows: Rows) -> npt.NDArray[Any]:
    """Return the passages in these rows of an array of the pieces; what stays mapped would count as memory."""
    return gathered(_arrays(folder, name), _of_rows(folder)[rows])


def texts_in(folder: Path, rows: Rows) -> pa.Table:
    """Return the texts of the passages in these rows, ascending: a table of `SCHEMA`; nothing stays mapped."""
    places, pieces = _of_rows(folder)[rows], _texts(folder)
    within = places < len(pieces[0])
    parts = [_taken(pieces[0], places[within])]
    if not within.all():
        parts.append(_taken(pieces[1], places[~within] - len(pieces[0])))
    order = np.argsort(np.concatenate([np.flatnonzero(within), np.flatnonzero(~within)]))
    return pa.concat_tables(parts).combine_chunks().take(order).combine_chunks()


def places_in(folder: Path) -> Places:
    """Return where the passages of a corpus are."""
    return Places(_of_rows(folder), sum(map(len, _arrays(folder, VECTORS))))


def piece_folders(folder: Path) -> list[Path]:
    """Return the folders of a corpus' pieces: the base, and what changed since if anything did."""
    return [folder / name for name in (BASE, CHANGED) if (folder / name).exists()]


def _of_rows(folder: Path) -> npt.NDArray[np.int32]:
    return opened(folder / PLACES)


def _arrays(folder: Path, name: str) -> tuple[npt.NDArray[Any], ...]:
    return tuple(opened(piece / name) for piece in piece_folders(folder))


def _texts(folder: Path) -> tuple[pa.Table, ...]:
    return tuple(mapped(piece / TEXTS) for piece in piece_folders(folder))


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


def keep_piece(old: Path, new: Path, *, but: Collection[str]) -> list[str]:
    """Make the files of a piece, but those of some names, those of another folder too; return their names."""
    new.mkdir()
    kept = [path.name for path in old.iterdir() if path.name not in but]
    for name in kept:
        link_or_copy(old / name, new / name)
    return kept
