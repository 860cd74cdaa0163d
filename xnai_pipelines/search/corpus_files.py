"""Makes the files of a corpus from an embeddings table, a block of rows in memory at a time.

What grows with the number of passages is kept in files. In memory remain the ids of passages and documents, and the
distinct terms. After an edit the files are made from the previous ones and from the rows of the documents that changed;
they are the same bytes as those made from all rows.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.search.array_files import ArrayFile, mapped, new_array, part
from xnai_pipelines.search.bits import bits_of, bytes_of, rounded_mean, summed
from xnai_pipelines.search.codes import coded
from xnai_pipelines.search.document_share import with_share
from xnai_pipelines.search.inverting import Inverter
from xnai_pipelines.search.lexicon import Lexicon
from xnai_pipelines.search.pieces import BASE, CODES, PLACES, SCHEMA, VECTORS, piece_file, places_in, rows_in
from xnai_pipelines.search.posting_files import LENGTHS, write_weights
from xnai_pipelines.search.stems import STEMMED
from xnai_pipelines.search.table_rows import SHOWN, TableRows, numbered
from xnai_pipelines.search.words import ANALYSER, terms, title, words
from xnai_pipelines.state.schemas import PASSAGE_COLUMNS
from xnai_pipelines.state.table_reading import vectors_of

PASSAGES = "passages.arrow"
PASSAGES_SCHEMA = pa.schema(
    [column for column in PASSAGE_COLUMNS if column[0] in {*SHOWN, "revision"} - set(SCHEMA.names)]
)
TITLE = "title_"  # before the names of the postings of titles
SUM = "sum.npy"  # of the vectors
BY_ROW = ("steps.npy", "errors.npy", "digests.npy", LENGTHS)  # arrays of the passages

_VECTORS = 4_096  # rows of vectors in memory
_DIGEST = 16  # bytes of a text's hash: two of 10^9 texts share one with a probability of 10^-21


def fill_corpus(folder: Path, rows: TableRows) -> dict[str, Any]:
    """Write the files of the corpus of all rows into an empty folder, and return their card."""
    with made_of(folder, rows) as made:
        made.write(made.lexicon)
    write_bits(folder, mean_of(folder))
    return completed(folder)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Files of passages that are complete but for the postings, which depend on the words of other passages.

    Attributes:
        folder: Where they are.
        lexicon: The words of the passages.
        inverted: Their terms.
        titled: Their titles.
    """

    folder: Path
    lexicon: Lexicon
    inverted: Inverter
    titled: Inverter

    def write(self, lexicon: Lexicon) -> None:
        """Write the postings, with compounds divided into words of the lexicon, and the lexicon."""
        self.inverted.write(self.folder / BASE, "", lexicon.known)
        self.titled.write(self.folder / BASE, TITLE)
        lexicon.write(self.folder)


@contextmanager
def made_of(folder: Path, rows: TableRows) -> Iterator[Made]:
    """Write what files have of each passage and of its document."""
    with scratch(folder, "rows") as waiting, scratch(folder, "terms") as inverting, scratch(folder, "titles") as titles:
        inverted, titled = Inverter(inverting), Inverter(titles)
        with (
            arrow_file(folder / PASSAGES, PASSAGES_SCHEMA) as passages,
            piece_file(folder / BASE, rows.dimension) as base,
            ArrayFile(folder / "digests.npy", f"S{_DIGEST}") as digests,
        ):
            for some in rows.blocks(waiting):
                passages.write_table(_passages(some))
                base.append(vectors_of(some), _texts(some))
                digests.append(np.array([_digest(text) for text in some["text"].to_pylist()], f"S{_DIGEST}"))
                inverted.add(_terms(some))
                titled.add(_titles(some["heading_path"]))
        np.save(folder / PLACES, np.arange(len(rows.listed), dtype=np.int32))
        np.save(folder / LENGTHS, inverted.lengths)
        _add_documents(folder, rows.documents, waiting / "sums.npy")
        yield Made(folder, Lexicon.of(*inverted.words()), inverted, titled)


def _add_documents(folder: Path, documents: npt.NDArray[np.int32], sums_file: Path) -> None:
    """Give each vector its document's share, and write the codes of all."""
    path = folder / BASE / VECTORS
    vectors = np.load(path, mmap_mode="r")
    dimension, number = vectors.shape[1], int(documents.max(initial=-1)) + 1
    sums = new_array(sums_file, np.float32, (number, dimension))
    total = np.zeros(dimension, np.int64)
    for some in _blocks(len(documents)):
        np.add.at(sums, documents[some], part(path, some))
    with (
        ArrayFile(folder / BASE / CODES, np.int8, [dimension]) as codes,
        ArrayFile(folder / "steps.npy", np.float32) as steps,
        ArrayFile(folder / "errors.npy", np.float32) as errors,
    ):
        for some in _blocks(len(documents)):
            shared = with_share(part(path, some), sums[documents[some]])
            np.load(path, mmap_mode="r+")[some] = shared
            total += summed(shared)
            made = coded(shared)
            codes.append(made[0])
            steps.append(made[1])
            errors.append(made[2])
    np.save(folder / SUM, total)


