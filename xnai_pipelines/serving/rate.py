"""How often one caller, and one address, may ask: a sliding window of a minute.

The package `limits` does the same, but its storage starts a thread for each request, a third of a cached search's time.
"""

import math
import time
from collections import Counter
from collections.abc import Callable

from xnai_pipelines.errors import TooManyRequestsError

WINDOW_SECONDS = 60.0


class RateLimit:
    """Requests counted per key and minute of the clock.

    Requests of the minute before count by the share of that minute that is less than 60 seconds ago, as if they
    had come evenly. Memory holds the keys of two minutes. Not safe for threads: requests are counted in the event loop.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._minute = 0
        self._counted: Counter[tuple[str, str]] = Counter()
        self._before: Counter[tuple[str, str]] = Counter()

    def count(self, kind: str, name: str) -> None:
        """Count a request.

        Raises:
            TooManyRequestsError: It is one too many, and is not counted.
        """
        minute, second = divmod(self._now(), WINDOW_SECONDS)
        self._turn(int(minute))
        key = (kind, name)
        counted, before = self._counted[key], self._before[key]
        if counted + before * (1 - second / WINDOW_SECONDS) + 1 <= self._per_minute:
            self._counted[key] = counted + 1
            return
        wait = math.ceil(self._wait(counted, before, second))
        raise TooManyRequestsError(f"More than {self._per_minute} requests in a minute. Ask again in {wait} s.", wait)

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._before = self._counted if minute == self._minute + 1 else Counter()
            self._counted = Counter()
            self._minute = minute

    def _wait(self, counted: int, before: int, second: float) -> float:
        """Return the seconds until a request passes if nobody asks in between, at least one."""
        free = self._per_minute - 1 - counted
        if free >= 0:  # the minute before has to pass by
            return max(1.0, WINDOW_SECONDS * (1 - free / before) - second)
        return max(1.0, WINDOW_SECONDS - second + WINDOW_SECONDS * (1 - (self._per_minute - 1) / counted))
