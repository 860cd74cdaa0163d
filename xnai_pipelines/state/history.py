"""How long stages took, kept so that a plan can say how long the next run will take."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

REMEMBERED = 20  # runs of a stage that its throughput is the median of


@dataclass(frozen=True, slots=True)
class StageRun:
    """One execution of a stage: what it worked on and for how long."""

    stage: str
    run_id: str
    finished_at: str
    items: int
    seconds: float


def record(state: Path, run: StageRun) -> None:
    """Append a stage's execution to the history."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "stages.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(asdict(run)))  # first the line's end: the last line may have been cut off


def history(state: Path) -> list[StageRun]:
    """Return the recorded executions, oldest first; a line cut off by a kill is left out."""
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
