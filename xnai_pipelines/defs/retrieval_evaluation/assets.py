"""The asset `retrieval_evaluation`."""

import datetime

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.metadata import image
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.evaluation.history import tracked_metrics
from xnai_pipelines.evaluation.make import evaluate_retrieval
from xnai_pipelines.evaluation.markdown import summary_markdown, worst_questions_markdown
from xnai_pipelines.releases.aliases import mirror_releases
from xnai_pipelines.releases.events import model_events


class EvaluationConfig(dg.Config):
    """What this run does beyond the usual."""

    force: bool = Field(
        default=False, description="Measure again although index and questions are as they were measured."
    )


@dg.asset(
    deps=["embeddings", "questions"],
    group_name="evaluation",
    kinds={"python", "mlflow", "lancedb"},
    owners=["team:platform"],
    # nightly; 36 hours leave room for one late run
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=datetime.timedelta(hours=36)),
)
def retrieval_evaluation(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """How often search finds the documents that answer the questions, by mode, with 95 % intervals.

    Logged to MLflow with a row for each question. Labelled and generated questions have figures of their own.
    """
    stage, tracker = stores.stage_context(context), tracking.tracker()
    outcome = evaluate_retrieval(stage, tracker, model_events(stage.home), threads=encoder.threads, force=config.force)
    if outcome.measured:
        mirror_releases(stage, tracker)
    run = outcome.kept.mlflow_run
    figures = {
        f"figures/{name}": value
        for name, value in tracked_metrics(outcome.report).items()
        if not name.endswith(("_low", "_high"))
    }
    return dg.MaterializeResult(
        metadata={
            "summary": dg.MetadataValue.md(summary_markdown(outcome.report)),
            **{name: image(name, png) for name, png in outcome.plots.items()},
            "worst_questions": dg.MetadataValue.md(worst_questions_markdown(outcome.report)),
            "questions": outcome.report.headline.statement,
            "release": outcome.kept.release,
            "vector_space": outcome.kept.vector_space,
            "measured_in_this_run": outcome.measured,
            **({"mlflow_run": dg.MetadataValue.url(tracking.page(run))} if run else {}),
            **figures,
            "seconds": round(outcome.seconds, 2),
        }
    )
