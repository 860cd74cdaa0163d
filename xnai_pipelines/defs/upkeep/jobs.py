"""The jobs: ingest, evaluate, both, quantize, and maintain."""

import dagster as dg

from xnai_pipelines.resources import StoresResource
from xnai_pipelines.stages import maintain as run_maintenance

INGEST = dg.AssetSelection.assets("documents", "chunks", "embeddings")
EVALUATE = dg.AssetSelection.assets("questions", "retrieval_evaluation")

ingest = dg.define_asset_job(
    "ingest", selection=INGEST, description="Bring the search index in line with the folder of documents."
)
evaluate = dg.define_asset_job(
    "evaluate", selection=EVALUATE, description="Measure how well search answers the questions."
)
refresh = dg.define_asset_job(
    "refresh", selection=INGEST | EVALUATE, description="Ingest, then evaluate: what `xnai run` does."
)
quantize = dg.define_asset_job(
    "quantize",
    selection=dg.AssetSelection.groups("models"),
    description="Make the variants of the encoder, measure them on the corpus, and choose one for the next release.",
)


@dg.op(pool="lancedb")
def compact_tables(context: dg.OpExecutionContext, stores: StoresResource) -> None:
    """Compact the tables, remove old versions, drop what no release needs."""
    report = run_maintenance(stores.stage_context(context))
    context.add_output_metadata(
        {
            "bytes_before": report.bytes_before,
            "bytes_after": report.bytes_after,
            "tables_dropped": list(report.dropped),
            "cached_vectors_removed": report.vectors_removed,
            "seconds": round(report.seconds, 2),
        }
    )


@dg.job(description="Compact the tables and remove what nothing needs any more.")
def maintain() -> None:
    """Run the housekeeping."""
    compact_tables()
