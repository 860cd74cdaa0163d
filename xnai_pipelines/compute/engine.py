"""One protocol for work that falls into shards, and the engines that do it.

Functions and shards go to other processes, perhaps of other machines: a function is one of a module, and a shard holds
paths and numbers. Data travels in files of the home, which every worker must reach by the same path.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from xnai_pipelines.compute.figures import Result, Shard, WorkerFigures


def in_shards(ids: Iterable[str], size: int) -> list[list[str]]:
    """Return ids, which are hashes in hexadecimal digits, in groups of about so many; the order within one is theirs.

    The group of an id is what the id says, so shards do not depend on the number of workers.
    """
    ordered = sorted(ids)
    buckets = -(-len(ordered) // size)
    shards: dict[int, list[str]] = {}
    for one in ordered:
        shards.setdefault(int(one[:8], 16) % buckets, []).append(one)
    return list(shards.values())


class Engine(Protocol):
    """Does a function on each shard.

    Attributes:
        apart: Whether the function runs in other processes, so that data has to travel in files.
        figures: What each worker did so far, by its name; nothing of this process.
    """

    apart: bool
    figures: dict[str, WorkerFigures]

    def map(self, function: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Yield the result of each shard when it is ready. A shard whose worker is lost is done again.

        Raises:
            WorkersLostError: Workers are lost again and again.
        """


class Here:
    """This process, one shard after the other."""

    apart = False

    def __init__(self) -> None:
        self.figures: dict[str, WorkerFigures] = {}

    def map(self, function: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Yield the result of each shard, in order."""
        return map(function, shards)


HERE = Here()


class EngineName(StrEnum):
    """Where parallel work runs."""

    HERE = "here"
    PROCESSES = "processes"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class Compute:
    """The choice of an engine.

    Attributes:
        engine: Where parallel work runs.
        workers: Processes on this machine; for Ray, only of a local cluster.
        ray_address: Address of a running Ray cluster; None for a local one that this process starts.
    """

    engine: EngineName
    workers: int
    ray_address: str | None = None


def open_engine(compute: Compute) -> Engine:
    """Return the engine. It starts its workers with its first map.

    Raises:
        MissingExtraError: Ray is chosen and not installed.
    """
    match compute.engine:
        case EngineName.PROCESSES:
            from xnai_pipelines.compute.processes import Processes

            return Processes(compute.workers)
        case EngineName.RAY:
            from xnai_pipelines.compute.ray_cluster import RayCluster

            return RayCluster(compute.workers, compute.ray_address)
        case EngineName.HERE:
            return HERE
