"""The decision on a challenger as it is recorded: what was decided, on what grounds, and who approved it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import JsonValue

from xnai_pipelines.errors import DecisionError
from xnai_pipelines.evaluation.timeline import Event, EventKind
from xnai_pipelines.releases.gate import Verdict
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import MoveKind, Release, Releases
from xnai_pipelines.state.records import read_record, write_record

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
