"""What a training reports while it runs, and what is kept of it."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Validation:
    """Figures on held-out examples.

    `loss` is the task's own. `mrr` and `recall_at_1` rank the right passage among the passages of all validation
    pairs, None for language models.
    """

    loss: float
    mrr: float | None = None
    recall_at_1: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """A completed step of a training.

    `pairs_per_second` counts examples. `seconds_left` is None in the first step. `validation` is None unless it was
    measured after this step; step 0 has the figures before training.
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
        """Add a step's figures; `seconds` counts from the start of the training."""
        self.steps.append({"step": step, "loss": loss, "learning_rate": learning_rate, "seconds": round(seconds, 3)})

    def add_validation(self, step: int, figures: Validation) -> None:
        """Add what was measured after a step."""
        self.validation.append({"step": step, **asdict(figures)})

    def to_json(self) -> dict[str, Any]:
        """Return the content of curve.json."""
        return {"steps": self.steps, "validation": self.validation}
