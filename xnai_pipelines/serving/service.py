"""What every route uses: the served release, the caller, the limits and the processors, in one place."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from xnai_pipelines.serving.audit import AccessLog
from xnai_pipelines.serving.cache import Cache
from xnai_pipelines.serving.caller import Caller, Doorkeeper
from xnai_pipelines.serving.current import CurrentRelease, Served
from xnai_pipelines.serving.limits import ServiceLimits
from xnai_pipelines.serving.metrics import Metrics
from xnai_pipelines.serving.rate import RateLimit
from xnai_pipelines.serving.work import Workers
from xnai_pipelines.serving.writer import Writer
from xnai_pipelines.state.layout import Home

Result = TypeVar("Result")


@dataclass(eq=False)
class Service:
    """A running service of one home. Its writer is a language model; None quotes the documents."""

    home: Home
    limits: ServiceLimits
    doorkeeper: Doorkeeper
    threads: int
    writer: Writer | None = None
    current: CurrentRelease = field(init=False)
    workers: Workers = field(init=False)
    cache: Cache = field(init=False)
    rate: RateLimit = field(init=False)
    metrics: Metrics = field(init=False)
    log: AccessLog = field(init=False)

    def __post_init__(self) -> None:
        self.current = CurrentRelease(self.home)
        self.workers = Workers(self.threads, self.limits.queue, self.limits.seconds)
        self.cache = Cache(self.limits.cached_answers)
        self.rate = RateLimit(self.limits.requests_per_minute)
        self.metrics = Metrics(self)
        self.log = AccessLog(self.home)

    async def result(self, caller: Caller, key: Hashable, work: Callable[[Served, frozenset[str]], Result]) -> Result:
        """Return the result of the work on the served state, from the cache if it is there.

        Args:
            caller: Who asks.
            key: All of the request that the result depends on.
            work: Function of the served state and the caller's groups.
        """
        served = self.current.served
        groups = caller.groups
        whole_key = (groups, key)
        kept: Any | None = self.cache.get(served, whole_key)
        if kept is not None:
            found: Result = kept
            return found
        found = await self.workers.do(lambda: work(served, groups))
        self.cache.put(served, whole_key, found)
        return found
