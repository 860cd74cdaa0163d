"""The decision on a challenger, and the release of a promoted one: the pointer moves last."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from xnai_pipelines.adapters.adapter import load_adapter
from xnai_pipelines.adapters.logged import log_comparison, tag_adapter
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import NotTrackedError, ReleaseError
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.evaluation.logged import find_evaluation, log_evaluation
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.releases.aliases import mirror_releases
from xnai_pipelines.releases.comparison import COMPARED_METRICS, Comparison
from xnai_pipelines.releases.decision import Decision, Outcome, approve, decisions, outcome_of, write_decision
from xnai_pipelines.releases.evaluate import (
    headline_metrics,
    last_comparison,
    read_challenger_evaluation,
    require_challenger,
)
from xnai_pipelines.releases.gate import Gate, Target, judge
from xnai_pipelines.releases.markdown import comparison_markdown, verdict_markdown
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.releases.rollback import keep_questions
from xnai_pipelines.search.make import fill_index, forget_deleted
from xnai_pipelines.state.context import StageContext, report_path, stage
from xnai_pipelines.state.layout import Home, write_json
from xnai_pipelines.state.manifest import Release, Releases, now
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, embeddings_spec
from xnai_pipelines.state.tracker import MlflowRun, Tracker


@dataclass(frozen=True, slots=True)
class DecisionOutcome:
    """The decision, its grounds, and its MLflow run."""

    decision: Decision
    comparison: Comparison
    mlflow_run: MlflowRun


@dataclass(frozen=True, slots=True)
class ReleaseOutcome:
    """Which release answers searches now, whether this run released it, and the reason in one sentence."""

    release: int
    released: bool
    reason: str
    seconds: float


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


def release_challenger(
    context: StageContext,
    tracker: Tracker,
    load_encoder: Callable[[], Encoder],
    *,
    exact_search_rows: int,
    approved_by: str | None,
) -> ReleaseOutcome:
    """Release a promoted challenger; do nothing if it was rejected or awaits approval.

    Its table is first brought in line with what was ingested since it was measured. Then the manifest is written and
    the pointer moves: the old release answers until then, the new one from then on. The MLflow aliases follow.

    Args:
        context: The home.
        tracker: MLflow store: mirrors the releases and keeps the challenger's evaluation as its release's baseline.
        load_encoder: Loads the challenger's encoder, if it is needed.
        exact_search_rows: Search is exact up to this many vectors, approximate above.
        approved_by: Person who approves a promotion that awaits approval; None: nobody does.

    Raises:
        DecisionError: An approval was given for a challenger that does not await one.
        TrackingUnavailableError: MLflow cannot be reached; the release stands, the next evaluation mirrors it.
    """
    releases = Releases(context.home.releases)
    published: Release | None = None
    with stage(context, "release") as watch:
        current, challenger = releases.require(), releases.challenger()
        if challenger is not None and challenger.embeddings_table == current.embeddings_table:
            # a run was killed after it moved the pointer
            releases.challenge(None)
            challenger, published = None, current
        reason = _why_not(context.home, current, challenger, approved_by)
        if challenger is not None and reason is None:
            published = _publish(context, releases, challenger, load_encoder(), exact_search_rows)
            reason = f"Release {published.release} answers searches now, replacing release {current.release}."
            watch.items = 1
    if published is not None:
        _log_baseline(context, tracker, published)
    mirror_releases(context, tracker)
    outcome = ReleaseOutcome((published or current).release, watch.items > 0, reason or "", watch.seconds)
    write_json(report_path(context.home, "release"), asdict(outcome))
    return outcome


def last_decision(home: Home, vector_space: str) -> Decision | None:
    """Return the newest decision on a challenger, None if it was not judged."""
    found = decisions(home.decisions)
    return next((decision for decision in found if decision.vector_space == vector_space), None)


def _why_not(home: Home, current: Release, challenger: Release | None, approved_by: str | None) -> str | None:
    """Return why the challenger is not released, None if it is to be released. Record an approval."""
    if challenger is None:
        return "There is no challenger."
    decision = last_decision(home, challenger.vector_space)
    if decision is None:
        return "The challenger was not judged."
    if approved_by is not None:
        decision = approve(decision, approved_by, datetime.now(UTC), current.release)
        write_decision(home.decisions, decision)
    if decision.outcome is Outcome.AWAITING_APPROVAL:
        return "The challenger awaits approval: `xnai approve`."
    if decision.outcome is not Outcome.PROMOTED:
        return "The challenger was rejected: " + " ".join(decision.verdict.reasons)
    if decision.champion_release != current.release:
        return (
            f"The challenger was judged against release {decision.champion_release}, but release {current.release} "
            "answers searches now. Retrain to judge it against that one."
        )
    return None


def _publish(
    context: StageContext, releases: Releases, challenger: Release, encoder: Encoder, exact_search_rows: int
) -> Release:
    spec = embeddings_spec(challenger.embeddings_table, challenger.dimension)
    forget_deleted(context, releases, spec)
    fill_index(context, encoder, challenger.release, spec, exact_search_rows)
    questions = read_questions(context.tables)
    keep_questions(releases, challenger.release, questions)
    release = replace(
        challenger,
        created_at=now(),
        table_versions={s.name: context.tables.version(s) for s in (DOCUMENTS, CHUNKS, spec)},
        questions=question_set(questions),
        metrics=headline_metrics(read_challenger_evaluation(context.home).report),
    )
    releases.publish(release, f"promoted over release {releases.require().release}")
    releases.challenge(None)
    return release


def _log_baseline(context: StageContext, tracker: Tracker, release: Release) -> None:
    """Log the challenger's evaluation as its release's first, which later ones are compared with."""
    measured = read_challenger_evaluation(context.home)
    if find_evaluation(tracker, measured.report) is None:
        tags = {
            "vector_space": release.vector_space,
            "dagster_run_id": context.run_id,
            "release": str(release.release),
        }
        log_evaluation(tracker, measured.report, per_question=measured.per_question, plots={}, tags=tags)


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
