"""The decision on a challenger: the gate judges the last comparison, and the decision is recorded and logged."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from xnai_pipelines.adapters.adapter import load_adapter
from xnai_pipelines.adapters.logged import log_comparison, tag_adapter
from xnai_pipelines.errors import NotTrackedError, ReleaseError
from xnai_pipelines.releases.comparison import COMPARED_METRICS, Comparison
from xnai_pipelines.releases.decision import Decision, outcome_of, write_decision
from xnai_pipelines.releases.evaluate import last_comparison, require_challenger
from xnai_pipelines.releases.gate import Gate, Target, judge
from xnai_pipelines.releases.markdown import comparison_markdown, verdict_markdown
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.tracker import MlflowRun, Tracker


@dataclass(frozen=True, slots=True)
class DecisionOutcome:
    """The decision, its grounds, and its MLflow run."""

    decision: Decision
    comparison: Comparison
    mlflow_run: MlflowRun


def decide_promotion(
    context: StageContext,
    tracker: Tracker,
    gate: Gate,
    target: Target | None,
    cause: str | None,
    *,
    ask: bool,
) -> DecisionOutcome:
    """Judge the challenger by the last comparison, and record the decision.

    Args:
        context: The home.
        tracker: MLflow store: the decision is logged there and the adapter is tagged with it.
        gate: The limits.
        target: What degraded; None if a person asked for the retraining.
        cause: Why there is a challenger, as a sentence.
        ask: Whether a person has to approve a promotion.

    Raises:
        ReleaseError: There is no challenger, or it was not evaluated.
        AdaptationError: The challenger's adapter is missing or damaged.
        TrackingUnavailableError: MLflow cannot be reached; the decision is kept, and the next run logs it.
    """
    releases = Releases(context.home.releases)
    with stage(context, "promotion_decision"):
        challenger, kept = require_challenger(releases), last_comparison(context.home)
        comparison = kept.comparison
        if comparison.challenger.vector_space != challenger.vector_space:
            raise ReleaseError(
                f"The challenger {challenger.vector_space} was not evaluated; the last comparison is of "
                f"{comparison.challenger.vector_space}. `xnai retrain` evaluates it."
            )
        verdict = judge(comparison, gate, target)
        # not the last trained adapter: another one may have been trained since this challenger was embedded
        adapter = load_adapter(context.home.adapters / challenger.adapter) if challenger.adapter else None
        decision = Decision(
            outcome=outcome_of(verdict, ask=ask),
            verdict=verdict,
            decided_at=datetime.now(UTC),
            champion_release=comparison.champion.release,
            vector_space=challenger.vector_space,
            adapter=challenger.adapter,
            pairs_sha256=adapter.data_sha256 if adapter else None,
            config=json.loads(adapter.config.description) if adapter and adapter.config else {},
            judged_on=f"{kept.fingerprint} {gate} {target}",
            cause=cause,
        )
        write_decision(context.home.decisions, decision)
    run = log_comparison(
        tracker,
        adapter_id=challenger.adapter or "",
        fingerprint=decision.name,
        decision=str(decision.outcome),
        metrics=_metrics(comparison),
        files={
            "comparison.json": comparison.to_json().encode(),
            "comparison.md": comparison_markdown(comparison).encode(),
            "verdict.md": verdict_markdown(verdict).encode(),
            "differences.png": comparison_plot(comparison, gate.max_slice_loss),
        },
        tags={
            "vector_space": challenger.vector_space,
            "dagster_run_id": context.run_id,
            "release": str(comparison.champion.release),
            "cause": cause or "",
        },
    )
    with suppress(NotTrackedError):  # MLflow lost the adapter's run; the decision itself is logged above
        tag_adapter(tracker, challenger.adapter or "", {"decision": str(decision.outcome)})
    return DecisionOutcome(decision, comparison, run)


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
