"""One writer at a time, and which runs are alive.

The operating system releases a lock of a file when its holder dies. A process id would not do: it is reused, and may
belong to another machine's or container's process. If Dagster's storage is PostgreSQL, runs may be on machines between
which such locks do not hold; then each of them has a lease there as well.
"""

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.claim import unwritable
from xnai_pipelines.state.fence import fenced
from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.layout import Home

if TYPE_CHECKING:
    from xnai_pipelines.state.leases import Leases

WRITER = "writer.lock"  # of the home's tables
FOLLOWS = "follows.json"  # of a home that holds what another one shares: the address


@contextmanager
def sole_writer(home: Home, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the writer's lock of the home's tables; wait for another process that holds it, and say so.

    Raises:
        HomeError: The home cannot be written, or holds what another one shares.
    """
    if (home.root / FOLLOWS).exists():
        raise HomeError(
            f"{home.root} holds the release that another home shares; a run here would write that home's tables. Run "
            "there, or set XNAI_HOME to another folder."
        )
    with held(home, WRITER, f"process {os.getpid()}", say), leased(home, WRITER, f"process {os.getpid()}", say):
        yield


@contextmanager
def leased(home: Home, name: str, owner: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lease of this name while the block runs, if the home has leases; wait for its holder, and say so.

    A process that loses one of its leases commits nothing more to the home.
    """
    leases = leases_of(home)
    if leases is None:
        yield
        return

    def wait(holder: str) -> None:
        say(f"Waiting for {holder}, which is writing to {home.root}.")

    owner = f"{owner} on {socket.gethostname()}"
    with leases.held(name, owner, wait) as lease, fenced(home.root, leases, lease):
        yield


def on_several_machines() -> bool:
    """Return whether processes of other machines may work on the same home."""
    return bool(os.environ.get("XNAI_POSTGRES_HOST"))


def leases_of(home: Home) -> "Leases | None":
    """Return the leases of a home, None unless Dagster's storage is PostgreSQL.

    Raises:
        HomeError: The server cannot be reached.
    """
    if not on_several_machines():
        return None
    from xnai_pipelines.state.leases import open_leases  # it imports SQLAlchemy

    return open_leases(home_id(home))


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
        with suppress(OSError):  # on a full disk, where what frees space needs the lock too; the name is for a message
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), holder.encode())
        yield


@contextmanager
def held_if_free(home: Home, name: str) -> Iterator[bool]:
    """Hold a lock of the home, and its lease, while the block runs if no process holds them; yield whether it does."""
    with (home.root / name).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        leases = leases_of(home)
        if leases is None:
            yield True
            return
        owner = f"process {os.getpid()} on {socket.gethostname()}"
        with (
            leases.held_if_free(name, owner) as lease,
            fenced(home.root, leases, lease) if lease else nullcontext(),
        ):
            yield lease is not None


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
            with leased(home, f"alive {run_id} {os.getpid()}", f"run {run_id}", lambda _: None):
                yield
        finally:
            path.unlink(missing_ok=True)


def was_shown_alive(home: Home, run_id: str) -> bool:
    """Return whether the run took its lock and never let go of it in order; so it is if the run was killed."""
    return bool(_locks(home, run_id))


def is_alive(home: Home, run_id: str) -> bool:
    """Return whether a process holds a lock of the run, or on another machine its lease."""
    leases = leases_of(home)
    return any(is_held(path) for path in _locks(home, run_id)) or bool(leases and leases.is_held(f"alive {run_id} "))


def dead_runs(home: Home) -> list[str]:
    """Return the ids of runs whose processes were all killed."""
    names = (path.name.removesuffix(".lock").rpartition(".") for path in (home.root / "alive").glob("*.lock"))
    known = sorted({run_id or last for run_id, _, last in names})
    return [run_id for run_id in known if not is_alive(home, run_id) and was_shown_alive(home, run_id)]


def forget_dead_run(home: Home, run_id: str) -> None:
    """Remove the locks that a killed run left; those of a living one stay."""
    for path in _locks(home, run_id):
        if not is_held(path):
            path.unlink(missing_ok=True)


def _locks(home: Home, run_id: str) -> list[Path]:
    return list((home.root / "alive").glob(f"{run_id}*.lock"))


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock of this file."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
