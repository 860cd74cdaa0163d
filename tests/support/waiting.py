"""Tests wait for conditions, not for clocks: the only limit is pytest's `timeout`, which names the test that hangs."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

NEVER_SECONDS = 3600.0  # for what must be given a time limit that is not the subject of the test: longer than pytest's
_LOOK_SECONDS = 0.05


def until(what: Callable[[], T]) -> T:
    """Return the first answer that is true."""
    while not (found := what()):
        time.sleep(_LOOK_SECONDS)
    return found
