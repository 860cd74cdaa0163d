"""Stored documents, read: by this process, or in shards by the workers of an engine."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from xnai_pipelines.compute.engine import Engine
from xnai_pipelines.graph.code import FENCES, MEDIA_TYPES
from xnai_pipelines.graph.extraction import read_document
from xnai_pipelines.graph.reading import ORDER
from xnai_pipelines.graph.recognised import recognised_by
from xnai_pipelines.graph.tables import EXTRACTIONS, MENTIONS, RECOGNISED
from xnai_pipelines.state.document_shards import pays, rows_by_workers
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.tables import Tables, is_in

OF_DOCUMENT = ["document_id", "source", "title", "headings", "language", "revision"]
OF_CODE = ["document_id", "media_type", "text"]
OF_CHUNK = ["chunk_id", "document_id", "ordinal", "start", "end", "text"]
HAS_CODE = " OR ".join((is_in("media_type", MEDIA_TYPES), *(f"contains(text, '{fence}')" for fence in FENCES)))


def read_by(
    engine: Engine,
    home: Home,
    wanted: Mapping[str, str],
    progress: Callable[[int], object],
    extractors: Sequence[str] = (),
) -> pa.Table:
    """Return the rows of the table `extractions` for some documents, by document and place.

    Args:
        engine: Where the workers are.
        home: The home, which every worker reaches by the same path.
        wanted: What determines the rows of each document, by its id.
        progress: Called with the number of documents that are done.
        extractors: Recognisers whose findings are in the rows.
    """
    if pays(engine, len(wanted)):
        read = partial(read_documents, extractors=tuple(extractors))
        return rows_by_workers(engine, home, MENTIONS.name, read, wanted, progress).sort_by(ORDER)
    rows = read_documents(Tables.of(home), list(wanted), extractors)
    progress(len(wanted))
    return rows


def read_documents(tables: Tables, documents: Sequence[str], extractors: Sequence[str] = ()) -> pa.Table:
    """Return the rows of the table `extractions` for these documents, by document and place.

    Args:
        tables: Tables of the home.
        documents: Their ids.
        extractors: Recognisers whose findings are in the rows.
    """
    where = is_in("document_id", documents)
    by_document: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for chunk in tables.read(CHUNKS, OF_CHUNK, where).sort_by("ordinal").to_pylist():
        by_document[chunk["document_id"]].append(chunk)
    with_code = tables.read(DOCUMENTS, OF_CODE, f"({HAS_CODE}) AND {where}")
    texts = {row["document_id"]: row for row in with_code.to_pylist()}
    recognised = recognised_by(tables, extractors, documents, RECOGNISED.schema.names)
    rows = []
    for document in tables.read(DOCUMENTS, OF_DOCUMENT, where).to_pylist():
        identity = document["document_id"]
        rows += read_document({**document, **texts.get(identity, {})}, by_document[identity], recognised)
    return pa.Table.from_pylist(rows, schema=EXTRACTIONS.schema).sort_by(ORDER)
