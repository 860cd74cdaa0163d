"""The asset `documents`."""

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.metadata import column_schema, counts_table, markdown_table, table_facts
from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.documents.make import DocumentsRequest, ingest_documents
from xnai_pipelines.state.schemas import DOCUMENTS, QUARANTINE


class DocumentsConfig(dg.Config):
    """What this run does beyond the usual."""

    verify: bool = Field(default=False, description="Hash every file instead of trusting its size and time.")
    retry_quarantined: bool = Field(default=False, description="Try the files in quarantine again.")
    allow_vanishing: bool = Field(
        default=False,
        description="Go on although many documents would be deleted, or the folder is empty.",
    )


@dg.asset(
    group_name="ingest",
    kinds={"python", "lancedb", "table"},
    owners=["team:platform"],
    pool="lancedb",
    metadata={"dagster/column_schema": column_schema(DOCUMENTS)},
)
def documents(
    context: dg.AssetExecutionContext, config: DocumentsConfig, stores: StoresResource, source: SourceResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The organisation's documents as normalised text, one row a document or record.

    Reads the files that are new or changed since the last run, removes what vanished, and puts in quarantine, with the
    reason, what cannot be read. Every entry of the folder ends as documents, quarantined or skipped.
    """
    request = DocumentsRequest(config.verify, config.retry_quarantined, config.allow_vanishing)
    inputs = source.inputs()
    report = ingest_documents(stores.stage_context(context), inputs, source.rules(), request)
    quarantine = stores.tables.read(QUARANTINE, ["source", "error_type", "error", "attempts"]).slice(0, 50)
    return dg.MaterializeResult(
        metadata={
            **table_facts(stores.tables, DOCUMENTS, ["source", "title", "media_type", "language", "parser", "text"]),
            "folder": dg.MetadataValue.path(str(inputs.documents)),
            **{f"files_{name}": count for name, count in report.changes.items()},
            "documents_written": report.written,
            "documents_deleted": report.deleted,
            "entries": counts_table(report.outcomes, "outcome"),
            "skipped": counts_table(report.skipped, "reason"),
            "encoding_repairs": counts_table(report.repaired, "repair"),
            "quarantine": dg.MetadataValue.md(
                markdown_table(quarantine.to_pylist(), ["source", "error_type", "error", "attempts"])
            ),
            "seconds": round(report.seconds, 2),
        }
    )
