"""One writer to a home's tables at a time, by a lock that the operating system drops when its holder dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from xnai_pipelines.home.claim import unwritable
from xnai_pipelines.home.layout import Home


@contextmanager
def sole_writer(home: Home, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the writer's lock of the home; wait for another process that holds it, and say so.

    Dagster's pool orders runs that Dagster knows of; this lock also covers a process that Dagster lost sight of,
    and can never be left behind by a killed one.

    Raises:
        HomeError: The home cannot be written.
    """
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        lock = (home.root / "writer.lock").open("a+")
    except OSError as error:
        raise unwritable(home, error) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            say(f"Waiting for process {file.read().strip() or 'unknown'}, which is writing to {home.root}.")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
