"""Results in Redis, shared by the processes that serve one home. Without Redis nothing is lost but speed.

A key names the home, the served state, the caller's groups and the request, so that another state or another caller
never finds it. Results of other states are deleted as soon as a new one is served: what was forgotten is not kept.
"""

import hashlib
import os
from collections.abc import Hashable
from typing import Any

import anyio
from pydantic import SecretStr, TypeAdapter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from xnai_pipelines.serving.breaker import Breaker
from xnai_pipelines.serving.cache import digest_of
from xnai_pipelines.serving.messages import ContextResponse, SearchResponse

FAILURES, PAUSE_SECONDS = 3, 30
WAIT_SECONDS = 0.25  # for Redis: longer than that, a search is faster
KEPT_SECONDS = 3_600
_FAILING = (RedisError, OSError, TimeoutError, ValueError)  # ValueError: what is stored is not a result

SHARED: dict[str, TypeAdapter[Any]] = {
    "search": TypeAdapter(SearchResponse),
    "context": TypeAdapter(ContextResponse),
}
"""Results that are shared, by the first part of their key. To share another, add a line."""


class SharedCache:
    """The results of one home in a Redis server."""

    def __init__(self, url: SecretStr, home: str) -> None:
        self._redis: Any = Redis.from_url(
            url.get_secret_value(),
            socket_timeout=WAIT_SECONDS,
            socket_connect_timeout=WAIT_SECONDS,
            retry=Retry(NoBackoff(), 0),  # the breaker decides
        )
        self._home = f"xnai:{hashlib.sha256(os.fsencode(home)).hexdigest()[:32]}:"
        self._kept_state: str | None = None
        self.breaker = Breaker("redis", FAILURES, PAUSE_SECONDS)

    async def get(self, state: str, groups: frozenset[str], key: tuple[Hashable, ...]) -> Any | None:
        """Return the kept result; None if there is none or Redis does not answer."""
        adapter = SHARED.get(str(key[0]))
        if adapter is None:
            return None

        async def read() -> Any | None:
            data = await self._redis.get(self._name(state, groups, key))
            return None if data is None else adapter.validate_json(data)

        return await self.breaker.use(read, _FAILING)

    async def put(self, state: str, groups: frozenset[str], key: tuple[Hashable, ...], result: Any) -> None:
        """Keep a result for an hour, if Redis answers."""
        adapter = SHARED.get(str(key[0]))
        if adapter is None or state != self._kept_state:
            return
        name, data = self._name(state, groups, key), adapter.dump_json(result)
        with anyio.CancelScope(shield=True):  # a client that leaves in between must not leave it there
            await self.breaker.use(lambda: self._redis.set(name, data, ex=KEPT_SECONDS), _FAILING)
            if state != self._kept_state:  # it may have come after the results of its state were looked for
                await self.breaker.use(lambda: self._redis.unlink(name), _FAILING)

    async def keep_only(self, state: str) -> None:
        """Delete the results of other states, once per state. If Redis does not answer, the next call tries again."""
        if state == self._kept_state:
            return
        self._kept_state = None  # nothing is kept while the results before are looked for: it might be missed

        async def delete() -> bool:
            async for name in self._redis.scan_iter(match=f"{self._home}*", count=1_000):
                if not name.decode().startswith(f"{self._home}{state}:"):
                    await self._redis.unlink(name)
            return True

        if await self.breaker.use(delete, _FAILING):
            self._kept_state = state

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _name(self, state: str, groups: frozenset[str], key: tuple[Hashable, ...]) -> str:
        return f"{self._home}{state}:{digest_of(groups, key)}"
