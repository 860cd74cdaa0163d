"""Whether a run's process lives, by a lock that the operating system drops with it.

A process id would not do: it is used again, and may belong to another machine's or container's process.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xnai_pipelines.state.layout import Home


@contextmanager
def shown_alive(home: Home, run_id: str) -> Iterator[None]:
    """Hold a lock of the run while the block runs; each process that works for the run has its own."""
    path = home.root / "alive" / f"{run_id}.{os.getpid()}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    # locked before it has its name: nobody finds it unlocked while its run lives
    unnamed = path.with_suffix(".new")
    with unnamed.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        unnamed.rename(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def was_shown_alive(home: Home, run_id: str) -> bool:
    """Return whether the run took its lock and never let go of it in order; so it is where the run was killed."""
    return bool(_locks(home, run_id))


def is_alive(home: Home, run_id: str) -> bool:
    """Return whether a process holds a lock of the run."""
    return any(_is_held(path) for path in _locks(home, run_id))


def _locks(home: Home, run_id: str) -> list[Path]:
    return list((home.root / "alive").glob(f"{run_id}*.lock"))


def _is_held(path: Path) -> bool:
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
