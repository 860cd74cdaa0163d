"""What a training tells while it runs, and what is kept of it."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Validation:
    """Figures on examples that are not trained on.

    `loss` is the task's own. `mrr` and `recall_at_1` are of the right passage among the passages of all validation
    pairs, None for language models.
    """

    loss: float
    mrr: float | None = None
    recall_at_1: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a training that has just been done.

    `pairs_per_second` counts examples. `seconds_left` is None in the first step. `validation` is None but where it was
    measured after this step; step 0 has that of before the training.
    """

    step: int
    steps: int
    loss: float | None
    learning_rate: float
    pairs_per_second: float
    seconds_left: float | None
    validation: Validation | None = None


@dataclass(slots=True)
class Curve:
    """Loss, learning rate and seconds by step, and the validation figures with their steps."""

    steps: list[dict[str, float]] = field(default_factory=list)
    validation: list[dict[str, Any]] = field(default_factory=list)

    def add_step(self, step: int, loss: float, learning_rate: float, seconds: float) -> None:
        """Add a step's figures; `seconds` since the start of the training."""
        self.steps.append({"step": step, "loss": loss, "learning_rate": learning_rate, "seconds": round(seconds, 3)})

    def add_validation(self, step: int, figures: Validation) -> None:
        """Add what was measured after a step."""
        self.validation.append({"step": step, **asdict(figures)})

    def to_json(self) -> dict[str, Any]:
        """Return what curve.json holds."""
        return {"steps": self.steps, "validation": self.validation}
