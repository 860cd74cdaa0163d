"""The rows of an embeddings table in the order of their ids, which is a random one for the table."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.search.words import ANALYSER
from xnai_pipelines.state.table_reading import is_in, reading

SHOWN = [
    "chunk_id", "document_id", "source", "start", "end", "heading_path", "sections", "page", "media_type", "language",
    "text",
]  # fmt: skip
BLOCK = 8_192  # rows

_READ = 8_192  # rows
_OPEN_FILES = 500
_DOCUMENTS = 1_000  # in one SQL list


@dataclass(frozen=True, slots=True, eq=False)
class TableRows:
    """Rows of an embeddings table.

    Attributes:
        table: LanceDB table.
        listed: The columns `chunk_id`, `document_id` and `revision` of the rows, in the order of their ids.
        among: Documents whose rows these are; None for all.
        block: Rows in memory at a time.
    """

    table: Any
    listed: pa.Table
    among: Sequence[str] | None = None
    block: int = BLOCK

    @classmethod
    def of(cls, table: Any, block: int = BLOCK) -> Self:
        """Return all rows of a table."""
        with reading(table):
            listed = table.search().select(["chunk_id", "document_id", "revision"]).to_arrow().sort_by("chunk_id")
        return cls(table, listed, block=max(block, -(-len(listed) // _OPEN_FILES)))

    def of_documents(self, documents: Sequence[str]) -> Self:
        """Return the rows of these documents."""
        return replace(self, among=documents, listed=self.listed.filter(of_any(self.listed, documents)))

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        size: int = self.table.schema.field("vector").type.list_size
        return size

    @property
    def documents(self) -> npt.NDArray[np.int32]:
        """The document of each row, counted from 0: int32 [n]."""
        return numbered(self.listed["document_id"])

    def hash(self) -> str:
        """Return a hash of the rows and of what makes words of them: 16 hexadecimal digits."""
        hashed = hashlib.sha256(str(ANALYSER).encode())
        for batch in self.listed.to_batches(max_chunksize=8 * _READ):
            hashed.update("\n".join(batch["chunk_id"].to_pylist()).encode())
            hashed.update("\n".join(batch["revision"].to_pylist()).encode())
        return hashed.hexdigest()[:16]

    def blocks(self, scratch: Path) -> Iterator[pa.Table]:
        """Yield the rows block by block.

        The table is read once, from the first row to the last; each row waits in the file of its block, in an empty
        folder. Reading the rows of each block from the table would decode most of it again for every block.
        """
        ids = ids_of(self.listed)
        files = [scratch / f"{begin}.arrow" for begin in range(0, len(ids), self.block)]
        fields = self.table.schema
        wanted = (*SHOWN, "revision", "passage", "vector", "terms", "analyser")
        names = [name for name in wanted if name in fields.names]  # a table of an older version may lack some
        schema = pa.schema([fields.field(name) for name in names])
        with ExitStack() as opened:
            writers = [opened.enter_context(pa.ipc.new_file(str(file), schema)) for file in files]
            for batch in self._batches(names):
                some = batch.select(names)
                blocks = np.searchsorted(ids, ids_of(some)) // self.block
                some = some.take(pa.array(np.argsort(blocks, kind="stable")))
                begin = 0
                for block, number in zip(*np.unique(blocks, return_counts=True), strict=True):
                    writers[block].write_batch(some.slice(begin, number))
                    begin += number
        for file in files:
            with pa.memory_map(str(file)) as source:
                yield pa.ipc.open_file(source).read_all().sort_by("chunk_id").combine_chunks()
            file.unlink()

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        query = self.table.search().select(columns)
        if self.among is None:
            yield from query.to_batches(_READ)
            return
        for first in range(0, len(self.among), _DOCUMENTS):
            wanted = is_in("document_id", self.among[first : first + _DOCUMENTS])
            yield from query.where(wanted).to_batches(_READ)


def numbered(names: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """Return which of the distinct names each is, counted from 0 in the order in which they come: int32 [n]."""
    numbers: npt.NDArray[np.int32] = names.combine_chunks().dictionary_encode().indices.to_numpy()
    return numbers


def ids_of(rows: pa.Table | pa.RecordBatch) -> npt.NDArray[np.bytes_]:
    """Return the ids of rows: bytes [n]."""
    return np.array(rows["chunk_id"].to_pylist(), np.bytes_)


def of_any(rows: pa.Table, documents: Sequence[str]) -> pa.ChunkedArray:
    """Return which rows are of one of the documents: boolean [n]."""
    return pc.is_in(rows["document_id"], pa.array(documents, pa.string()))
