"""What the sensor remembers between ticks, as text in its cursor."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from xnai_pipelines.autonomy.decisions.findings import Degradation, Limit, severity
from xnai_pipelines.evaluation.slices import Slice

# Number of run ids kept, so that these evaluations are never read again, even if the clock changes.
RUNS_REMEMBERED = 50


class Action(StrEnum):
    """The action of a tick."""

    NONE = "none"
    RETRAIN = "retrain"
    MAINTAIN = "maintain"
    INGEST = "ingest"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Standing:
    """A cause that the last evaluation found, with its worst finding, its start and its streak of evaluations."""

    kind: Limit
    part: Slice
    mode: str
    beyond: float
    questions: int
    words: str
    since: datetime
    streak: int

    @property
    def severity(self) -> tuple[int, float, int, int, str]:
        """Sort key that puts the worst cause first."""
        return severity(self.kind, self.part, self.beyond, self.questions)


def stand(finding: Degradation, before: Standing | None, evaluated_at: datetime) -> Standing:
    """Return a cause as an evaluation found it. It continues `before` if the cause was already active."""
    return Standing(
        kind=finding.kind,
        part=finding.part,
        mode=finding.mode,
        beyond=finding.beyond,
        questions=finding.questions,
        words=finding.words,
        since=before.since if before else evaluated_at,
        streak=before.streak + 1 if before else 1,
    )


@dataclass(frozen=True, slots=True)
class LastAction:
    """The last action against a cause other than retraining, and the cause's streak at that time."""

    action: Action
    streak: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of earlier ticks.

    Attributes:
        release: Release that the other fields are about.
        evaluated_at: Time of the last evaluation that was read.
        runs: Run ids of the last evaluations that were read or skipped, oldest first.
        standing: Causes that the last evaluation found, by name.
        done: Actions against them.
        clock_back_at: Time at which the last retraining was first seen to be in the future.
        note: Sentence on why the memory is empty; not stored.
    """

    release: int | None = None
    evaluated_at: datetime | None = None
    runs: tuple[str, ...] = ()
    standing: Mapping[str, Standing] = field(default_factory=dict)
    done: Mapping[str, LastAction] = field(default_factory=dict)
    clock_back_at: datetime | None = None
    note: str | None = None

    def to_json(self) -> str:
        """Return the memory as JSON text."""
        return _MEMORY.dump_json(replace(self, note=None), exclude_none=True).decode()

    @classmethod
    def from_json(cls, text: str | None) -> "Memory":
        """Return the memory that `to_json` wrote, or an empty one with a note if the text is not valid."""
        if not text:
            return cls()
        try:
            return _MEMORY.validate_json(text)
        except ValidationError:
            return cls(note="The memory of earlier ticks could not be read: the count of evaluations starts again.")


_MEMORY: TypeAdapter[Memory] = TypeAdapter(Memory)
