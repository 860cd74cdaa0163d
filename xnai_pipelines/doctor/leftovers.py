"""What killed processes left behind."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from xnai_pipelines.doctor.diagnosis import Diagnosis, Urgency
from xnai_pipelines.state.lance_files import DROPPED
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.locks import WRITER, dead_runs, forget_dead_run, held_if_free, is_held

# Folders that a process fills under a temporary name, and the lock that it holds meanwhile.
_UNFINISHED = (
    (".state.partial", WRITER),
    (".backup-*", "backup.lock"),
    (".drill-*", "drill.lock"),
    ("unpacked/*", WRITER),
    ("shards", WRITER),
    (f"lancedb/*{DROPPED}", WRITER),
    ("models/.*.partial", "models/{name}.lock"),
    ("rerankers/.*.partial", "rerankers/{name}.lock"),
    ("adapters/.*.partial", "adapters/{name}.lock"),
)


def inspect_dead_runs(home: Home) -> Iterator[Diagnosis]:
    """Yield the runs whose process was killed: their locks are free, but were never given back."""
    for run_id in dead_runs(home):
        yield Diagnosis(
            "dead_run",
            f"run {run_id}",
            "Its process was killed. Dagster may still show it as started.",
            "`xnai doctor --fix` marks it as failed; `xnai run` completes its work",
            Urgency.RISK,
            partial(forget_dead_run, home, run_id),
        )


def inspect_unfinished(home: Home) -> Iterator[Diagnosis]:
    """Yield folders that a killed process had not finished, unless a process is at work on them now."""
    for pattern, lock in _UNFINISHED:
        for folder in sorted(home.root.glob(pattern)):
            name = folder.name.removesuffix(".partial")
            if folder.is_dir() and not is_held(home.root / lock.format(name=name)):
                yield Diagnosis(
                    "unfinished",
                    folder.relative_to(home.root).as_posix(),
                    "A killed process left it unfinished. It only takes up space.",
                    "`xnai doctor --fix` removes it",
                    Urgency.RISK,
                    partial(_remove, home, folder, lock.format(name=name)),
                )


def _remove(home: Home, folder: Path, lock: str) -> None:
    """Remove the folder, unless a process has begun to work on it."""
    with held_if_free(home, lock) as free:
        if free and folder.is_dir():
            remove(folder)
