"""Work on the processors: as many searches at a time as there are processors, a bounded queue, and a time limit."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from xnai_pipelines.errors import RequestTimeoutError, TooManyRequestsError

Result = TypeVar("Result")


class Workers:
    """A pool of threads with a bounded queue."""

    def __init__(self, threads: int, queue: int, seconds: float) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._queue = queue
        self._seconds = seconds

    @property
    def waiting(self) -> int:
        """Number of requests in the queue."""
        return self._limiter.statistics().tasks_waiting

    @property
    def busy(self) -> int:
        """Number of requests that are worked on."""
        return int(self._limiter.borrowed_tokens)

    async def do(self, work: Callable[[], Result]) -> Result:
        """Return the result of the work, done in a thread.

        Raises:
            TooManyRequestsError: The queue is full.
            RequestTimeoutError: It took too long, waiting included. A search that has begun ends unseen.
        """
        if self.waiting >= self._queue:
            raise TooManyRequestsError("The service is busy. Ask again in a second.", 1)
        try:
            with anyio.fail_after(self._seconds):
                return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)
        except TimeoutError:
            raise RequestTimeoutError(f"The request took more than {self._seconds:g} s. Ask again later.") from None
