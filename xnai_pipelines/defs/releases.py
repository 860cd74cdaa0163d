"""Releases: the challenger beside the champion, the decision, and the release."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from xnai_pipelines.autonomy.alerts.alert import Alert, AlertSeverity
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.embeddings import soundness
from xnai_pipelines.defs.metadata import image, result, revision_of, rows_revision, table_facts
from xnai_pipelines.defs.resources import AlertsResource, EncoderResource, StoresResource, TrackingResource
from xnai_pipelines.evaluation.slices import Slice
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.decide import RetrainingRequest, decide_promotion
from xnai_pipelines.releases.decision import PromotionDecision, PromotionOutcome
from xnai_pipelines.releases.evaluate import evaluate_challenger
from xnai_pipelines.releases.gate import Target
from xnai_pipelines.releases.logged import aliases
from xnai_pipelines.releases.markdown import comparison_markdown, verdict_markdown
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.releases.release import release_challenger
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import embeddings_spec


class ReleaseConfig(dg.Config):
    """Who approves a promotion."""

    approved_by: str | None = Field(
        default=None, description="Name of the person who approves the challenger that awaits approval."
    )


class ChallengerConfig(dg.Config):
    """What challenges the current release."""

    encoder: str | None = Field(
        default=None,
        description="Encoder to try: multilingual-e5-small, a folder, or a hub id if XNAI_ENCODER is one; after a plus "
        "sign it becomes the companion of the release's. Unset: the adapted encoder.",
    )


def challenger_index(
    context: dg.AssetExecutionContext, config: ChallengerConfig, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult[None]:
    """The corpus embedded by the challenger, in its own table. The current release keeps answering searches."""
    model = encoder.choice.to_challenge(config.encoder)
    report = index_challenger(
        stores.stage_context(context),
        model,
        exact_search_rows=stores.exact_search_rows,
        origin=encoder.choice.origin(config.encoder),
    )
    spec = embeddings_spec(report.table, model.dimension)
    return result(
        report,
        rows_revision(stores.tables, spec, ["chunk_id", "revision"], report.vector_space),
        {"release": "would_be_release", "truncated": "truncated_passages"},
        **table_facts(stores.tables, spec, ["source", "start", "end", "heading_path", "text"]),
    )


def challenger_vectors_are_sound(stores: StoresResource) -> dg.AssetCheckResult:
    """Every vector of the challenger's table is finite, of unit length, and in its vector space."""
    challenger = Releases(stores.layout.releases).challenger()
    if challenger is None:
        return dg.AssetCheckResult(passed=False, description="The challenger's manifest is missing.")
    return soundness(stores.tables, challenger)


