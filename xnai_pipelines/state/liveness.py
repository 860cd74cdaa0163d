"""Whether a run's process lives, by a lock that the operating system drops with it.

A process id would not do: it is used again, and may belong to another machine's or container's process.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xnai_pipelines.state.layout import Home


@contextmanager
def shown_alive(home: Home, run_id: str) -> Iterator[None]:
    """Hold the run's lock while the block runs."""
    path = _lock_path(home, run_id)
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
    return _lock_path(home, run_id).exists()


def is_alive(home: Home, run_id: str) -> bool:
    """Return whether a process holds the run's lock."""
    try:
        with _lock_path(home, run_id).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _lock_path(home: Home, run_id: str) -> Path:
    return home.root / "alive" / f"{run_id}.lock"
