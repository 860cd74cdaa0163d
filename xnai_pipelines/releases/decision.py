"""The decision on a challenger: the gate judges the last comparison; what was decided, on what grounds, is recorded."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import JsonValue

from xnai_pipelines.adapters.adapter import load_adapter
from xnai_pipelines.adapters.logged import log_comparison, tag_adapter
from xnai_pipelines.errors import DecisionError, NotTrackedError
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.markdown import markdown_table
from xnai_pipelines.evaluation.policy import PolicyReport, last_policy
from xnai_pipelines.evaluation.timeline import Event, EventKind
from xnai_pipelines.releases.challenger import require_challenger
from xnai_pipelines.releases.comparison import COMPARED_METRICS, MEGABYTE, Comparison
from xnai_pipelines.releases.evaluate import comparison_of
from xnai_pipelines.releases.gate import Gate, Target, Verdict, judge
from xnai_pipelines.releases.markdown import comparison_markdown, verdict_markdown
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.search.policy import DEFAULT_WEIGHT
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import MoveKind, Release, Releases
from xnai_pipelines.state.records import json_bytes, read_record, write_record
from xnai_pipelines.state.tracker import MlflowRun, Tracker

_VECTOR_SPACE = re.compile(r"[0-9A-Za-z_-]{1,64}")


class PromotionOutcome(StrEnum):
    """What became of a challenger."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    AWAITING_APPROVAL = "awaiting_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDecision:
    """One decision about one challenger.

    Attributes:
        outcome: What became of the challenger.
        verdict: The gate's verdict.
        decided_at: Time of the verdict, UTC.
        champion_release: Release that the challenger was judged against.
        vector_space: Vector space of the challenger.
        adapter: Id of the challenger's adapter, None if it has none.
        pairs_sha256: Hash of the training pairs, None if nothing was trained.
        config: Configuration of the training, with everything else that decides its result.
        judged_on: Fingerprint of what else the verdict depends on: champion, questions, documents, gate.
        cause: Why there is a challenger, in sentences; None if no cause was given.
        cause_id: Cause by which the automation counts its attempts, None if a person asked for the retraining.
        encoder: Name of the challenger's base encoder, None in records of version 0.1.
        minutes: Time of the run that made and judged the challenger, None if it was not recorded.
        shipped_mb: Size of its encoder in MB, None if it was not recorded.
        query_ms: 95th percentile of the time of a search with it, in ms; None if it was not measured.
        asked_because: Why a person has to approve the promotion, as a sentence; None if nobody has to.
        approved_by: Person who approved it, None if no approval was needed or given yet.
        approved_at: Time of the approval, UTC.
    """

    outcome: PromotionOutcome
    verdict: Verdict
    decided_at: datetime
    champion_release: int | None
    vector_space: str
    adapter: str | None
    pairs_sha256: str | None
    config: Mapping[str, JsonValue]
    judged_on: str
    cause: str | None
    cause_id: str | None = None
    encoder: str | None = None
    minutes: float | None = None
    shipped_mb: float | None = None
    query_ms: float | None = None
    asked_because: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None

    @property
    def name(self) -> str:
        """The file's name without suffix: one for each challenger and the grounds it was judged on."""
        return f"{self.vector_space}-{hashlib.sha256(self.judged_on.encode()).hexdigest()[:12]}"


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


def write_decision(folder: Path, decision: PromotionDecision) -> Path:
    """Write the decision into the folder atomically and return its file.

    The same challenger judged on the same grounds replaces its own record: a killed and restarted run leaves one.

    Raises:
        ValueError: The vector space cannot be part of a file name, or the time has no time zone.
    """
    if not _VECTOR_SPACE.fullmatch(decision.vector_space):
        raise ValueError(f"{decision.vector_space!r} is not a vector space: it may have letters, digits, '-' and '_'.")
    if decision.decided_at.tzinfo is None:
        raise ValueError("The time of a decision needs a time zone. Pass datetime.now(UTC).")
    path = folder / f"{decision.name}.json"
    write_record(path, decision)
    return path