def mean_of(folder: Path) -> npt.NDArray[np.float32]:
    """Return the mean that the bits of the vectors in a folder are relative to: float32 [d]."""
    return rounded_mean(np.load(folder / SUM), len(places_in(folder).of_rows))


def write_bits(folder: Path, mean: npt.NDArray[np.float32]) -> None:
    """Write the bits of the vectors in a folder, and their mean."""
    with ArrayFile(folder / "bits.npy", np.uint8, [bytes_of(len(mean))]) as bits:
        for some in _blocks(len(places_in(folder).of_rows)):
            bits.append(bits_of(rows_in(folder, VECTORS, some), mean))
    np.save(folder / "mean.npy", mean)


def completed(folder: Path) -> dict[str, Any]:
    """Write the files that depend on all passages, and return the card of all files."""
    write_weights(folder)
    np.save(folder / "originals.npy", _originals(np.load(folder / "digests.npy")))
    passages = mapped(folder / PASSAGES)
    np.save(folder / "documents.npy", numbered(passages["document_id"]))
    languages = pc.unique(passages["language"]).to_pylist()
    return {
        "analyser": ANALYSER,
        "languages": sorted({language if language in STEMMED else "" for language in languages}),
        "codes_error": float(np.load(folder / "errors.npy").max(initial=0.0)),
    }


def _blocks(number: int) -> Iterator[slice]:
    for begin in range(0, number, _VECTORS):
        yield slice(begin, min(number, begin + _VECTORS))


@contextmanager
def scratch(folder: Path, name: str) -> Iterator[Path]:
    """Yield a folder in the folder that is removed afterwards."""
    with TemporaryDirectory(dir=folder, prefix=f".{name}-") as path:
        yield Path(path)


@contextmanager
def arrow_file(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatchFileWriter]:
    """Yield what writes tables into a file."""
    with pa.ipc.new_file(str(path), schema) as file:
        yield file


def _passages(rows: pa.Table) -> pa.Table:
    """Return what a corpus has of the rows beside their texts; a column that the table lacks is empty."""
    columns = (
        rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in PASSAGES_SCHEMA
    )
    return pa.Table.from_arrays(list(columns), schema=PASSAGES_SCHEMA)


def _texts(rows: pa.Table) -> pa.Table:
    """Return the rows' texts, with what each passage has before its chunk's text, with which it ends."""
    texts = rows["text"].to_pylist()
    contexts = [whole.removesuffix(text) for whole, text in zip(rows["passage"].to_pylist(), texts, strict=True)]
    return pa.table([texts, contexts], schema=SCHEMA)


def _digest(text: str) -> bytes:
    # "S" arrays drop zero bytes at the end: the last byte is never one
    digest = hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()
    return digest[:-1] + bytes([digest[-1] | 1])


def _originals(digests: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int64]:
    """Return the first passage with the same text as each: int64 [n]."""
    _, first, codes = np.unique(digests, return_index=True, return_inverse=True)
    return first.astype(np.int64)[codes]


def _titles(headings: pa.ChunkedArray) -> pa.ListArray:
    """Return the first heading of each passage as its one term, none for passages without: list<string> [n]."""
    paths = headings.to_pylist()
    terms = {name: " ".join(title(words(name))) for name in {path[0] for path in paths if path}}
    return pa.array([[terms[path[0]]] if path else [] for path in paths], pa.list_(pa.string()))


def _terms(rows: pa.Table) -> pa.ListArray:
    """Return the stored terms of the rows; those made by another analyser, or by none, are made from the passages."""
    stored = rows["analyser"].to_pylist() if "analyser" in rows.column_names else [None] * len(rows)
    if all(version == ANALYSER for version in stored) and len(rows):
        return rows["terms"].combine_chunks()
    return terms_of(rows)


def terms_of(rows: pa.Table) -> pa.ListArray:
    """Return the terms of the rows' passages, each in the language of its row: list<string> [n]."""
    texts = zip(rows["passage"].to_pylist(), rows["language"].to_pylist(), strict=True)
    return pa.array([terms(passage, language) for passage, language in texts], pa.list_(pa.string()))
