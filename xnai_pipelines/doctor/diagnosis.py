"""One fault of a home: where it is, what is wrong, and its fix."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Urgency(StrEnum):
    """Whether something does not work, or may soon not work."""

    FAULT = "fault"
    RISK = "risk"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A fault of a home.

    Attributes:
        kind: Short name, the same for all faults of a kind.
        where: File, folder, table, run or variable.
        what: What is wrong, in a sentence.
        remedy: The command or the step that fixes it.
        urgency: How much it matters.
        fix: Fixes it without losing anything; None if a person has to decide.
    """

    kind: str
    where: str
    what: str
    remedy: str
    urgency: Urgency = Urgency.FAULT
    fix: Callable[[], None] | None = field(default=None, compare=False, repr=False)

    @property
    def can_fix(self) -> bool:
        """Whether `xnai doctor --fix` fixes it."""
        return self.fix is not None


RESTORE = "`xnai backups`, then `xnai restore --into NEW_FOLDER` and XNAI_HOME=NEW_FOLDER"
AGAIN = "`xnai doctor --fix`; the next run makes it again"
