"""The asset `drift_report`."""

import dagster as dg

from xnai_pipelines.autonomy.drift.make import report_drift
from xnai_pipelines.autonomy.drift.markdown import report_markdown
from xnai_pipelines.defs.metadata import image
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource


@dg.asset(
    deps=["embeddings", "questions", "retrieval_evaluation"],
    group_name="evaluation",
    kinds={"python", "lancedb"},
    owners=["team:platform"],
)
def drift_report(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """What changed since the release was first evaluated: documents, questions, index, model, and the cause."""
    outcome = report_drift(stores.stage_context(context), encoder.load(new_release=False))
    report = outcome.report
    return dg.MaterializeResult(
        metadata={
            "conclusion": report.conclusion,
            "cause": str(report.cause),
            "training_may_mend_it": report.trainable,
            "tests": dg.MetadataValue.md(report_markdown(report)),
            "drift": image("documents and questions, at the release and now", outcome.plot),
            "compared_with_release": report.release,
            "profile_taken_now": outcome.first,
            "seconds": round(outcome.seconds, 2),
        }
    )
