"""What `make soak` disturbs: processes that work on a home one action after another, until they are killed.

One writes (ingests, releases, maintenance), the other reads (backups, drills, a service) at the same time.
"""

import random
import resource
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

from tests.support.backed_up import PLAIN, place_of
from tests.support.killed_ingests import commit_often
from tests.support.processes import end, pipe, start_process
from tests.support.workplace import Workplace
from xnai_pipelines.backups.drill import drill
from xnai_pipelines.backups.make import back_up
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import XnaiError
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.serving.current import CurrentRelease

KEPT = Retention(3, 0, 0)
FULL = 3  # exit code of a process whose disk was full
_REFRESHES = 20  # of a service that is watched: as many as an action of a second


def ingest(work: Workplace) -> None:
    """Bring the home in line with the folder."""
    work.ingest(allow_vanishing=True)


def release(work: Workplace) -> None:
    """Embed everything into a new release."""
    work.ingest(allow_vanishing=True, new_release=True)


def tidy(work: Workplace) -> None:
    """Compact the tables and drop the releases before the last."""
    maintain(work.context(), kept_releases=1)


def make_backup(work: Workplace) -> None:
    """Back up the home."""
    back_up(work.home, place_of(work), PLAIN, KEPT)


def prove(work: Workplace) -> None:
    """Restore the newest backup as a test."""
    found = drill(work.home, Repository(place_of(work), PLAIN))
    assert found.passed or "no golden questions" in found.fault, found.fault  # backed up while a run wrote


def serve(work: Workplace) -> None:
    """Follow the home as a service does, and search in what is served."""
    current = CurrentRelease(work.home)
    for _ in range(_REFRESHES):
        current.refresh()
        if current.failure is not None:
            raise RuntimeError(current.failure)
        current.served.index.rank("rain on the river", 5)


ROLES: dict[str, dict[str, Callable[[Workplace], None]]] = {
    "writer": {"ingest": ingest, "release": release, "maintain": tidy},
    "reader": {"back_up": make_backup, "drill": prove, "serve": serve},
}


class Worker:
    """A process that works on the home of a workplace until it is killed, or until its disk is full."""

    def __init__(
        self, work: Workplace, role: str, generator: random.Random, full_at: int | None, *, full: bool
    ) -> None:
        self._told, telling = pipe()
        places = work.home.root.parent, work.documents, work.encoder.spec.source
        self._process = start_process(_work, role, *places, generator.random(), full_at, full, telling)
        telling.close()
        self._told.poll(None)  # it begins its first action, or has ended

    def end(self, seconds: float) -> tuple[str, int, dict[str, float]]:
        """Kill it after so long; return what it was doing, its exit code, and the duration of each action done."""
        code = end(self._process, seconds)
        begun: list[tuple[str, float]] = []
        with suppress(EOFError):
            while True:
                begun.append(self._told.recv())
        durations = {name: later - at for (name, at), (_, later) in pairwise(begun)}
        return begun[-1][0] if begun else "start", code, durations


def _work(
    role: str,
    root: Path,
    documents: Path,
    encoder: Path,
    seed: float,
    full_at: int | None,
    full: bool,
    telling: Connection,
) -> None:
    """Do one thing to the home after another; end where its disk is full, or seems so.

    With `full_at`, writes fail that make a file larger than this. If the disk is `full`, people are told what to do.
    """
    commit_often()
    work = Workplace(root, Encoder.load(encoder, threads=1), documents)
    generator = random.Random(seed)  # nothing is secret
    if full_at is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (full_at, full_at))
    try:
        while True:
            action = generator.choice(list(ROLES[role]))
            telling.send((action, time.monotonic()))
            ROLES[role][action](work)
    except (XnaiError, OSError, RuntimeError, sqlite3.Error) as error:
        if (full_at is not None and is_of_limit(error)) or (full and says_full(error)):
            raise SystemExit(FULL) from error
        raise


def says_full(error: BaseException) -> bool:
    """Return whether an error tells people that the disk is full and what to do."""
    return any(word in str(error) for word in ("Free some space", "not full"))


def is_of_limit(error: BaseException) -> bool:
    """Return whether an error, or one that it came from, tells of a file that may not grow."""
    told = ("File too large", "os error 27", "disk I/O error", "disk is full", "cut off")
    return any(words in str(error) for words in told) or bool(error.__cause__ and is_of_limit(error.__cause__))