def decisions(folder: Path) -> list[PromotionDecision]:
    """Return the decisions of a folder, newest first; none if there is no folder.

    Raises:
        RecordError: A decision is damaged.
    """
    # by name first, so that decisions of the same moment keep an order
    found = [read_record(path, PromotionDecision) for path in sorted(folder.glob("*.json"))]
    return sorted(filter(None, found), key=lambda decision: decision.decided_at, reverse=True)


def last_decision(home: Home, vector_space: str) -> PromotionDecision | None:
    """Return the newest decision on a challenger, None if it was not judged."""
    found = decisions(home.decisions)
    return next((decision for decision in found if decision.vector_space == vector_space), None)


def awaiting_approval(home: Home) -> Release | None:
    """Return the challenger if it awaits approval over the current release, None otherwise."""
    releases = Releases(home.releases)
    current, challenger = releases.current(), releases.challenger()
    decision = last_decision(home, challenger.vector_space) if challenger else None
    if current is None or decision is None or decision.champion_release != current.release:
        return None
    return challenger if decision.outcome is PromotionOutcome.AWAITING_APPROVAL else None


def was_promoted(home: Home, vector_space: str) -> bool:
    """Return whether the gate promoted a challenger of this vector space."""
    found = decisions(home.decisions)
    return any(one.vector_space == vector_space and one.outcome is PromotionOutcome.PROMOTED for one in found)


def approve(decision: PromotionDecision, who: str, now: datetime, current_release: int | None) -> PromotionDecision:
    """Return the decision as promoted by a person; it is not written yet.

    Args:
        decision: A decision that awaits approval.
        who: The person.
        now: The current time, UTC.
        current_release: The release that answers searches now.

    Raises:
        DecisionError: It does not await approval, no person is named, or another release answers searches now.
    """
    if decision.outcome is not PromotionOutcome.AWAITING_APPROVAL:
        raise DecisionError(
            f"The challenger {decision.vector_space} does not await approval: it is already {decision.outcome}."
        )
    if not who.strip():
        raise DecisionError("An approval needs the approver's name.")
    if decision.champion_release != current_release:
        raise DecisionError(
            f"The challenger {decision.vector_space} was judged against release {decision.champion_release}, but "
            f"release {current_release} answers searches now. Retrain to judge it against that one."
        )
    return replace(decision, outcome=PromotionOutcome.PROMOTED, approved_by=who.strip(), approved_at=now)


def model_events(home: Home) -> list[Event]:
    """Return the moves of the release pointer and the retrainings with their causes, oldest first."""
    moves = Releases(home.releases).moves()
    events = [
        Event(
            datetime.fromisoformat(move.at),
            EventKind.ROLLBACK if move.kind is MoveKind.ROLLED_BACK else EventKind.RELEASE,
            f"release {move.release}",
        )
        for move in moves
    ]
    for decision in decisions(home.decisions):
        kind = EventKind.REJECTED if decision.outcome is PromotionOutcome.REJECTED else EventKind.RETRAINING
        events.append(Event(decision.decided_at, kind, decision.cause_id or decision.cause or "asked for"))
    return sorted(events, key=lambda event: event.at)


