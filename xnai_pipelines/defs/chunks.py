"""Chunks: documents split into passages with their character ranges."""

from hashlib import blake2b

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import (
    column_lineage,
    column_schema,
    rate,
    result,
    rows_revision,
    table_facts,
    workers_table,
)
from xnai_pipelines.defs.resources import ChunkingResource, EncoderResource, StoresResource
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.tables import Tables

NAMED = 20
ORIGINS = {
    "chunk_id": ["document_id", "text"],
    "document_id": ["document_id"],
    "source": ["source"],
    "start": ["text"],
    "end": ["text"],
    "text": ["text"],
    "heading_path": ["headings"],
    "sections": ["headings"],
    "page": ["pages"],
    "media_type": ["media_type"],
    "language": ["language"],
    "passage": ["title", "headings", "text"],
    "token_count": ["text"],
    "document_revision": ["revision"],
}


class ChunksConfig(dg.Config):
    """Options of this run."""

    new_release: bool = Field(
        default=False, description="Cut for the configured encoder; set this for embeddings as well."
    )


def chunks(
    context: dg.AssetExecutionContext,
    config: ChunksConfig,
    base: Base,
    stores: StoresResource,
    chunking: ChunkingResource,
    encoder: EncoderResource,
) -> dg.MaterializeResult[None]:
    """Documents split into passages; `text == document.text[start:end]` always holds.

    Only documents whose text or structure changed are cut again, or all if the chunking itself changed.
    """
    spec = chunking.spec(encoder.choice.window(new_release=config.new_release))
    stage = stores.stage_context(context)
    report = make_chunks(stage, spec, encoder.choice.tokens(new_release=config.new_release))
    return result(
        report,
        rows_revision(stores.tables, CHUNKS, ["chunk_id", "revision"]),
        {"cut": "documents_cut", "removed": "documents_removed", "unchanged": "documents_unchanged"},
        **table_facts(stores.tables, CHUNKS, ["source", "ordinal", "start", "end", "token_count", "text"]),
        **{"dagster/column_lineage": column_lineage(base.key("documents"), ORIGINS)},
        strategy=spec.label,
        documents_per_second=rate(report.cut, report.seconds),
        workers=workers_table(stage.engine),
    )


def offsets_hold(stores: StoresResource) -> dg.AssetCheckResult:
    """`chunk.text == document.text[start:end]` for every chunk."""
    chunks = _ranges(stores.tables)
    # groups of many documents come in any order
    counted = chunks.group_by("document_id").aggregate([([], "count_all")]).sort_by("document_id")
    last = np.cumsum(counted["count_all"].to_numpy())
    ends = zip(counted["document_id"].to_pylist(), [0, *last.tolist()], last.tolist(), strict=False)
    places = {document: slice(first, end) for document, first, end in ends}
    wrong: list[str] = []
    for batch in stores.tables.stream(DOCUMENTS, ["document_id", "text"]):
        for document, text in zip(batch["document_id"].to_pylist(), batch["text"].to_pylist(), strict=True):
            place = places.get(document, slice(0, 0))
            wrong += [
                row["chunk_id"]
                for row in chunks[place].to_pylist()
                if _digest(text[row["start"] : row["end"]]) != row["digest"]
            ]
    return dg.AssetCheckResult(passed=not wrong, metadata={"chunks": len(chunks), "wrong": wrong[:NAMED]})


def _ranges(tables: Tables) -> pa.Table:
    """Return where each chunk lies and a digest of its text, by document: the texts may not fit in memory."""
    columns = ["document_id", "chunk_id", "start", "end"]
    schema = pa.schema([*(CHUNKS.schema.field(name) for name in columns), ("digest", pa.binary(16))])
    batches = [
        pa.RecordBatch.from_arrays(
            [*(batch[name] for name in columns), pa.array(map(_digest, batch["text"].to_pylist()), pa.binary(16))],
            schema=schema,
        )
        for batch in tables.stream(CHUNKS, [*columns, "text"], rows=4_096)
    ]
    return pa.Table.from_batches(batches, schema).sort_by("document_id").combine_chunks()


def no_orphan_chunks(stores: StoresResource) -> dg.AssetCheckResult:
    """Each chunk belongs to a document, and each document has chunks."""
    documents = stores.tables.ids(DOCUMENTS)
    cut = stores.tables.ids(CHUNKS, "document_id")
    orphans, uncut = sorted(cut - documents), sorted(documents - cut)
    return dg.AssetCheckResult(
        passed=not orphans and not uncut,
        metadata={"documents": len(documents), "orphans": orphans[:NAMED], "without_chunks": uncut[:NAMED]},
    )


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def definitions(base: Base) -> dg.Definitions:
    """Return the asset `chunks` and its checks."""
    return dg.Definitions(
        assets=[
            base.asset(
                chunks,
                version=(1, base.settings.chunking.label),
                deps=["documents"],
                group="ingest",
                kinds={"python", "lancedb", "table"},
                pool=base.pool,
                metadata={
                    "dagster/column_schema": column_schema(CHUNKS),
                    "dagster/column_lineage": column_lineage(base.key("documents"), ORIGINS),
                },
            )
        ],
        asset_checks=[
            base.check(offsets_hold, "chunks", blocking=True),
            base.check(no_orphan_chunks, "chunks", blocking=True),
        ],
    )
