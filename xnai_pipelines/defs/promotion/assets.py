"""The assets `challenger_index`, `adapter_evaluation`, `promotion_decision` and `release`."""

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.metadata import image, table_facts
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.evaluation.slices import Slice
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.evaluate import evaluate_challenger
from xnai_pipelines.releases.gate import Target
from xnai_pipelines.releases.markdown import comparison_markdown, verdict_markdown
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.releases.promotion import decide_promotion, release_challenger
from xnai_pipelines.settings import settings
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import embeddings_spec

GROUP = "promotion"


class ReleaseConfig(dg.Config):
    """Who approves a promotion."""

    approved_by: str | None = Field(
        default=None, description="Name of the person who approves the challenger that awaits approval."
    )


@dg.asset(
    deps=["adapted_encoder", "chunks"],
    group_name=GROUP,
    kinds={"python", "lancedb", "onnx", "table"},
    owners=["team:platform"],
    pool="lancedb",
)
def challenger_index(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The corpus embedded by the challenger, in a table beside that of the current release, which goes on serving."""
    model = encoder.load_challenger()
    report = index_challenger(stores.stage_context(context), model, threshold=stores.exact_search_rows)
    spec = embeddings_spec(report.table, model.dimension)
    return dg.MaterializeResult(
        metadata={
            **table_facts(stores.tables, spec, ["source", "start", "end", "heading_path", "text"]),
            "would_be_release": report.release,
            "vector_space": report.vector_space,
            "encoded": report.encoded,
            "from_cache": report.from_cache,
            "unchanged": report.unchanged,
            "seconds": round(report.seconds, 2),
        }
    )


@dg.asset(
    deps=["challenger_index", "questions"], group_name=GROUP, kinds={"python", "lancedb"}, owners=["team:platform"]
)
def adapter_evaluation(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource, tracking: TrackingResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Challenger against champion on the same questions and documents, with paired intervals, by slice and mode."""
    outcome = evaluate_challenger(stores.stage_context(context), tracking.tracker(), threads=encoder.threads)
    comparison = outcome.comparison
    return dg.MaterializeResult(
        metadata={
            "comparison": dg.MetadataValue.md(comparison_markdown(comparison)),
            "differences": image("challenger - champion", comparison_plot(comparison)),
            "questions": comparison.questions_statement,
            "champion": f"release {comparison.champion.release}, vector space {comparison.champion.vector_space}",
            "challenger": f"adapter {comparison.challenger.adapter}, vector space {comparison.challenger.vector_space}",
            "fingerprint": outcome.fingerprint,
            "measured_in_this_run": outcome.measured,
            "seconds": round(outcome.seconds, 2),
        }
    )


@dg.asset(deps=["adapter_evaluation"], group_name=GROUP, kinds={"python", "mlflow"}, owners=["team:platform"])
def promotion_decision(
    context: dg.AssetExecutionContext, stores: StoresResource, tracking: TrackingResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Promoted, rejected or awaiting approval, and why: the gate's rules with their figures.

    The run succeeds either way.
    """
    tags, current = context.run.tags, settings()
    target = Target(Slice.parse(tags["slice"]), tags["mode"]) if "slice" in tags else None
    outcome = decide_promotion(
        stores.stage_context(context),
        tracking.tracker(),
        current.gate,
        target,
        tags.get("cause"),
        ask=current.approval,
    )
    decision = outcome.decision
    return dg.MaterializeResult(
        metadata={
            "decision": str(decision.outcome),
            "verdict": dg.MetadataValue.md(verdict_markdown(decision.verdict)),
            "cause": decision.cause or "asked for by a person",
            "judged_against_release": decision.champion_release or 0,
            "challenger": decision.vector_space,
            "adapter": decision.adapter or "none",
            "mlflow_run": dg.MetadataValue.url(tracking.page(outcome.mlflow_run)),
        }
    )


@dg.asset(
    deps=["promotion_decision"],
    group_name=GROUP,
    kinds={"python", "lancedb", "mlflow"},
    owners=["team:platform"],
    pool="lancedb",
)
def release(
    context: dg.AssetExecutionContext,
    config: ReleaseConfig,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The release that answers searches: the challenger where it was promoted, else the champion as before.

    The manifest is written and the pointer moved at once, after all the rest. The MLflow aliases follow.
    """
    outcome = release_challenger(
        stores.stage_context(context),
        tracking.tracker(),
        encoder.load_challenger,
        threshold=stores.exact_search_rows,
        approved_by=config.approved_by,
    )
    manifest = Releases(stores.layout.releases).read(outcome.release)
    return dg.MaterializeResult(
        metadata={
            "release": outcome.release,
            "released_in_this_run": outcome.released,
            "reason": outcome.reason,
            "encoder": f"{manifest.encoder}, {manifest.precision}",
            "adapter": manifest.adapter or "none",
            "vector_space": manifest.vector_space,
            "table": manifest.embeddings_table,
            "question_set": manifest.questions or "not recorded",
            **{f"figures/{name}": value for name, value in manifest.metrics.items()},
            "seconds": round(outcome.seconds, 2),
        }
    )
