"""Durations of stages, kept so that a plan can estimate the next run."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

REMEMBERED = 20  # runs of a stage from which its median throughput is taken


@dataclass(frozen=True, slots=True)
class StageRun:
    """One execution of a stage: its work and its duration."""

    stage: str
    run_id: str
    finished_at: str
    items: int
    seconds: float


def record(state: Path, run: StageRun) -> None:
    """Append a stage's execution to the history."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "stages.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(asdict(run)))  # the newline first: the last line may have been cut off


def history(state: Path) -> list[StageRun]:
    """Return the recorded executions, oldest first; skip a line cut off by a kill."""
    path = state / "stages.jsonl"
    if not path.exists():
        return []
    runs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            runs.append(StageRun(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return runs


def throughput(runs: list[StageRun], stage: str) -> float | None:
    """Return the median items per second over a stage's last executions that had work; None before the first."""
    rates = [run.items / run.seconds for run in runs if run.stage == stage and run.items and run.seconds > 0]
    return statistics.median(rates[-REMEMBERED:]) if rates else None
