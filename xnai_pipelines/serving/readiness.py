"""Whether the service can answer: a release is open and a canary question has just been answered."""

import time

import anyio

from xnai_pipelines.search import Mode
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.work import Workers

CANARY = "ready"
KEPT_SECONDS = 1.0  # /ready needs no token: however often it is asked, it costs one search a second


class Readiness:
    """The canary question, asked again once its last answer is old or of another state.

    It does not wait in the queue of requests: a replica that load took out of service would leave it to the others.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._worker = Workers(1, 1, service.limits.seconds)
        self._asking = anyio.Lock()
        self._answered: tuple[object, float] | None = None

    async def check(self) -> None:
        """Return if the service is ready.

        Raises:
            XnaiError: Why it is not.
        """
        async with self._asking:
            served = self._service.current.served
            now = time.monotonic()
            if self._answered and self._answered[0] is served and now - self._answered[1] < KEPT_SECONDS:
                return
            await self._worker.do(lambda: served.index.rank(CANARY, 1, Mode.HYBRID))
            self._answered = served, now
