"""The gate judges the last comparison; the decision on the challenger is recorded, and logged to MLflow."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from xnai_pipelines.adapters.adapter import load_adapter
from xnai_pipelines.adapters.logged import log_comparison, tag_adapter
from xnai_pipelines.errors import NotTrackedError
from xnai_pipelines.evaluation.policy import last_policy
from xnai_pipelines.releases.challenger import require_challenger
from xnai_pipelines.releases.comparison import COMPARED_METRICS, MEGABYTE, Comparison
from xnai_pipelines.releases.decision import (
    PromotionDecision,
    PromotionOutcome,
    decisions,
    last_decision,
    write_decision,
)
from xnai_pipelines.releases.evaluate import comparison_of
from xnai_pipelines.releases.gate import Gate, Target, Verdict, judge
from xnai_pipelines.releases.markdown import comparison_markdown, remedies_markdown, verdict_markdown
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.records import json_bytes
from xnai_pipelines.state.tracker import MlflowRun, Tracker


@dataclass(frozen=True, slots=True)
class RetrainingRequest:
    """Why there is a challenger.

    Attributes:
        target: What degraded; None if a person asked for the retraining.
        cause: What was seen, in sentences.
        cause_id: Cause by which the automation counts its attempts.
        began: Time at which the run began that made the challenger, UTC; None if it is unknown.
    """

    target: Target | None = None
    cause: str | None = None
    cause_id: str | None = None
    began: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionOutcome:
    """The decision, what was tried against the same release as a Markdown table, its grounds, and its MLflow run."""

    decision: PromotionDecision
    tried: str
    comparison: Comparison
    mlflow_run: MlflowRun


def decide_promotion(
    context: StageContext, tracker: Tracker, gate: Gate, request: RetrainingRequest, *, ask: bool
) -> DecisionOutcome:
    """Judge the challenger by the last comparison, and record the decision.

    Args:
        context: The home.
        tracker: MLflow store: the decision is logged there and the adapter is tagged with it.
        gate: The limits.
        request: Why there is a challenger.
        ask: Whether a person approves every promotion. One that was rolled back needs approval in any case.

    Raises:
        ReleaseError: There is no challenger, or it was not evaluated.
        AdaptationError: The challenger's adapter is missing or damaged.
        TrackingUnavailableError: MLflow cannot be reached; the decision is kept, and the next run logs it.
    """
    releases = Releases(context.home.releases)
    with stage(context, "promotion_decision"):
        challenger = require_challenger(releases)
        kept = comparison_of(context.home, challenger)
        comparison = kept.comparison
        verdict = judge(comparison, gate, request.target)
        asked = why_ask(releases, challenger.vector_space, ask=ask) if verdict.promoted else None
        # not the last trained adapter: another one may have been trained since this challenger was embedded
        adapter = load_adapter(context.home.adapters / challenger.adapter) if challenger.adapter else None
        decided_at = datetime.now(UTC)
        decision = PromotionDecision(
            outcome=_outcome(verdict, asked),
            verdict=verdict,
            decided_at=decided_at,
            champion_release=comparison.champion.release,
            vector_space=challenger.vector_space,
            adapter=challenger.adapter,
            pairs_sha256=adapter.data_sha256 if adapter else None,
            config=json.loads(adapter.config.description) if adapter and adapter.config else {},
            judged_on=f"{kept.fingerprint} {gate} {request.target}",
            cause=request.cause,
            cause_id=request.cause_id,
            encoder=challenger.encoder,
            minutes=(decided_at - request.began).total_seconds() / 60 if request.began else None,
            shipped_mb=comparison.challenger.model_bytes / MEGABYTE,
            query_ms=comparison.challenger.query_ms_p95,
            asked_because=asked,
        )
        before = last_decision(context.home, decision.vector_space)
        if before is not None and before.name == decision.name:  # another run made the challenger
            decision = replace(decision, minutes=before.minutes)
        write_decision(context.home.decisions, decision)
    judged = [one for one in decisions(context.home.decisions) if one.champion_release == decision.champion_release]
    tried = remedies_markdown(judged, last_policy(context.home))
    return DecisionOutcome(decision, tried, comparison, _log(context, tracker, gate, decision, comparison, tried))


def why_ask(releases: Releases, vector_space: str, *, ask: bool) -> str | None:
    """Return why a person has to approve the promotion of a challenger, as a sentence; None if nobody has to.

    `ask` says whether a person approves every promotion.
    """
    if ask:
        return "A person approves every promotion (XNAI_APPROVAL)."
    undone = [release.release for release in releases.undone() if release.vector_space == vector_space]
    if undone:
        return f"It has the vectors of release {undone[-1]}, which a person rolled back."
    return None


def _outcome(verdict: Verdict, asked: str | None) -> PromotionOutcome:
    if asked:
        return PromotionOutcome.AWAITING_APPROVAL
    return PromotionOutcome.PROMOTED if verdict.promoted else PromotionOutcome.REJECTED


def _log(
    context: StageContext,
    tracker: Tracker,
    gate: Gate,
    decision: PromotionDecision,
    comparison: Comparison,
    tried: str,
) -> MlflowRun:
    run = log_comparison(
        tracker,
        adapter_id=decision.adapter or "",
        fingerprint=decision.name,
        decision=str(decision.outcome),
        metrics=_metrics(comparison),
        files={
            "comparison.json": json_bytes(comparison),
            "comparison.md": comparison_markdown(comparison).encode(),
            "verdict.md": f"{verdict_markdown(decision.verdict)}\n{tried}".encode(),
            "differences.png": comparison_plot(comparison, gate.max_slice_loss),
        },
        tags={
            "vector_space": decision.vector_space,
            "dagster_run_id": context.run_id,
            "release": str(comparison.champion.release),
            "cause": decision.cause_id or decision.cause or "",
        },
    )
    if decision.adapter:
        with suppress(NotTrackedError):  # MLflow lost the adapter's run; the decision itself is logged above
            tag_adapter(tracker, decision.adapter, {"decision": str(decision.outcome)})
    return run


def _metrics(comparison: Comparison) -> Mapping[str, float]:
    return {
        # MLflow allows only letters, digits and a few punctuation marks
        re.sub(r"[^\w. -]", "_", f"{compared.mode}.{compared.slice}.{metric}.{who}"): estimates[metric].mean
        for compared in comparison.compared
        for metric in COMPARED_METRICS
        for who, estimates in (
            ("champion", compared.champion),
            ("challenger", compared.challenger),
            ("difference", compared.difference),
        )
    }
