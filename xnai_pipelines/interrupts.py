"""Interrupts that Python would lose, and those that it would not take for one."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from types import FrameType

AGAIN_AFTER_SECONDS = 0.05


@contextmanager
def hangups_as_interrupts() -> Iterator[None]:
    """Have the end of the terminal (SIGHUP) do in the block what SIGTERM does, else what Ctrl-C does.

    Dagster and uvicorn take those two for the request to end, and not this one. If it is ignored, as under `nohup`, it
    stays ignored.
    """
    before = signal.getsignal(signal.SIGHUP)

    def hung_up(number: int, frame: FrameType | None) -> None:
        handlers = (signal.getsignal(ending) for ending in (signal.SIGTERM, signal.SIGINT))
        handler = next((one for one in handlers if callable(one)), signal.default_int_handler)
        handler(number, frame)

    if before == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, hung_up)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGHUP) is hung_up:
            signal.signal(signal.SIGHUP, before)


@contextmanager
def interrupts_repeated() -> Iterator[None]:
    """Send an interrupt of the block again if it hit where Python ignores what is raised: while it collects garbage."""
    before = sys.unraisablehook

    def again(lost: "sys.UnraisableHookArgs") -> None:
        if lost.exc_type is None or issubclass(lost.exc_type, Exception):
            before(lost)
        else:  # KeyboardInterrupt, or what Dagster raises in its place; a moment later, when the collection has ended
            Timer(AGAIN_AFTER_SECONDS, os.kill, [os.getpid(), signal.SIGINT]).start()

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before
