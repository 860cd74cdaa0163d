"""Stored documents, read: by this process, or in shards by the workers of an engine.

A document is in the shard that its id says, so shards do not depend on the number of workers. A shard's file is named
after its content: what a killed run had read is found by the next.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from xnai_pipelines.compute.arrow_files import read_arrow, write_arrow
from xnai_pipelines.compute.engine import Engine
from xnai_pipelines.graph.extraction import read_document
from xnai_pipelines.graph.reading import ORDER
from xnai_pipelines.graph.rows import digest
from xnai_pipelines.graph.source_code import MEDIA_TYPE
from xnai_pipelines.graph.tables import EXTRACTIONS
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.tables import Tables, is_in

DOCUMENTS_IN_SHARD = 128
OF_DOCUMENT = ["document_id", "source", "title", "headings", "language", "revision"]
OF_SOURCE_CODE = ["document_id", "media_type", "text"]
OF_CHUNK = ["chunk_id", "document_id", "ordinal", "start", "end", "text"]


@dataclass(frozen=True, slots=True)
class DocumentShard:
    """Documents for one worker.

    Attributes:
        tables: Folder of the tables.
        documents: Their ids.
        result: Arrow file that the worker writes; there already if the shard was done.
    """

    tables: Path
    documents: tuple[str, ...]
    result: Path


def read_by(engine: Engine, home: Home, wanted: Mapping[str, str], progress: Callable[[int], object]) -> pa.Table:
    """Return the rows of the table `extractions` for some documents, by document and place.

    Args:
        engine: Where the workers are.
        home: The home, which every worker reaches by the same path.
        wanted: What determines the rows of each document, by its id.
        progress: Called with the number of documents of each shard that is done.
    """
    if not engine.apart or len(wanted) <= DOCUMENTS_IN_SHARD:
        rows = read_documents(Tables(home.lancedb), list(wanted))
        progress(len(wanted))
        return rows
    folder = home.shards / "mentions"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    buckets = -(-len(wanted) // DOCUMENTS_IN_SHARD)
    documents: dict[int, list[str]] = defaultdict(list)
    for document in sorted(wanted):
        documents[int(document[:8], 16) % buckets].append(document)
    shards = [
        DocumentShard(home.lancedb, tuple(each), folder / f"{digest(*each, *map(wanted.__getitem__, each))}.arrow")
        for each in documents.values()
    ]
    parts = []
    for shard in engine.map(read_shard, shards):
        parts.append(read_arrow(shard.result))
        progress(len(shard.documents))
    shutil.rmtree(folder)
    return pa.concat_tables(parts).sort_by(ORDER)


def read_shard(shard: DocumentShard) -> DocumentShard:
    """Return the shard with its file written; its documents are read if that was not done."""
    if not shard.result.is_file():
        write_arrow(shard.result, read_documents(Tables(shard.tables), shard.documents))
    return shard


def read_documents(tables: Tables, documents: Sequence[str]) -> pa.Table:
    """Return the rows of the table `extractions` for these documents, by document and place."""
    where = is_in("document_id", documents)
    by_document: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for chunk in tables.read(CHUNKS, OF_CHUNK, where).sort_by("ordinal").to_pylist():
        by_document[chunk["document_id"]].append(chunk)
    source_code = f"media_type = '{MEDIA_TYPE}' AND {where}"
    texts = {row["document_id"]: row for row in tables.read(DOCUMENTS, OF_SOURCE_CODE, source_code).to_pylist()}
    rows = []
    for document in tables.read(DOCUMENTS, OF_DOCUMENT, where).to_pylist():
        identity = document["document_id"]
        rows += read_document({**document, **texts.get(identity, {})}, by_document[identity])
    return pa.Table.from_pylist(rows, schema=EXTRACTIONS.schema).sort_by(ORDER)
