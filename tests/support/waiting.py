"""Tests wait for conditions, not for clocks. The limits only end what never comes, with its name."""

import inspect
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

NEVER_SECONDS = 3600.0  # for what must be given a time limit that is not the subject of the test: longer than pytest's
LONGEST_SECONDS = 300.0  # of a condition: a run of the whole graph takes 20 s on a quiet machine
STEP_SECONDS = 60.0  # of a step in the browser: most take a tenth of a second
_SOONEST_SECONDS, _LATEST_SECONDS = 0.05, 0.5


def until(what: Callable[[], T]) -> T:
    """Return the first answer that is true; asked less and less often, since asking slows what is waited for."""
    pause, ends = _SOONEST_SECONDS, time.monotonic() + LONGEST_SECONDS
    while not (found := what()):
        if time.monotonic() > ends:
            raise AssertionError(f"In {LONGEST_SECONDS:g} s it did not come true: {inspect.getsource(what).strip()}")
        time.sleep(pause)
        pause = min(1.2 * pause, _LATEST_SECONDS)
    return found
