"""Maps in processes of this machine."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from xnai_pipelines.compute.engine import Result, Shard
from xnai_pipelines.errors import WorkersLostError

_BARREN_ROUNDS = 3  # in a row: workers that die before any of them finishes a shard will die again


class Processes:
    """A pool of processes for each map. A process that is killed costs the shards that were not done."""

    apart = True

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map(self, function: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Yield the result of each shard when it is ready. One death ends the pool: a new one does the rest.

        Raises:
            WorkersLostError: Three pools in a row finished no shard.
        """
        waiting = dict(enumerate(shards))
        barren = 0
        while waiting:
            before = len(waiting)
            try:
                yield from self._round(function, waiting)
            except BrokenProcessPool as error:
                barren = barren + 1 if len(waiting) == before else 0
                if barren == _BARREN_ROUNDS:
                    raise WorkersLostError(
                        f"Worker processes end before they finish any of {len(waiting)} shards. The log of the kernel "
                        "tells whether memory ran out; fewer workers need less: XNAI_COMPUTE_WORKERS."
                    ) from error

    def _round(self, function: Callable[[Shard], Result], waiting: dict[int, Shard]) -> Iterator[Result]:
        """Yield the results of the shards that wait, and take those off."""
        # a fresh interpreter: a fork of this one would inherit locks that its threads hold
        with ProcessPoolExecutor(min(self._workers, len(waiting)), get_context("spawn")) as pool:
            numbers = {pool.submit(function, shard): number for number, shard in waiting.items()}
            try:
                for future in as_completed(numbers):
                    result = future.result()
                    del waiting[numbers[future]]
                    yield result
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
