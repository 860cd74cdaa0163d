"""The jobs that people, schedules and sensors start, and the sensor that ends killed runs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass, field
from typing import Any, TypeAlias

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

Jobs: TypeAlias = Mapping[str, Any]  # by name within the base

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


@dataclass(frozen=True)
class _AssetJob:
    """A job that materializes assets.

    Attributes:
        assets: Their keys within the base.
        why: Description in the UI.
        tags: Tags of its runs, beside those of every run.
        config: Configuration of assets that differs from their defaults.
    """

    assets: tuple[str, ...]
    why: str
    tags: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


# To add a job, add a line.
ASSET_JOBS = {
    "ingest": _AssetJob(INGEST, "Bring the search index in line with the folder of documents."),
    "evaluate": _AssetJob(
        (*EVALUATE, *LANGUAGE_MODEL),
        "Measure how well search, and the language model if one is set, answer the questions.",
    ),
    "refresh": _AssetJob((*INGEST, *EVALUATE), "Ingest, then evaluate: what `xnai run` does."),
    "retrain": _AssetJob(
        RETRAIN,
        "Train an adapter on the questions, compare it with the current release, and release it if it passes the gate.",
        # one at a time, also if a person asks for one while the sensor's is running
        tags=RETRAINING,
    ),
    "try_encoder": _AssetJob(
        TRY_ENCODER,
        "Embed the corpus with another encoder, compare it with the current release, and release it if it passes the "
        "gate. Launch it with the encoder's name in the config of `challenger_index`.",
        tags=RETRAINING,
    ),
    "approve": _AssetJob(
        ("release",),
        "Release the challenger that awaits approval. Launch it with your name as approved_by.",
        config={"release": {"approved_by": "the Dagster UI"}},
    ),
    "quantize": _AssetJob(
        QUANTIZE,
        "Build the variants of the encoder, measure them on the corpus, and choose one for the next release.",
    ),
    "compare_encoders": _AssetJob(
        ("encoder_card",), "Compare other encoders with the current one on the corpus and its questions."
    ),
    "health": _AssetJob(("document_health",), "Inspect the documents: what is stale, broken, unfinished or repeated."),
    "back_up": _AssetJob(("home_backup",), "Back up the home; other runs and searches continue."),
    "drill": _AssetJob(
        ("restore_drill",), "Restore the newest backup into a scratch folder and prove that it answers as it did."
    ),
}


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


# Jobs that write to the tables beside the assets, with their descriptions.
OP_JOBS: dict[str, tuple[Callable[..., None], str]] = {
    "maintain": (compact_tables, "Compact the tables and remove what nothing uses."),
    "rollback": (
        move_release_pointer,
        "Go back to an earlier release, or forward again. The next ingest applies edits made since.",
    ),
    "forget": (
        erase_document,
        "Erase a deleted document from everything that is kept, and show the proof by table.",
    ),
}


def jobs_of(base: Base) -> Jobs:
    """Return the jobs of a base by name; sensors and schedules ask for runs of them."""
    over_assets = {name: _over_assets(base, name, job) for name, job in ASSET_JOBS.items()}
    return over_assets | {name: base.op_job(name, run, description=why) for name, (run, why) in OP_JOBS.items()}


def _over_assets(base: Base, name: str, job: _AssetJob) -> Any:
    configured = {base.name(asset): {"config": dict(config)} for asset, config in job.config.items()}
    config = {"ops": configured} if configured else None
    return base.asset_job(name, job.assets, description=job.why, tags=job.tags, config=config)


def killed_runs(context: dg.SensorEvaluationContext, stores: StoresResource) -> dg.SkipReason:
    """Mark runs as failed if their process is gone."""
    ended = end_dead_runs(context.instance, stores.layout)
    return dg.SkipReason(f"Marked as ended: {', '.join(ended)}." if ended else "Every started run is alive.")


def definitions(base: Base, jobs: Jobs) -> dg.Definitions:
    """Return the jobs, and the sensor that ends what killed runs left behind."""
    return dg.Definitions(
        jobs=list(jobs.values()),
        sensors=[
            base.sensor(
                killed_runs,
                every_seconds=60,
                description="Marks runs whose process was killed as failed and frees the pool slots that they held.",
            )
        ],
    )
