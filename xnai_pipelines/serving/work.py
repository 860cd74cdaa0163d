"""Work on the processors: as many searches at a time as there are processors, a bounded queue, and a time limit."""

import asyncio
import math
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import anyio
import anyio.to_thread

from xnai_pipelines.errors import RequestTimeoutError, TooManyRequestsError

Result = TypeVar("Result")


class Workers:
    """A pool of threads with a bounded queue."""

    def __init__(self, threads: int, queue: int, seconds: float) -> None:
        self._processors = anyio.CapacityLimiter(threads)
        self._threads = anyio.CapacityLimiter(math.inf)  # each has a processor
        self._queue = queue
        self._seconds = seconds

    @property
    def waiting(self) -> int:
        """Number of requests in the queue."""
        return self._processors.statistics().tasks_waiting

    @property
    def busy(self) -> int:
        """Number of processors that work, if only on what nobody waits for any longer."""
        return int(self._processors.borrowed_tokens)

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
                return await self._done(work)
        except TimeoutError:
            raise RequestTimeoutError(f"The request took more than {self._seconds:g} s. Ask again later.") from None

    async def _done(self, work: Callable[[], Result]) -> Result:
        """Return the result of the work. Its processor is free when its thread ends, which may be after its request."""
        processor, loop = object(), asyncio.get_running_loop()
        begun = threading.Lock()  # taken by the thread that begins the work, or by the request that gives it up before

        def in_thread() -> Result:
            if not begun.acquire(blocking=False):
                raise RuntimeError("The work was given up before it began.")
            try:
                return work()
            finally:
                with suppress(RuntimeError):  # the service has been stopped
                    loop.call_soon_threadsafe(self._processors.release_on_behalf_of, processor)

        await self._processors.acquire_on_behalf_of(processor)
        try:
            return await anyio.to_thread.run_sync(in_thread, limiter=self._threads, abandon_on_cancel=True)
        finally:
            if begun.acquire(blocking=False):
                self._processors.release_on_behalf_of(processor)
