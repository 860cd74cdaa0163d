"""What every route uses: the served release, the caller, the limits and the processors, in one place."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import anyio.to_thread

from xnai_pipelines.serving.audit import AccessLog
from xnai_pipelines.serving.cache import Cache, digest_of
from xnai_pipelines.serving.caller import Caller, Doorkeeper
from xnai_pipelines.serving.configuration import ServiceLimits
from xnai_pipelines.serving.current import CurrentRelease, Served
from xnai_pipelines.serving.metrics import Metrics
from xnai_pipelines.serving.rate import RateLimit
from xnai_pipelines.serving.sessions import Sessions
from xnai_pipelines.serving.work import Workers
from xnai_pipelines.state.following import Follower
from xnai_pipelines.state.layout import Home

if TYPE_CHECKING:
    from xnai_pipelines.serving.breaker import Breaker
    from xnai_pipelines.serving.shared_cache import SharedCache
    from xnai_pipelines.serving.writer import Writer

Result = TypeVar("Result")


@dataclass(eq=False)
class Service:
    """A running service of one home. Its writer is a language model; None quotes the documents.

    With a follower it serves the release that another home shares.
    """

    home: Home
    limits: ServiceLimits
    doorkeeper: Doorkeeper
    threads: int
    writer: "Writer | None" = None
    shared: "SharedCache | None" = None
    follower: Follower | None = None
    current: CurrentRelease = field(init=False)
    workers: Workers = field(init=False)
    cache: Cache = field(init=False)
    rate: RateLimit = field(init=False)
    sessions: Sessions = field(init=False, default_factory=Sessions)
    metrics: Metrics = field(init=False)
    log: AccessLog = field(init=False)

    def __post_init__(self) -> None:
        self.current = CurrentRelease(self.home, self.follower)
        self.workers = Workers(self.threads, self.limits.queue, self.limits.seconds)
        self.cache = Cache(self.limits.cached_bytes)
        self.rate = RateLimit(self.limits.requests_per_minute)
        self.metrics = Metrics(self.workers, self.cache, self.current, lambda: self.breakers)
        self.log = AccessLog(self.home)

    @property
    def breakers(self) -> "tuple[Breaker, ...]":
        """The breakers of what the service depends on and can do without."""
        found = (self.writer, self.shared, self.doorkeeper.issuer)
        return tuple(one.breaker for one in found if one is not None)

    async def refresh(self) -> None:
        """Serve what is current now; results of other states leave the caches."""
        await anyio.to_thread.run_sync(self.current.refresh)
        served = self.current.newest
        self.cache.keep_only(served)
        if self.shared is not None and served is not None:
            await self.shared.keep_only(served.stamp.digest)

    async def result(
        self, caller: Caller, key: tuple[Hashable, ...], work: Callable[[Served, frozenset[str]], Result]
    ) -> Result:
        """Return the result of the work on the served state, from a cache if it is there.

        Args:
            caller: Who asks.
            key: All of the request that the result depends on, its kind first.
            work: Function of the served state and those of the caller's groups that its rules name.
        """
        served = self.current.served
        groups = served.named(caller.groups)
        name = digest_of(groups, key)
        kept: Any | None = self.cache.get(served, name)
        if kept is None and self.shared is not None:
            kept = await self.shared.get(served.stamp.digest, groups, key)
            if kept is not None:
                self.cache.put(served, name, kept)
        if kept is not None:
            known: Result = kept
            return known
        found = await self.workers.do(lambda: work(served, groups))
        self.cache.put(served, name, found)
        if self.shared is not None:
            await self.shared.put(served.stamp.digest, groups, key, found)
        return found
