"""Results of requests, kept as long as the state that they came from is served."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Cache:
    """The results last used, at most `size` of them.

    A key holds all that a result depends on: the served state, the caller's groups and the request. So a document that
    was deleted or may not be read any longer leaves it with the state, and no caller gets another's result.
    """

    size: int
    hits: int = 0
    misses: int = 0
    _kept: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    _state: object = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, state: object, key: Hashable) -> Any | None:
        """Return the kept result, None if there is none."""
        with self._lock:
            if state is not self._state or key not in self._kept:
                self.misses += 1
                return None
            self.hits += 1
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, state: object, key: Hashable, result: Any) -> None:
        """Keep a result; the results of other states go."""
        with self._lock:
            if state is not self._state:
                self._kept.clear()
                self._state = state
            self._kept[key] = result
            if len(self._kept) > self.size:
                self._kept.popitem(last=False)
