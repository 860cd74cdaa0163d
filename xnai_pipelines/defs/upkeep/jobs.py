"""The jobs: what people, schedules and sensors start."""

from dataclasses import asdict

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.metadata import markdown_table
from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.releases.aliases import mirror_releases
from xnai_pipelines.releases.forget import forget as forget_document
from xnai_pipelines.releases.maintain import maintain as run_maintenance
from xnai_pipelines.releases.rollback import roll_back
from xnai_pipelines.settings import settings
from xnai_pipelines.state.mlflow_connection import TrackingUnavailableError

INGEST = dg.AssetSelection.assets("documents", "chunks", "embeddings")
EVALUATE = dg.AssetSelection.assets("questions", "retrieval_evaluation", "drift_report")

ingest = dg.define_asset_job(
    "ingest", selection=INGEST, description="Bring the search index in line with the folder of documents."
)
evaluate = dg.define_asset_job(
    "evaluate", selection=EVALUATE, description="Measure how well search answers the questions."
)
refresh = dg.define_asset_job(
    "refresh", selection=INGEST | EVALUATE, description="Ingest, then evaluate: what `xnai run` does."
)
retrain = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets("questions") | dg.AssetSelection.groups("adaptation", "promotion"),
    # one at a time, also where a person asks for one while the sensor's is running
    tags={"xnai/retraining": "one"},
    description="Train an adapter on the questions, prove it better than the current release, and release it if it is.",
)
approve = dg.define_asset_job(
    "approve",
    selection=dg.AssetSelection.assets("release"),
    config={"ops": {"release": {"config": {"approved_by": "the Dagster UI"}}}},
    description="Release the challenger that awaits approval. Launch it with your name as approved_by.",
)
quantize = dg.define_asset_job(
    "quantize",
    selection=dg.AssetSelection.groups("models"),
    description="Make the variants of the encoder, measure them on the corpus, and choose one for the next release.",
)


@dg.op(pool="lancedb")
def compact_tables(context: dg.OpExecutionContext, stores: StoresResource) -> None:
    """Compact the tables, remove old versions, drop what no release needs."""
    report = run_maintenance(stores.stage_context(context), kept_releases=settings().kept_releases)
    context.add_output_metadata(
        {
            "bytes_before": report.bytes_before,
            "bytes_after": report.bytes_after,
            "releases_expired": list(report.expired),
            "tables_dropped": list(report.dropped),
            "cached_vectors_removed": report.vectors_removed,
            "seconds": round(report.seconds, 2),
        }
    )


@dg.job(description="Compact the tables and remove what nothing needs any more.")
def maintain() -> None:
    """Run the housekeeping."""
    compact_tables()


class RollbackConfig(dg.Config):
    """Where to go back to, or forward."""

    release: int | None = Field(default=None, description="Number of the release. Unset: the one before the current.")


@dg.op(pool="lancedb")
def move_release_pointer(
    context: dg.OpExecutionContext, config: RollbackConfig, stores: StoresResource, tracking: TrackingResource
) -> None:
    """Make another kept release the current one: its table, its model and its questions."""
    stage = stores.stage_context(context)
    report = roll_back(stage, config.release)
    context.add_output_metadata(asdict(report))
    try:
        mirror_releases(stage, tracking.tracker())
    except TrackingUnavailableError as error:  # the pointer is moved; the next evaluation mirrors it
        context.log.warning("The aliases in MLflow still name the release before. %s", error)


@dg.job(description="Go back to an earlier release, or forward again. Edits made since follow with the next ingest.")
def rollback() -> None:
    """Move the release pointer."""
    move_release_pointer()


class ForgetConfig(dg.Config):
    """What to forget."""

    source: str = Field(description="Source of the document or record, or path of a file of many records.")


@dg.op(pool="lancedb")
def erase_document(
    context: dg.OpExecutionContext, config: ForgetConfig, stores: StoresResource, source: SourceResource
) -> None:
    """Erase a document from every kept table, its earlier versions, the questions and the vector cache."""
    report = forget_document(stores.stage_context(context), source.inputs().documents, config.source)
    rows = [asdict(table) for table in report.tables]
    context.add_output_metadata(
        {
            "source": report.source,
            "documents": report.documents,
            "tables": dg.MetadataValue.md(markdown_table(rows, ["table", "rows_removed", "rows_found", "versions"])),
            "cached_vectors_removed": report.cached_vectors,
            "adapters_trained_on_it": list(report.adapters),
        }
    )


@dg.job(description="Erase a deleted document from everything that is kept, and show the proof by table.")
def forget() -> None:
    """Erase a document."""
    erase_document()
