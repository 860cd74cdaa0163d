"""One at a time, by locks that the operating system drops when their holder dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from xnai_pipelines.state.claim import unwritable
from xnai_pipelines.state.layout import Home


@contextmanager
def sole_writer(home: Home, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the writer's lock of the home's tables; wait for another process that holds it, and say so.

    Raises:
        HomeError: The home cannot be written.
    """
    with held(home, "writer.lock", f"process {os.getpid()}", say):
        yield


@contextmanager
def held(home: Home, name: str, holder: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock of the home while the block runs; wait for its holder, and say who that is.

    A slot of Dagster's pool outlives a killed run, and what waits for one neither rests nor heeds an interrupt; this
    lock can never be left behind.

    Raises:
        HomeError: The home cannot be written.
    """
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        lock = (home.root / name).open("a+")
    except OSError as error:
        raise unwritable(home, error) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            say(f"Waiting for {file.read().strip() or 'another process'}, which is writing to {home.root}.")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(holder)
        file.flush()
        yield
