"""Runs that end in their middle."""

from collections.abc import Callable
from itertools import count


def cut_off_at(commit: int) -> Callable[[], None]:
    """Return what interrupts a run when it is called for that time, as it is after each commit."""
    calls = count(1)

    def stop() -> None:
        if next(calls) == commit:
            raise KeyboardInterrupt

    return stop
