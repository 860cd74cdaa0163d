"""Makes the files of a corpus from an embeddings table, a block of rows in memory at a time.

What grows with the number of passages is kept in files that are mapped into memory. In memory remain the ids of
passages and documents, and the distinct terms.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.search.bits import Bits, bytes_of
from xnai_pipelines.search.codes import Codes
from xnai_pipelines.search.document_share import with_share
from xnai_pipelines.search.inverting import Inverter
from xnai_pipelines.search.mapped import new_array
from xnai_pipelines.search.spelling import vocabulary_of
from xnai_pipelines.search.stems import STEMMED
from xnai_pipelines.search.words import ANALYSER, terms, title
from xnai_pipelines.state.tables import vectors_of

SHOWN = ["chunk_id", "document_id", "source", "start", "end", "heading_path", "page", "media_type", "language", "text"]
CONTEXT = pa.field("context", pa.string())
PASSAGES = "passages.arrow"
VOCABULARY = "vocabulary.arrow"
TITLE = "title_"  # before the names of the postings of titles

BLOCK = 8_192  # rows
READ = 8_192  # rows
_OPEN_FILES = 500
_DIGEST = 16  # bytes of a text's hash: two of 10^9 texts share one with a probability of 10^-21


def fill_corpus(folder: Path, table: Any, block: int = BLOCK) -> dict[str, Any]:
    """Write the files of the corpus of an embeddings table into a folder, and return their card.

    Args:
        folder: Empty folder.
        table: LanceDB table.
        block: Rows in memory at a time.
    """
    with _scratch(folder, "rows") as sorting:
        return _fill(folder, _SortedRows(table, sorting, block))


def _fill(folder: Path, rows: "_SortedRows") -> dict[str, Any]:
    shape = (len(rows.documents), rows.dimension)
    vectors = new_array(folder / "vectors.npy", np.float32, shape)
    digests = np.empty(shape[0], f"S{_DIGEST}")
    languages = set[str]()
    with _scratch(folder, "terms") as waiting, _scratch(folder, "titles") as titles:
        inverted, titled = Inverter(waiting), Inverter(titles)
        with _arrow_file(folder / PASSAGES, rows.schema) as passages:
            begin = 0
            for some in rows.blocks():
                passages.write_table(_passages(some, rows.schema))
                end = begin + len(some)
                vectors[begin:end] = vectors_of(some)
                digests[begin:end] = [_digest(text) for text in some["text"].to_pylist()]
                inverted.add(_terms(some))
                titled.add(_titles(some["heading_path"]))
                languages.update(language or "" for language in pc.unique(some["language"]).to_pylist())
                begin = end
        vocabulary = vocabulary_of(*inverted.words())
        with _arrow_file(folder / VOCABULARY, vocabulary.schema) as file:
            file.write_table(vocabulary)
        inverted.write(folder)
        titled.write(folder, TITLE)
    np.save(folder / "originals.npy", _originals(digests))
    with _scratch(folder, "documents") as sums:
        _add_documents(vectors, rows.documents, sums / "sums.npy", rows.block)
    values, steps = (
        new_array(folder / "codes.npy", np.int8, shape),
        new_array(folder / "steps.npy", np.float32, shape[:1]),
    )
    codes = Codes.of(vectors, values, steps)
    bits = Bits.of(vectors, new_array(folder / "bits.npy", np.uint8, (shape[0], bytes_of(shape[1]))))
    np.save(folder / "mean.npy", bits.mean)
    stems = {language if language in STEMMED else "" for language in languages}
    return {"languages": sorted(stems), "passages": shape[0], "codes_error": codes.error}


class _SortedRows:
    """The rows of a table in the order of their ids, which is a random one for the table.

    The table is read once, from the first row to the last; each row waits in the file of its block. Reading the rows
    of each block from the table would decode most of it again for every block.
    """

    def __init__(self, table: Any, scratch: Path, block: int) -> None:
        ids = table.search().select(["chunk_id", "document_id"]).to_arrow()
        order = pc.sort_indices(ids["chunk_id"]).to_numpy()
        self.documents = ids["document_id"].combine_chunks().dictionary_encode().indices.to_numpy()[order]
        self.schema = pa.schema([*(table.schema.field(name) for name in SHOWN), CONTEXT])
        self.dimension: int = table.schema.field("vector").type.list_size
        self.block = max(block, -(-len(order) // _OPEN_FILES))
        self._ids = np.array(ids["chunk_id"].to_pylist(), np.bytes_)[order]
        self._columns = [*SHOWN, "passage", "vector", *({"terms", "analyser"} & set(table.schema.names))]
        self._table = table
        self._scratch = scratch

    def blocks(self) -> Iterator[pa.Table]:
        """Yield the rows of each block; its file is then removed."""
        files = [self._scratch / f"{begin}.arrow" for begin in range(0, len(self._ids), self.block)]
        schema = pa.schema([self._table.schema.field(name) for name in self._columns])
        with ExitStack() as opened:
            writers = [opened.enter_context(pa.ipc.new_file(str(file), schema)) for file in files]
            for batch in self._table.search().select(self._columns).to_batches(READ):
                some = batch.select(self._columns)
                blocks = np.searchsorted(self._ids, np.array(some["chunk_id"].to_pylist(), np.bytes_)) // self.block
                some = some.take(pa.array(np.argsort(blocks, kind="stable")))
                begin = 0
                for block, number in zip(*np.unique(blocks, return_counts=True), strict=True):
                    writers[block].write_batch(some.slice(begin, number))
                    begin += number
        for file in files:
            with pa.memory_map(str(file)) as source:
                yield pa.ipc.open_file(source).read_all().sort_by("chunk_id").combine_chunks()
            file.unlink()


@contextmanager
def _scratch(folder: Path, name: str) -> Iterator[Path]:
    with TemporaryDirectory(dir=folder, prefix=f".{name}-") as path:
        yield Path(path)


@contextmanager
def _arrow_file(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatchFileWriter]:
    with pa.ipc.new_file(str(path), schema) as file:
        yield file


def _passages(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the rows with what each passage has before its chunk's text, with which it ends."""
    pairs = zip(rows["passage"].to_pylist(), rows["text"].to_pylist(), strict=True)
    context = pa.chunked_array([[whole.removesuffix(text) for whole, text in pairs]], pa.string())
    return pa.Table.from_arrays([*(rows[name] for name in SHOWN), context], schema=schema)


