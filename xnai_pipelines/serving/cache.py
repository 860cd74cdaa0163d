"""Results of requests, kept as long as the state that they came from is served."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

_BYTES_PER_CHARACTER = 2  # of a result as Python writes it: what its letters and its objects take in memory, about


def digest_of(groups: frozenset[str], key: tuple[Hashable, ...]) -> str:
    """Return a hash of all that a result depends on beside the served state: the caller's groups and the request."""
    parts = [part.model_dump_json() if isinstance(part, BaseModel) else repr(part) for part in key]
    return hashlib.sha256(repr((sorted(groups), parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(eq=False)
class Cache:
    """The results last used from the state that is served; together they take at most `most_bytes`, estimated.

    Results belong to a state. So a document that was deleted or may not be read any longer leaves with its state, and
    a request that began before that brings it back to nobody.
    """

    most_bytes: int
    hits: int = 0
    misses: int = 0
    kept_bytes: int = 0
    _kept: OrderedDict[str, tuple[Any, int]] = field(default_factory=OrderedDict)
    _state: object = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep_only(self, state: object) -> None:
        """Drop the results of other states than this one, which is served now; None if nothing is."""
        with self._lock:
            if state is not self._state:
                self._kept.clear()
                self.kept_bytes = 0
                self._state = state

    def get(self, state: object, name: str) -> Any | None:
        """Return the kept result, None if there is none."""
        with self._lock:
            if state is not self._state or name not in self._kept:
                self.misses += 1
                return None
            self.hits += 1
            self._kept.move_to_end(name)
            return self._kept[name][0]

    def put(self, state: object, name: str, result: Any) -> None:
        """Keep a result of the state that is served; those used longest ago make room for it."""
        size = _BYTES_PER_CHARACTER * len(repr(result))
        with self._lock:
            if state is not self._state or size > self.most_bytes:
                return
            _, before = self._kept.pop(name, (None, 0))
            self._kept[name] = result, size
            self.kept_bytes += size - before
            while self.kept_bytes > self.most_bytes:
                _, (_, dropped) = self._kept.popitem(last=False)
                self.kept_bytes -= dropped
