"""Interrupts that Python would lose."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

AGAIN_AFTER_SECONDS = 0.05


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
