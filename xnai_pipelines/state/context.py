"""What every stage receives."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tqdm import tqdm

from xnai_pipelines.compute.engine import HERE, Engine
from xnai_pipelines.state.full_disk import full_disk_told
from xnai_pipelines.state.json_lines import append_line
from xnai_pipelines.state.layout import Home, write_json
from xnai_pipelines.state.locks import sole_writer
from xnai_pipelines.state.manifest import now
from xnai_pipelines.state.sharing import share
from xnai_pipelines.state.table_claim import require_tables
from xnai_pipelines.state.tables import Tables

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LOG_EVERY_SECONDS = 5.0
SECONDS_TOLD, MINUTES_TOLD = 100, 100  # longer spans are told in the next unit


class Advance(Protocol):
    """Reports that more items are done."""

    def __call__(self, items: int = 1, /) -> None:
        """Count the items."""


class Progress:
    """Shows the progress of a stage; `say` takes a sentence worth reading."""

    def __init__(self, say: Callable[[str], None], *, bar: bool | None = None) -> None:
        self.say = say
        self._bar = sys.stderr.isatty() if bar is None else bar

    @contextmanager
    def work(self, label: str, total: int, unit: str) -> Iterator[Advance]:
        """Show `total` items of work under the label; the yielded value reports items done."""
        if self._bar:
            with tqdm(total=total, desc=f"{label:<24}", unit=f" {unit}", file=sys.stderr, leave=total > 0) as bar:
                yield lambda items=1: _ignore(bar.update(items))
        else:
            yield self._logger(label, total, unit)

    def _logger(self, label: str, total: int, unit: str) -> Advance:
        started = shown = time.monotonic()
        done = 0

        def advance(items: int = 1, /) -> None:
            nonlocal done, shown
            done += items
            now = time.monotonic()
            if now - shown >= LOG_EVERY_SECONDS:
                shown = now
                rate = done / (now - started)
                left = f", {_span((total - done) / rate)} left" if done else ""
                self.say(f"{label}: {done:,}/{total:,} {unit}, {rate:.1f} {unit}/s{left}")

        return advance


def _span(seconds: float) -> str:
    """Return a time to wait as a person says it: "40 s", "12 min", "3.5 h"."""
    if seconds < SECONDS_TOLD:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < MINUTES_TOLD * 60 else f"{seconds / 3600:.1f} h"


def _ignore(_: object) -> None:
    return None


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
    append_line(state / "stages.jsonl", json.dumps(asdict(run)))


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


@dataclass(frozen=True, slots=True)
class StageContext:
    """The home a stage works in, its tables, its run, where it shows progress, and where its maps run."""

    home: Home
    tables: Tables
    run_id: str
    progress: Progress
    engine: Engine = HERE


@dataclass(slots=True)
class Stopwatch:
    """Counts the items of a stage's work and, once stopped, its seconds."""

    items: int = 0
    seconds: float = field(default=0.0, init=False)


@contextmanager
def stage(context: StageContext, name: str) -> Iterator[Stopwatch]:
    """Run a stage as the home's only writer and record its duration, without the time spent waiting for the lock.

    A commit that a full disk cut off, and whose process was killed before it looked, is undone first.
    If the tables are in an object store, what changed of the current release is shared there.

    Raises:
        HomeError: The home cannot be written, its disk is full, or another home has taken over its tables.
    """
    with sole_writer(context.home, context.progress.say):
        require_tables(context.home)
        context.tables.undo_unchecked()
        watch, started = Stopwatch(), time.perf_counter()
        with full_disk_told(context.home.root):
            yield watch
            watch.seconds = time.perf_counter() - started
            seconds = round(watch.seconds, 3)
            record(context.home.state, StageRun(name, context.run_id, now(), watch.items, seconds))
            share(context.home)


def report_path(home: Home, name: str) -> Path:
    """Return the path of a stage's last report."""
    return home.reports / f"{name}.json"


def write_report(home: Home, name: str, report: "DataclassInstance") -> None:
    """Replace a stage's last report, which people read and no run decides by.

    Raises:
        HomeError: The disk is full.
    """
    with full_disk_told(home.root):
        write_json(report_path(home, name), asdict(report))
