"""Rows made of stored documents by the workers of an engine: each reads its shard's documents from the tables.

A document is in the shard that its id says, so shards do not depend on the number of workers. A shard's file is named
after its content: what a killed run had made is found by the next.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from xnai_pipelines.compute.arrow_files import read_arrow, write_arrow
from xnai_pipelines.compute.engine import Engine, in_shards
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.table_place import Bucket, place_of
from xnai_pipelines.state.tables import Tables

DOCUMENTS_IN_SHARD = 128

MakeRows = Callable[[Tables, Sequence[str]], pa.Table]
"""Makes rows of the documents with these ids; a function of a module, or a `partial` of one."""


@dataclass(frozen=True, slots=True)
class DocumentShard:
    """Documents for one worker.

    Attributes:
        tables: Where the tables lie.
        documents: Their ids.
        make: What makes the rows.
        result: Arrow file that the worker writes; there already if the shard was done.
    """

    tables: Path | Bucket
    documents: tuple[str, ...]
    make: MakeRows
    result: Path


def pays(engine: Engine, documents: int) -> bool:
    """Return whether so many documents are worth handing out."""
    return engine.apart and documents > DOCUMENTS_IN_SHARD


def rows_by_workers(
    engine: Engine, home: Home, what: str, make: MakeRows, wanted: Mapping[str, str], progress: Callable[[int], object]
) -> pa.Table:
    """Return the rows of some documents, those of a document together and in order.

    Args:
        engine: Where the workers are.
        home: The home, which every worker reaches by the same path.
        what: Name of the rows, for the folder of the shards' files.
        make: What makes the rows.
        wanted: What determines the rows of each document, by its id.
        progress: Called with the number of documents of each shard that is done.
    """
    folder = home.shards / what
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shards = []
    for each in in_shards(wanted, DOCUMENTS_IN_SHARD):
        name = hashlib.sha256("\n".join(f"{one} {wanted[one]}" for one in each).encode()).hexdigest()
        shards.append(DocumentShard(place_of(home), tuple(each), make, folder / f"{name}.arrow"))
    parts = []
    for shard in engine.map(make_shard, shards):
        parts.append(read_arrow(shard.result))
        progress(len(shard.documents))
    shutil.rmtree(folder)
    return pa.concat_tables(parts)


def make_shard(shard: DocumentShard) -> DocumentShard:
    """Return the shard with its file written; its rows are made if that was not done."""
    if not shard.result.is_file():
        write_arrow(shard.result, shard.make(Tables(shard.tables), shard.documents))
    return shard