def _digest(text: str) -> bytes:
    # "S" arrays drop zero bytes at the end: the last byte is never one
    digest = hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()
    return digest[:-1] + bytes([digest[-1] | 1])


def _originals(digests: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int64]:
    """Return the first passage with the same text as each: int64 [n]."""
    _, first, codes = np.unique(digests, return_index=True, return_inverse=True)
    return first.astype(np.int64)[codes]


def _add_documents(vectors: npt.NDArray[np.float32], documents: npt.NDArray[np.int32], path: Path, block: int) -> None:
    """Give each vector its document's share, in place."""
    number = int(documents.max(initial=-1)) + 1
    sums = new_array(path, np.float32, (number, vectors.shape[1]))
    for begin in range(0, len(vectors), block):
        some = slice(begin, begin + block)
        np.add.at(sums, documents[some], vectors[some])
    for begin in range(0, len(vectors), block):
        some = slice(begin, begin + block)
        vectors[some] = with_share(vectors[some], sums[documents[some]])


def _titles(headings: pa.ChunkedArray) -> pa.ListArray:
    """Return the first heading of each passage as its one term, none for passages without: list<string> [n]."""
    paths = headings.to_pylist()
    terms = {name: " ".join(title(name)) for name in {path[0] for path in paths if path}}
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
