"""What search reads of a release: vectors, postings and texts in files that are mapped into memory.

A run that changes a release's table makes its files, named after the rows, and then removes the previous ones; a search
that is open keeps those that it opened. `corpus_files` makes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.errors import DamagedArtefactError, HomeError
from xnai_pipelines.search.array_files import mapped, opened
from xnai_pipelines.search.bits import Bits
from xnai_pipelines.search.codes import Codes
from xnai_pipelines.search.corpus_edit import edit_corpus
from xnai_pipelines.search.corpus_files import PASSAGES, TITLE, fill_corpus
from xnai_pipelines.search.lexicon import VOCABULARY
from xnai_pipelines.search.pieces import BASE, SCHEMA, Pieces
from xnai_pipelines.search.places import Places
from xnai_pipelines.search.posting_files import LENGTHS, inverted_in, postings_in
from xnai_pipelines.search.postings import Inverted, Postings
from xnai_pipelines.search.query import Filters
from xnai_pipelines.search.ranking import Rows
from xnai_pipelines.search.table_rows import SHOWN, TableRows
from xnai_pipelines.search.words import ANALYSER
from xnai_pipelines.state.artefacts import publish_artefact, read_card
from xnai_pipelines.state.full_disk import is_of_full_disk
from xnai_pipelines.state.lancedb_import import keep_pandas_out_of_pyarrow
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.tables import Tables

FORMAT = 12  # raised when the files of the same table are other ones

_NONE = np.empty(0, np.int64)
_JOINED = "-joined"  # after the name: what a reader has open under a name is never replaced


@dataclass(frozen=True, eq=False)
class Corpus:
    """The passages of a release, in the order of their ids.

    Attributes:
        passages: The columns `SHOWN` but the text; n rows.
        pieces: Their texts, and what is before these; their vectors with a share of their documents'.
        codes: The vectors in 8 bits.
        bits: The vectors in one bit.
        originals: The first passage with the same text as each: int64 [n].
        documents: The document of each passage, counted from 0: int32 [n].
        lengths: Number of terms of each passage: int32 [n].
        postings: The terms of the passages.
        titles: The title of each passage's document as one term: its words with spaces between them.
        vocabulary: The words of the passages, as `vocabulary_of` returns them.
        languages: The languages whose stems the postings hold; "" for passages that are not stemmed.
    """

    passages: pa.Table
    pieces: Pieces
    codes: Codes
    bits: Bits
    originals: Rows
    documents: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    postings: Postings
    titles: Inverted
    vocabulary: pa.Table
    languages: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the corpus in a folder that `fill_corpus` filled, mapped into memory.

        Raises:
            DamagedArtefactError: A file is missing or not of the size that was written.
        """
        card = read_card(folder)
        pieces = Pieces.read(folder)
        return cls(
            passages=mapped(folder / PASSAGES),
            pieces=pieces,
            codes=Codes(pieces.codes, pieces.places, opened(folder / "steps.npy"), card["codes_error"]),
            bits=Bits(opened(folder / "bits.npy"), opened(folder / "mean.npy")),
            originals=opened(folder / "originals.npy"),
            documents=opened(folder / "documents.npy"),
            lengths=opened(folder / LENGTHS),
            postings=postings_in(folder, pieces.places),
            titles=inverted_in(folder, pieces.places, TITLE),
            vocabulary=mapped(folder / VOCABULARY),
            languages=tuple(card["languages"]),
        )

    @property
    def places(self) -> Places:
        """Where the passages are in the pieces."""
        return self.pieces.places

    @cached_property
    def vocabulary_places(self) -> list[npt.NDArray[np.int64]]:
        """Where each word of the vocabulary is among the terms of each piece's postings: int64 [words]."""
        words = self.vocabulary["word"].to_pylist()
        return [piece.at(words) for piece in self.postings.pieces]

    def others(self, rows: Rows) -> list[Rows]:
        """Return the other passages with the same text as each of these: int64 [m]."""
        originals = self.originals[rows]
        numbers = zip(rows.tolist(), originals.tolist(), self._times[originals].tolist(), strict=True)
        return [self._alike(original, row) if times > 1 else _NONE for row, original, times in numbers]

    def _alike(self, original: int, row: int) -> Rows:
        alike = np.flatnonzero(self.originals == original)
        others: Rows = alike[alike != row]
        return others

    @cached_property
    def _times(self) -> Rows:
        return np.bincount(self.originals, minlength=len(self.originals))

    def matching(self, filters: Filters) -> npt.NDArray[np.bool_] | None:
        """Return which passages satisfy the filters: bool [n]; None if all do."""
        masks = []
        if filters.source_prefix:
            masks.append(pc.starts_with(self.passages["source"], filters.normal_prefix))
        if filters.media_type:
            masks.append(pc.equal(self.passages["media_type"], filters.media_type))
        if filters.language:
            masks.append(pc.equal(self.passages["language"], filters.language.lower()))
        if not masks:
            return None
        found = masks[0]
        for mask in masks[1:]:
            found = pc.and_(found, mask)
        matching: npt.NDArray[np.bool_] = pc.fill_null(found, False).to_numpy()
        return matching

    def shown(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return the columns `SHOWN` of the passages in these rows."""
        columns = [self.values(column, rows) for column in SHOWN]
        return [dict(zip(SHOWN, values, strict=True)) for values in zip(*columns, strict=True)]

    def values(self, column: str, rows: Sequence[int]) -> list[Any]:
        """Return one column of the passages in these rows."""
        if column in SCHEMA.names:
            return self.pieces.values(column, rows)
        found = self.passages[column]
        return [found[int(row)].as_py() for row in rows]

    def document_of(self, rows: Rows) -> list[str]:
        """Return the id of each passage's document."""
        return self.values("document_id", rows.tolist())

    def text_of(self, rows: Rows) -> list[int]:
        """Return a number of each passage's text; copies have the same."""
        first: list[int] = self.originals[rows].tolist()
        return first

    def contexts(self, rows: Sequence[int]) -> list[str]:
        """Return what the passages in these rows have before their texts: titles, headings, a table's columns."""
        return self.values("context", rows)

    def passage_texts(self, rows: Sequence[int]) -> list[str]:
        """Return the passages in these rows as the encoder reads them."""
        contexts, texts = self.contexts(rows), self.values("text", rows)
        return [context + text for context, text in zip(contexts, texts, strict=True)]


def open_corpus(home: Home, tables: Tables, table: str) -> Corpus:
    """Return the corpus of a release's table from its files; if there are none, from files made for this search alone.

    Raises:
        TableError: There is neither.
        DamagedArtefactError: The files are damaged.
        HomeError: There is no space for files made for this search.
    """
    keep_pandas_out_of_pyarrow()  # a search from the command line would load it, and needs nothing of it
    folder = _folder(home, table)
    while made := sorted(folder.glob(f"{FORMAT}-*")):  # an older program's files are not read
        try:
            return Corpus.read(max(made, key=lambda path: path.stat().st_mtime_ns))
        except (DamagedArtefactError, FileNotFoundError):
            if all(path.exists() for path in made):  # else a run has just replaced one
                raise
    rows = TableRows.of(tables.open(table))
    try:
        with TemporaryDirectory(prefix="xnai-index-") as temporary:  # what is mapped stays readable when it is gone
            return Corpus.read(publish_artefact(Path(temporary) / "index", lambda made: fill_corpus(made, rows)))
    except (OSError, HomeError) as error:
        if not is_of_full_disk(error):
            raise
        raise HomeError(
            f"The search files of {table} are missing, as after a killed run, and the folder of temporary files has no "
            "space for others. Free some space there, set TMPDIR to another folder, or run `xnai run`."
        ) from error


def publish_corpus(home: Home, tables: Tables, table: str, *, joined: bool = False) -> bool:
    """Make the files of a table if they are not those of its rows; return whether they were made.

    Args:
        home: The home.
        tables: Its tables.
        table: Name of the table.
        joined: Whether to make them again if they still hold anything of earlier rows.
    """
    folder, rows = _folder(home, table), TableRows.of(tables.open(table))
    made = sorted(folder.glob(f"{_name(rows)}*"))
    current = next((path for path in made if not joined or Pieces.read(path).are_one), None)
    published = current is None
    if current is None:
        current, previous = folder / f"{_name(rows)}{_JOINED if joined else ''}", _newest(folder)

        def fill(empty: Path) -> dict[str, Any]:
            return edit_corpus(empty, rows, previous, joined=joined) if previous else fill_corpus(empty, rows)

        publish_artefact(current, fill)
    for other in folder.glob("*"):
        if other.name.lstrip(".").split(".")[0] != current.name:
            remove(other)
    return published


def corpus_is_current(home: Home, tables: Tables, table: str) -> bool:
    """Return whether a search of a table finds its rows as they are now; while a run changes them it does not."""
    made = {path.name.removesuffix(_JOINED) for path in _folder(home, table).glob(f"{FORMAT}-*")}
    return not made or _name(TableRows.of(tables.open(table))) in made


def withdraw_corpus(home: Home, table: str) -> None:
    """Remove the files of a table, so that nothing is found that its rows no longer hold."""
    remove(_folder(home, table))


def _folder(home: Home, table: str) -> Path:
    return home.index / table


def _name(rows: TableRows) -> str:
    """Return the name of the files of these rows."""
    return f"{FORMAT}-{rows.hash()}"


def _newest(folder: Path) -> Path | None:
    """Return the files that were made last if they are sound and have the words that are made now; None if not."""
    try:
        found = max(folder.glob(f"{FORMAT}-*"), key=lambda path: path.stat().st_mtime_ns)
        return found if read_card(found, unread=BASE)["analyser"] == ANALYSER else None
    except (ValueError, DamagedArtefactError):  # there are none
        return None
