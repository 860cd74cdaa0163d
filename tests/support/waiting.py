"""Tests wait for conditions, not for clocks: the only limit is pytest's `timeout`, which names the test that hangs."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

NEVER_SECONDS = 3600.0  # for what must be given a time limit that is not the subject of the test: longer than pytest's
_SOONEST_SECONDS, _LATEST_SECONDS = 0.05, 0.5


def until(what: Callable[[], T]) -> T:
    """Return the first answer that is true; asked less and less often, since asking slows what is waited for."""
    pause = _SOONEST_SECONDS
    while not (found := what()):
        time.sleep(pause)
        pause = min(1.2 * pause, _LATEST_SECONDS)
    return found
