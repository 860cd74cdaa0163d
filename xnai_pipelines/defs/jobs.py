"""The jobs that people, schedules and sensors start, and the sensor that ends killed runs."""

from dataclasses import asdict, astuple, dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import table
from xnai_pipelines.defs.resources import SourceResource, StoresResource, TrackingResource
from xnai_pipelines.defs.runs import end_dead_runs
from xnai_pipelines.errors import TrackingUnavailableError
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.releases.forget import forget
from xnai_pipelines.releases.logged import mirror_releases
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.releases.rollback import roll_back

GRAPH = ("mentions", "entities", "relations", "communities")
INGEST = ("mirrored_sources", "crawled_pages", "documents", "chunks", "embeddings", *GRAPH)
EVALUATE = (
    "questions",
    "ranking_policy",
    "retrieval_evaluation",
    "graph_evaluation",
    "answer_evaluation",
    "drift_report",
)
# Minutes on a processor: at night or when asked for, never between an edit and its index.
LANGUAGE_MODEL = ("language_model_evaluation",)
QUANTIZE = (
    "encoder_onnx",
    "calibration_texts",
    *(f"quantized_models/{variant.name}" for variant in VARIANTS),
    "precision_card",
    "candidate_encoder",
)
RETRAIN = (
    "questions",
    "training_pairs",
    "lora_adapter",
    "adapted_encoder",
    "challenger_index",
    "adapter_evaluation",
    "promotion_decision",
    "release",
)
# Beside the training of an adapter: another encoder, judged by the same gate.
TRY_ENCODER = ("questions", "challenger_index", "adapter_evaluation", "promotion_decision", "release")
RETRAINING = {"xnai/retraining": "one"}


def compact_tables(context: dg.OpExecutionContext, base: Base, stores: StoresResource) -> None:
    """Compact the tables, remove old versions, and delete what no release needs."""
    report = maintain(
        stores.stage_context(context),
        kept_releases=base.settings.kept_releases,
        access_log_days=base.settings.access_log_days,
    )
    context.add_output_metadata(
        {
            "bytes_before": report.bytes_before,
            "bytes_after": report.bytes_after,
            "releases_expired": list(report.expired),
            "tables_dropped": list(report.dropped),
            "cached_vectors_removed": report.vectors_removed,
            "access_logs_removed": report.access_logs_removed,
            "seconds": round(report.seconds, 2),
        }
    )


class RollbackConfig(dg.Config):
    """The release to move to."""

    release: int | None = Field(default=None, description="Number of the release. Unset: the one before the current.")


def move_release_pointer(
    context: dg.OpExecutionContext, config: RollbackConfig, stores: StoresResource, tracking: TrackingResource
) -> None:
    """Make another kept release current: its table, model and ranking policy, and its questions for now."""
    stage = stores.stage_context(context)
    report = roll_back(stage, config.release)
    context.add_output_metadata(asdict(report))
    try:
        mirror_releases(stage, tracking.tracker())
    except TrackingUnavailableError as error:  # the pointer is moved; the next evaluation mirrors it
        context.log.warning("The aliases in MLflow still name the release before. %s", error)


class ForgetConfig(dg.Config):
    """The document to erase."""

    source: str = Field(description="Source of the document or record, or path of a file of many records.")


def erase_document(
    context: dg.OpExecutionContext, config: ForgetConfig, stores: StoresResource, source: SourceResource
) -> None:
    """Erase a document from every kept table, its earlier versions, the questions and the vector cache."""
    intake = source.intake()
    report = forget(stores.stage_context(context), intake.inputs().documents, config.source, intake.rules().mirrors)
    columns = ["table", "rows removed", "rows left", "versions"]
    rows = [dict(zip(columns, astuple(table), strict=True)) for table in report.tables]
    context.add_output_metadata(
        {
            "source": report.source,
            "documents": report.documents,
            "tables": table(rows, columns),
            "cached_vectors_removed": report.cached_vectors,
            "adapters_trained_on_it": list(report.adapters),
        }
    )


