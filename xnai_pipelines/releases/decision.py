"""The record of each decision: what was judged, how, on what grounds, and who approved it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import JsonValue, TypeAdapter, ValidationError

from xnai_pipelines.errors import DecisionError
from xnai_pipelines.releases.gate import Verdict
from xnai_pipelines.state.layout import Home, write_bytes

_VECTOR_SPACE = re.compile(r"[0-9A-Za-z_-]{1,64}")


class Outcome(StrEnum):
    """What became of a challenger."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    AWAITING_APPROVAL = "awaiting_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
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
        cause: Why there is a challenger, as a sentence; None if no cause was given.
        approved_by: Person who approved it, None if no approval was needed or given yet.
        approved_at: Time of the approval, UTC.
    """

    outcome: Outcome
    verdict: Verdict
    decided_at: datetime
    champion_release: int | None
    vector_space: str
    adapter: str | None
    pairs_sha256: str | None
    config: Mapping[str, JsonValue]
    judged_on: str
    cause: str | None
    approved_by: str | None = None
    approved_at: datetime | None = None

    @property
    def name(self) -> str:
        """The file's name without suffix: one for each challenger and the grounds it was judged on."""
        return f"{self.vector_space}-{hashlib.sha256(self.judged_on.encode()).hexdigest()[:12]}"


_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


def outcome_of(verdict: Verdict, *, ask: bool) -> Outcome:
    """Return the outcome of a verdict; `ask` says whether a person has to approve a promotion."""
    if not verdict.promoted:
        return Outcome.REJECTED
    return Outcome.AWAITING_APPROVAL if ask else Outcome.PROMOTED


def write_decision(folder: Path, decision: Decision) -> Path:
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
    write_bytes(path, _DECISION.dump_json(decision, indent=2))
    return path


def read_decision(path: Path) -> Decision:
    """Return the decision that `write_decision` wrote.

    Raises:
        DecisionError: The file is damaged.
    """
    try:
        return _DECISION.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise DecisionError(
            f"The decision {path} is damaged ({where}: {first['msg']}). Delete it; the challenger is judged again."
        ) from error


def decisions(folder: Path) -> list[Decision]:
    """Return the decisions of a folder, newest first; none if there is no folder.

    Raises:
        DecisionError: A decision is damaged.
    """
    # by name first, so that decisions of the same moment keep an order
    found = [read_decision(path) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda decision: decision.decided_at, reverse=True)


def last_decision(home: Home, vector_space: str) -> Decision | None:
    """Return the newest decision on a challenger, None if it was not judged."""
    found = decisions(home.decisions)
    return next((decision for decision in found if decision.vector_space == vector_space), None)


def approve(decision: Decision, who: str, now: datetime, current_release: int | None) -> Decision:
    """Return the decision as promoted by a person; it is not written yet.

    Args:
        decision: A decision that awaits approval.
        who: The person.
        now: The current time, UTC.
        current_release: The release that answers searches now.

    Raises:
        DecisionError: It does not await approval, no person is named, or another release answers searches now.
    """
    if decision.outcome is not Outcome.AWAITING_APPROVAL:
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
    return replace(decision, outcome=Outcome.PROMOTED, approved_by=who.strip(), approved_at=now)
