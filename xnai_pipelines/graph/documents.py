"""Stored documents, read: which have changed, and those by this process or in shards by the workers of an engine."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.compute.engine import Engine
from xnai_pipelines.graph.arrays import flat
from xnai_pipelines.graph.code import FENCES, MEDIA_TYPES
from xnai_pipelines.graph.extraction import extraction_of, read_document
from xnai_pipelines.graph.grammars import GRAMMARS, is_installed
from xnai_pipelines.graph.reading import ORDER
from xnai_pipelines.graph.recognised import recognised_by
from xnai_pipelines.graph.rows import digest
from xnai_pipelines.graph.tables import EXTRACTIONS, MENTIONS, RECOGNISED
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.diff import Diff
from xnai_pipelines.state.document_shards import pays, rows_by_workers
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

DOCUMENTS_IN_COMMIT = 2_000
BYTES_IN_COMMIT = 16_000_000

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


def code_as_text(tables: Tables) -> dict[str, int]:
    """Return how many code passages were read as text, by language; nothing is read if there can be none."""
    if all(map(is_installed, GRAMMARS)):
        return {}
    counts = pc.value_counts(flat(tables.read(EXTRACTIONS, ["as_text"])["as_text"])[0])
    return dict(sorted((one["values"], one["counts"]) for one in counts.to_pylist()))


def chunks_wanted(tables: Tables, extractors: Sequence[str] = ()) -> dict[str, str]:
    """Return a hash of each document's chunks and of how they are read, with what these recognisers found in them."""
    rows = tables.read(CHUNKS, ["chunk_id", "document_id", "document_revision"])
    recognised, rules = recognised_by(tables, extractors), extraction_of()
    of = {chunk: extraction_of(found) for chunk, found in recognised.items()}
    extraction = [of.get(chunk, rules) for chunk in rows["chunk_id"].to_pylist()] if of else [rules] * len(rows)
    return _by_document(rows.append_column("extraction", pa.array(extraction, pa.string())))


def chunks_read(tables: Tables) -> dict[str, str]:
    """Return the same of the chunks that were read, and of how they were."""
    return _by_document(tables.read(EXTRACTIONS, ["chunk_id", "document_id", "document_revision", "extraction"]))


def _by_document(rows: pa.Table) -> dict[str, str]:
    chunks: dict[str, list[str]] = defaultdict(list)
    columns = (rows[name].to_pylist() for name in ("document_id", "chunk_id", "document_revision", "extraction"))
    for document, *of in zip(*columns, strict=True):
        chunks[document].append(" ".join(map(str, of)))
    return {document: digest(*sorted(each)) for document, each in chunks.items()}


def read_changed(context: StageContext, wanted: Mapping[str, str], work: Diff, extractors: Sequence[str]) -> None:
    """Bring the extractions in line with the documents, some documents in each commit."""
    context.tables.ensure(EXTRACTIONS)
    context.tables.delete(EXTRACTIONS, "document_id", work.removed)
    with context.progress.work("mentions", len(work.to_write), "documents") as advance:
        for batch in _batches(context, work.to_write):
            of = {document: wanted[document] for document in batch}
            rows = read_by(context.engine, context.home, of, advance, extractors)
            context.tables.merge(EXTRACTIONS, rows, within=("document_id", batch))


def _batches(context: StageContext, documents: Iterable[str]) -> Iterator[list[str]]:
    """Yield the documents in groups of bounded number and size."""
    sizes = context.tables.pairs(DOCUMENTS, "document_id", "size_bytes")
    batch: list[str] = []
    held = 0
    for document in documents:
        size = sizes.get(document) or 0
        if batch and (len(batch) >= DOCUMENTS_IN_COMMIT or held + size > BYTES_IN_COMMIT):
            yield batch
            batch, held = [], 0
        batch.append(document)
        held += size
    if batch:
        yield batch
