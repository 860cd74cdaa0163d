"""Evaluations made up of groups of questions, one a night."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from xnai_pipelines.autonomy.decisions.attempts import Attempt
from xnai_pipelines.autonomy.decisions.decide import Decision, DriftSummary, decide
from xnai_pipelines.autonomy.decisions.logged_evaluation import LoggedEvaluation
from xnai_pipelines.autonomy.decisions.memory import Action, Memory
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.evaluation.metrics import METRICS
from xnai_pipelines.evaluation.per_question import PER_QUESTION

RELEASED = datetime(2026, 3, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Group:
    """Questions with these values of nDCG@10; a right document is in the top 10 where it is above 0."""

    name: str
    ndcg: Sequence[float]
    hybrid: Sequence[float] | None = None
    language: str | None = "en"
    folder: str = "."
    origin: str = "labelled"
    split: str = "test"
    latency_ms: float = 5.0
    raised: int = 0
    modes: tuple[str, ...] = ("vector", "hybrid", "keyword")

    def rows(self) -> list[dict[str, object]]:
        found = []
        for mode in self.modes:
            for number, value in enumerate(self.ndcg if mode != "hybrid" or self.hybrid is None else self.hybrid):
                raised = number < self.raised
                value = 0.0 if raised else float(value)
                found += [
                    {
                        **dict.fromkeys(METRICS, 0.0),
                        "question_id": f"{self.name}{number}",
                        "question": f"{self.name} {number}?",
                        "origin": self.origin,
                        "split": self.split,
                        "language": self.language,
                        "folder": self.folder,
                        "level": level,
                        "mode": mode,
                        "ndcg_at_10": value,
                        "success_at_10": float(value > 0),
                        "latency_ms": self.latency_ms,
                        "error": "TimeoutError: slow" if raised else None,
                    }
                    for level in ("document", "chunk")
                ]
        return found


def steady(number: int, seed: int = 0) -> np.ndarray:
    """nDCG@10 as search gives it: half at rank 1, a fifth not found; the mean is about 0.66."""
    ranks = np.random.default_rng(seed).choice([1, 2, 4, 8, 0], size=number, p=[0.5, 0.15, 0.1, 0.05, 0.2])
    return np.where(ranks > 0, 1 / np.log2(np.maximum(ranks, 1) + 1), 0.0)


def fallen(values: np.ndarray, questions: int) -> np.ndarray:
    """The values with the first `questions` that were answered answered no longer."""
    values = values.copy()
    values[np.flatnonzero(values)[:questions]] = 0.0
    return values


def night(
    day: int, *groups: Group, release: int = 1, run_id: str | None = None, at: datetime | None = None
) -> LoggedEvaluation:
    table = pa.Table.from_pylist([row for group in groups for row in group.rows()], schema=PER_QUESTION)
    return LoggedEvaluation(run_id or f"run{day}", at or RELEASED + day * DAY, release, table)


# Below the champion, and above the floor.
ENGLISH = Group("en", steady(120))
FALLEN = replace(ENGLISH, ndcg=fallen(steady(120), 12))
THRESHOLDS = Thresholds(accuracy_floor=0.5)
RUSSIAN = Group("ru", [0.0] * 40 + [0.5] * 20, language="ru")
BELOW = "below_champion:all@release1"


def attempt(
    day: float,
    outcome: str = "succeeded",
    *,
    cause: str = BELOW,
    number: int = 1,
    minutes: float = 10,
    release: int = 1,
) -> Attempt:
    return Attempt(cause, RELEASED + day * DAY, number, outcome, release, minutes)


class Sensor:
    """Ticks of one sensor: the memory goes from one to the next as text."""

    def __init__(self, baseline: LoggedEvaluation | None = None, thresholds: Thresholds = THRESHOLDS) -> None:
        self.baseline = baseline
        self.thresholds = thresholds
        self.cursor: str | None = None

    def tick(
        self,
        day: float,
        *nights: LoggedEvaluation,
        attempts: Sequence[Attempt] = (),
        drift: DriftSummary | None = None,
        waiting: str | None = None,
    ) -> Decision:
        now = RELEASED + day * DAY
        memory = Memory.from_json(self.cursor)
        decision = decide(
            evaluations=nights,
            baseline=self.baseline,
            attempts=attempts,
            drift=drift,
            memory=memory,
            thresholds=self.thresholds,
            now=now,
            waiting=waiting,
        )
        self.cursor = decision.memory.to_json()
        return decision


def sensor_after_two_bad_nights() -> Sensor:
    """A sensor that has read two degraded evaluations, of days 1 and 2, and would retrain."""
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(1.1, night(1, FALLEN))
    assert sensor.tick(2.1, night(2, FALLEN)).action is Action.RETRAIN
    return sensor