@dataclass(frozen=True)
class Jobs:
    """The jobs of a base; sensors and schedules ask for runs of them."""

    ingest: Any
    evaluate: Any
    refresh: Any
    retrain: Any
    try_encoder: Any
    approve: Any
    quantize: Any
    compare_encoders: Any
    health: Any
    back_up: Any
    drill: Any
    maintain: dg.JobDefinition
    rollback: dg.JobDefinition
    forget: dg.JobDefinition

    @classmethod
    def of(cls, base: Base) -> "Jobs":
        """Return the jobs of a base."""
        return cls(
            ingest=base.asset_job(
                "ingest", INGEST, description="Bring the search index in line with the folder of documents."
            ),
            evaluate=base.asset_job(
                "evaluate",
                [*EVALUATE, *LANGUAGE_MODEL],
                description="Measure how well search, and the language model if one is set, answer the questions.",
            ),
            refresh=base.asset_job(
                "refresh", [*INGEST, *EVALUATE], description="Ingest, then evaluate: what `xnai run` does."
            ),
            retrain=base.asset_job(
                "retrain",
                RETRAIN,
                # one at a time, also where a person asks for one while the sensor's is running
                tags=RETRAINING,
                description="Train an adapter on the questions, compare it with the current release, and release it "
                "if it passes the gate.",
            ),
            try_encoder=base.asset_job(
                "try_encoder",
                TRY_ENCODER,
                tags=RETRAINING,
                description="Embed the corpus with another encoder, compare it with the current release, and "
                "release it if it passes the gate. Launch it with the encoder's name in the config of "
                "`challenger_index`.",
            ),
            approve=base.asset_job(
                "approve",
                ["release"],
                config={"ops": {base.name("release"): {"config": {"approved_by": "the Dagster UI"}}}},
                description="Release the challenger that awaits approval. Launch it with your name as approved_by.",
            ),
            quantize=base.asset_job(
                "quantize",
                QUANTIZE,
                description="Build the variants of the encoder, measure them on the corpus, and choose one for the "
                "next release.",
            ),
            compare_encoders=base.asset_job(
                "compare_encoders",
                ["encoder_card"],
                description="Compare other encoders with the current one on the corpus and its questions.",
            ),
            health=base.asset_job(
                "health",
                ["document_health"],
                description="Inspect the documents: what is stale, broken, unfinished or repeated.",
            ),
            back_up=base.asset_job(
                "back_up", ["home_backup"], description="Back up the home; other runs and searches continue."
            ),
            drill=base.asset_job(
                "drill",
                ["restore_drill"],
                description="Restore the newest backup into a scratch folder and prove that it answers as it did.",
            ),
            maintain=base.op_job(
                "maintain", compact_tables, description="Compact the tables and remove what nothing uses."
            ),
            rollback=base.op_job(
                "rollback",
                move_release_pointer,
                description="Go back to an earlier release, or forward again. The next ingest applies edits made "
                "since.",
            ),
            forget=base.op_job(
                "forget",
                erase_document,
                description="Erase a deleted document from everything that is kept, and show the proof by table.",
            ),
        )

    def all(self) -> list[Any]:
        """Return every job."""
        return list(vars(self).values())


def killed_runs(context: dg.SensorEvaluationContext, stores: StoresResource) -> dg.SkipReason:
    """Mark runs as failed if their process is gone."""
    ended = end_dead_runs(context.instance, stores.layout)
    return dg.SkipReason(f"Marked as failed: {', '.join(ended)}." if ended else "Every started run is alive.")


def definitions(base: Base, jobs: Jobs) -> dg.Definitions:
    """Return the jobs, and the sensor that ends what killed runs left behind."""
    return dg.Definitions(
        jobs=jobs.all(),
        sensors=[
            base.sensor(
                killed_runs,
                every_seconds=60,
                description="Marks runs whose process was killed as failed and frees the pool slots that they held.",
            )
        ],
    )
