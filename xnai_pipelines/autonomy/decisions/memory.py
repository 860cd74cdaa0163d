"""What the sensor remembers from tick to tick, as text in its cursor."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from xnai_pipelines.autonomy.decisions.finding import Finding, Kind, severity
from xnai_pipelines.evaluation.slices import Slice

# Evaluations by run id that are surely not read again, whatever the clock does.
RUNS_REMEMBERED = 50


class Action(StrEnum):
    """What a tick asks for."""

    NONE = "none"
    RETRAIN = "retrain"
    MAINTAIN = "maintain"
    INGEST = "ingest"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Standing:
    """A cause that the last evaluation found, by its worst finding: since when, and in how many in a row."""

    kind: Kind
    part: Slice
    mode: str
    beyond: float
    questions: int
    words: str
    since: datetime
    streak: int

    @property
    def severity(self) -> tuple[int, float, int, int, str]:
        """Orders causes, the worst first."""
        return severity(self.kind, self.part, self.beyond, self.questions)


def stand(finding: Finding, before: Standing | None, evaluated_at: datetime) -> Standing:
    """Return a cause as an evaluation found it, that stood before or did not."""
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
class Done:
    """What was last asked for because of a cause, other than retraining, and the cause's streak then."""

    action: Action
    streak: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of earlier ticks.

    Attributes:
        release: The release that all the rest is about.
        evaluated_at: Date of the last evaluation that was read.
        runs: Run ids of the last evaluations that were read or passed over, oldest first.
        standing: Causes that the last evaluation found, by name.
        done: What was asked for because of them.
        clock_back_at: When it was first seen that the last retraining is dated after the clock.
        note: Why nothing is remembered, a sentence; not kept.
    """

    release: int | None = None
    evaluated_at: datetime | None = None
    runs: tuple[str, ...] = ()
    standing: Mapping[str, Standing] = field(default_factory=dict)
    done: Mapping[str, Done] = field(default_factory=dict)
    clock_back_at: datetime | None = None
    note: str | None = None

    def to_json(self) -> str:
        """Return the memory as JSON text."""
        return _MEMORY.dump_json(replace(self, note=None), exclude_none=True).decode()

    @classmethod
    def from_json(cls, text: str | None) -> "Memory":
        """Return the memory that `to_json` wrote; an empty one, with a note, where the text is another's."""
        if not text:
            return cls()
        try:
            return _MEMORY.validate_json(text)
        except ValidationError:
            return cls(note="What was remembered of earlier ticks could not be read: evaluations are counted anew.")


_MEMORY: TypeAdapter[Memory] = TypeAdapter(Memory)
