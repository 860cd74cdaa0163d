"""What every stage receives."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.history import StageRun, record
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import sole_writer
from xnai_pipelines.state.manifest import now
from xnai_pipelines.state.progress import Progress
from xnai_pipelines.state.tables import Tables

FULL_BYTES = 2**18  # less than a commit needs


@dataclass(frozen=True, slots=True)
class StageContext:
    """The home a stage works in, its tables, its run, and where it shows progress."""

    home: Home
    tables: Tables
    run_id: str
    progress: Progress


@dataclass(slots=True)
class Stopwatch:
    """Counts the items of a stage's work and, once stopped, its seconds."""

    items: int = 0
    seconds: float = field(default=0.0, init=False)


@contextmanager
def stage(context: StageContext, name: str) -> Iterator[Stopwatch]:
    """Run a stage as the home's only writer and record its duration, without the time spent waiting for the lock.

    Raises:
        HomeError: The home cannot be written, or its disk is full.
    """
    with sole_writer(context.home, context.progress.say):
        watch, started = Stopwatch(), time.perf_counter()
        try:
            yield watch
        except Exception as error:
            if _is_of_full_disk(error, context.home):
                raise HomeError(
                    f"The disk of {context.home.root} is full ({error}). What was written is kept. Free some space "
                    "and run again, or set XNAI_HOME to a folder on another disk."
                ) from error
            raise
        watch.seconds = time.perf_counter() - started
        record(context.home.state, StageRun(name, context.run_id, now(), watch.items, round(watch.seconds, 3)))


def _is_of_full_disk(error: Exception, home: Home) -> bool:
    """Return whether the disk is full; LanceDB, SQLite and the system report it in different ways, or not at all."""
    # LanceDB raises a plain RuntimeError without an error number, so its message is the only evidence
    said = "No space left on device" in str(error) or "disk is full" in str(error)
    return said or shutil.disk_usage(home.root).free < FULL_BYTES


def report_path(home: Home, name: str) -> Path:
    """Return the path of a stage's last report."""
    return home.reports / f"{name}.json"
