"""Processes to kill: forks of a server that has imported everything and opened nothing, so a start costs little."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.preloaded"])


def preload(module: str) -> None:
    """Have the processes find this module imported instead; before the first of them."""
    _CONTEXT.set_forkserver_preload([module])


def pipe() -> tuple[Connection, Connection]:
    """Return a connection that hears what is told by another."""
    return _CONTEXT.Pipe(duplex=False)


def event() -> Event:
    """Return an event that a process sets and the test waits for."""
    return _CONTEXT.Event()


def start_process(work: Callable[..., None], *arguments: Any, **options: Any) -> ForkServerProcess:
    """Start `work`, a function of a module, in a process of its own."""
    process = _CONTEXT.Process(target=work, args=arguments, kwargs=options, daemon=True)
    process.start()
    return process


def end(process: ForkServerProcess, seconds: float | None = None) -> int:
    """Wait for the process, with a limit kill it then; return its exit code, negative for the signal that ended it."""
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode is not None
    return process.exitcode