@dataclass(frozen=True, slots=True)
class DecisionOutcome:
    """The decision, what was tried against the same release as a Markdown table, its grounds, and its MLflow run."""

    decision: PromotionDecision
    tried: str
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
    cause_id: str | None = None,
    began: datetime | None = None,
) -> DecisionOutcome:
    """Judge the challenger by the last comparison, and record the decision.

    Args:
        context: The home.
        tracker: MLflow store: the decision is logged there and the adapter is tagged with it.
        gate: The limits.
        target: What degraded; None if a person asked for the retraining.
        cause: Why there is a challenger, in sentences.
        ask: Whether a person approves every promotion. One that was rolled back needs approval in any case.
        cause_id: Cause by which the automation counts its attempts.
        began: Time at which the run began that made the challenger, UTC; None if it is unknown.

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
        verdict = judge(comparison, gate, target)
        asked = why_ask(releases, challenger.vector_space, ask=ask) if verdict.promoted else None
        # not the last trained adapter: another one may have been trained since this challenger was embedded
        adapter = load_adapter(context.home.adapters / challenger.adapter) if challenger.adapter else None
        outcome = (
            PromotionOutcome.AWAITING_APPROVAL
            if asked
            else PromotionOutcome.PROMOTED
            if verdict.promoted
            else PromotionOutcome.REJECTED
        )
        decided_at = datetime.now(UTC)
        decision = PromotionDecision(
            outcome=outcome,
            verdict=verdict,
            decided_at=decided_at,
            champion_release=comparison.champion.release,
            vector_space=challenger.vector_space,
            adapter=challenger.adapter,
            pairs_sha256=adapter.data_sha256 if adapter else None,
            config=json.loads(adapter.config.description) if adapter and adapter.config else {},
            judged_on=f"{kept.fingerprint} {gate} {target}",
            cause=cause,
            cause_id=cause_id,
            encoder=challenger.encoder,
            minutes=(decided_at - began).total_seconds() / 60 if began else None,
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
    files = {
        "comparison.json": json_bytes(comparison),
        "comparison.md": comparison_markdown(comparison).encode(),
        "verdict.md": f"{verdict_markdown(verdict)}\n{tried}".encode(),
        "differences.png": comparison_plot(comparison, gate.max_slice_loss),
    }
    run = _log(tracker, decision, comparison, files, context.run_id)
    return DecisionOutcome(decision, tried, comparison, run)


def _log(
    tracker: Tracker, decision: PromotionDecision, comparison: Comparison, files: Mapping[str, bytes], run_id: str
) -> MlflowRun:
    run = log_comparison(
        tracker,
        adapter_id=decision.adapter or "",
        fingerprint=decision.name,
        decision=str(decision.outcome),
        metrics=_metrics(comparison),
        files=files,
        tags={
            "vector_space": decision.vector_space,
            "dagster_run_id": run_id,
            "release": str(comparison.champion.release),
            "cause": decision.cause_id or decision.cause or "",
        },
    )
    if decision.adapter:
        with suppress(NotTrackedError):  # MLflow lost the adapter's run; the decision itself is logged above
            tag_adapter(tracker, decision.adapter, {"decision": str(decision.outcome)})
    return run


def remedies_markdown(judged: Sequence[PromotionDecision], policy: PolicyReport | None) -> str:
    """Return a table of what was tried against a release's fall: each remedy, its gain, its cost, what became of it.

    Args:
        judged: The decisions on the release's challengers.
        policy: The ranking policy, which the last evaluation chose again; None if there is none.
    """
    rows = []
    if policy is not None:
        chosen = f"ranking policy: vectors {policy.policy.vector_weight:g}, {policy.reason}"
        gain = "not measured" if policy.gain is None else f"{policy.gain:+.3f} over vectors {DEFAULT_WEIGHT:g}"
        rows.append(["each evaluation", chosen, gain, "", "", "", "in use"])
    for one in sorted(judged, key=lambda one: one.decided_at):
        rows.append(
            [
                f"{one.decided_at:%Y-%m-%d %H:%M} UTC",
                f"adapter {one.adapter} of {one.encoder}" if one.adapter else f"encoder {one.encoder}",
                _figure(one.verdict.gain, "+.3f"),
                _figure(one.minutes, ".1f"),
                _figure(one.query_ms, ".1f"),
                _figure(one.shipped_mb, ".0f"),
                str(one.outcome).replace("_", " "),
            ]
        )
    columns = ["decided", "remedy", "nDCG@10 gain", "minutes", "query ms (p95)", "MB", "outcome"]
    return markdown_table(columns, rows)


def _figure(value: float | Estimate | None, form: str) -> str:
    return "not recorded" if value is None else format(value, form)


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