def adapter_evaluation(
    context: dg.AssetExecutionContext,
    base: Base,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """Challenger and champion on the same questions and documents, by slice and mode, with paired intervals."""
    outcome = evaluate_challenger(stores.stage_context(context), tracking.tracker(), threads=encoder.threads)
    comparison = outcome.comparison
    champion, challenger = comparison.champion, comparison.challenger
    return result(
        outcome,
        outcome.fingerprint,
        {"measured": "measured_in_this_run"},
        comparison=dg.MetadataValue.md(comparison_markdown(comparison)),
        differences=image("challenger - champion", comparison_plot(comparison, base.settings.gate.max_slice_loss)),
        questions=comparison.questions_statement,
        champion=f"release {champion.release}, vector space {champion.vector_space}",
        challenger=f"{challenger.encoder}, adapter {challenger.adapter or 'none'}, vector space "
        f"{challenger.vector_space}",
    )


def promotion_decision(
    context: dg.AssetExecutionContext,
    base: Base,
    stores: StoresResource,
    tracking: TrackingResource,
    alerts: AlertsResource,
) -> dg.MaterializeResult[None]:
    """Promoted, rejected or awaiting approval: the gate's rules with their figures.

    The run succeeds either way. An alert is sent for a challenger that awaits approval.
    """
    tags = context.run.tags
    target = Target(Slice.parse(tags["slice"]), tags["mode"]) if "slice" in tags else None
    outcome = decide_promotion(
        stores.stage_context(context),
        tracking.tracker(),
        base.settings.gate,
        RetrainingRequest(target, tags.get("reason"), tags.get("cause"), _began(context)),
        ask=base.settings.approval,
    )
    decision = outcome.decision
    if decision.outcome is PromotionOutcome.AWAITING_APPROVAL:
        alerts.tell(_request_for_approval(decision, alerts.run_page(context.run.run_id)), base.settings.webhook)
    return result(
        outcome,
        revision_of(decision.name, decision.outcome),
        decision=str(decision.outcome),
        approval=decision.asked_because or "not asked for",
        verdict=dg.MetadataValue.md(verdict_markdown(decision.verdict)),
        tried=dg.MetadataValue.md(outcome.tried),
        cause=decision.cause or "asked for by a person",
        judged_against_release=decision.champion_release or 0,
        challenger=decision.vector_space,
        encoder=decision.encoder,
        adapter=decision.adapter or "none",
        mlflow_run=tracking.link(outcome.mlflow_run),
    )


def _began(context: dg.AssetExecutionContext) -> datetime | None:
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return datetime.fromtimestamp(record.start_time, UTC) if record and record.start_time else None


def _request_for_approval(decision: PromotionDecision, page: str) -> Alert:
    words = [decision.asked_because or "", *decision.verdict.reasons, "`xnai approve --by NAME` releases it."]
    return Alert(
        kind="approval",
        title=f"A challenger of release {decision.champion_release} awaits approval",
        text=" ".join(words).strip(),
        severity=AlertSeverity.INFO,
        at=decision.decided_at,
        tags={"cause": decision.name},
        link=page,
    )


def release(
    context: dg.AssetExecutionContext,
    config: ReleaseConfig,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """The release that answers searches: the challenger if it was promoted, else the champion.

    The last step writes the manifest and moves the pointer atomically. The MLflow aliases follow.
    """
    outcome = release_challenger(
        stores.stage_context(context),
        tracking.tracker(),
        encoder.choice.load_challenger,
        exact_search_rows=stores.exact_search_rows,
        approved_by=config.approved_by,
    )
    manifest = Releases(stores.layout.releases).read(outcome.release)
    return result(
        outcome,
        revision_of(manifest.release, manifest.vector_space),
        {"released": "released_in_this_run"},
        encoder=f"{manifest.encoder}, {manifest.variant}",
        adapter=manifest.adapter or "none",
        vector_space=manifest.vector_space,
        table=manifest.embeddings_table,
        question_set=manifest.questions or "not recorded",
        **{f"figures/{name}": value for name, value in manifest.metrics.items()},
    )


def aliases_mirror_the_releases(stores: StoresResource, tracking: TrackingResource) -> dg.AssetCheckResult:
    """The MLflow aliases champion and challenger match the release manifests."""
    releases = Releases(stores.layout.releases)
    champion, challenger = releases.require(), releases.challenger()
    wanted = {"champion": champion.vector_space} | ({"challenger": challenger.vector_space} if challenger else {})
    found = {str(alias): space for alias, space in aliases(tracking.tracker()).items()}
    return dg.AssetCheckResult(
        passed=found == wanted, severity=dg.AssetCheckSeverity.WARN, metadata={"mlflow": found, "manifests": wanted}
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the assets from `challenger_index` to `release` and their checks."""
    return dg.Definitions(
        assets=[
            base.asset(
                challenger_index,
                version=(1,),
                deps=["adapted_encoder", "chunks"],
                group="promotion",
                kinds={"python", "lancedb", "onnx", "table"},
                pool=base.pool,
            ),
            base.asset(
                adapter_evaluation,
                version=(1,),
                deps=["challenger_index", "questions"],
                group="promotion",
                kinds={"python", "lancedb"},
            ),
            base.asset(
                promotion_decision,
                version=(1, base.settings.gate, base.settings.approval),
                deps=["adapter_evaluation"],
                group="promotion",
                kinds={"python", "mlflow"},
            ),
            base.asset(
                release,
                version=(1,),
                deps=["promotion_decision"],
                group="promotion",
                kinds={"python", "lancedb", "mlflow"},
                pool=base.pool,
            ),
        ],
        asset_checks=[
            base.check(challenger_vectors_are_sound, "challenger_index", blocking=True),
            base.check(aliases_mirror_the_releases, "release"),
        ],
    )
