"""The asset `chunks`."""

import dagster as dg
from pydantic import Field

from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.defs.metadata import column_schema, table_facts
from xnai_pipelines.defs.resources.encoder import ChunkingResource, EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.state.schemas import CHUNKS

LINEAGE = dg.TableColumnLineage(
    {
        column: [dg.TableColumnDep(dg.AssetKey("documents"), origin) for origin in origins]
        for column, origins in {
            "chunk_id": ["document_id", "text"],
            "document_id": ["document_id"],
            "source": ["source"],
            "start": ["text"],
            "end": ["text"],
            "text": ["text"],
            "heading_path": ["headings"],
            "page": ["pages"],
            "media_type": ["media_type"],
            "language": ["language"],
            "passage": ["title", "headings", "text"],
            "token_count": ["text"],
            "document_revision": ["revision"],
        }.items()
    }
)


class ChunksConfig(dg.Config):
    """What this run does beyond the usual."""

    new_release: bool = Field(
        default=False, description="Cut for the encoder of the settings; to be given to embeddings as well."
    )


@dg.asset(
    deps=["documents"],
    group_name="ingest",
    kinds={"python", "lancedb", "table"},
    owners=["team:platform"],
    pool="lancedb",
    metadata={"dagster/column_schema": column_schema(CHUNKS), "dagster/column_lineage": LINEAGE},
)
def chunks(
    context: dg.AssetExecutionContext,
    config: ChunksConfig,
    stores: StoresResource,
    chunking: ChunkingResource,
    encoder: EncoderResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Documents cut into passages; `text == document.text[start:end]`, always.

    Only documents whose text or structure changed are cut again, or all of them when the cutting itself changed.
    """
    spec = chunking.spec()
    report = make_chunks(stores.stage_context(context), spec, encoder.tokens(new_release=config.new_release))
    return dg.MaterializeResult(
        metadata={
            **table_facts(stores.tables, CHUNKS, ["source", "ordinal", "start", "end", "token_count", "text"]),
            "dagster/column_lineage": LINEAGE,
            "strategy": spec.label,
            "documents_cut": report.cut,
            "documents_removed": report.removed,
            "documents_unchanged": report.unchanged,
            "documents_per_second": round(report.cut / report.seconds, 1) if report.seconds else 0.0,
            "seconds": round(report.seconds, 2),
        }
    )
