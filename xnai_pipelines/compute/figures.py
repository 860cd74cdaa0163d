"""What each worker of an engine did, as it measures itself."""

import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # of getrusage


@dataclass(slots=True)
class WorkerFigures:
    """What a worker did: shards, seconds of processor time for them, and its peak memory in bytes."""

    shards: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """A shard's result, the worker that did it, the processor time it took, and the worker's peak memory."""

    result: Result
    worker: str
    seconds: float
    peak_bytes: int


def measured(function: Callable[[Shard], Result], shard: Shard) -> Done[Result]:
    """Return what a function makes of a shard, with the figures of this worker."""
    started = time.process_time()
    result = function(shard)
    return Done(
        result,
        worker=f"{socket.gethostname()}/{os.getpid()}",
        seconds=time.process_time() - started,
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT,
    )


def recorded(done: Done[Result], figures: dict[str, WorkerFigures]) -> Result:
    """Return the result of a shard after adding it to its worker's figures."""
    worker = figures.setdefault(done.worker, WorkerFigures())
    worker.shards += 1
    worker.seconds += done.seconds
    worker.peak_bytes = max(worker.peak_bytes, done.peak_bytes)
    return done.result
