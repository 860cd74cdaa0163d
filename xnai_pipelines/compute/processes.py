"""Maps in processes of this machine."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from xnai_pipelines.compute.figures import Result, Shard, WorkerFigures, measured, recorded
from xnai_pipelines.errors import WorkersLostError

_BARREN_ROUNDS = 3  # in a row: workers that die before any of them finishes a shard will die again


class Processes:
    """A pool of processes, kept from map to map. A process that is killed costs the shards that were not done.

    The pool ends with this object.
    """

    apart = True

    def __init__(self, workers: int) -> None:
        self.figures: dict[str, WorkerFigures] = {}
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

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
                self._pool = None
                barren = barren + 1 if len(waiting) == before else 0
                if barren == _BARREN_ROUNDS:
                    raise WorkersLostError(
                        f"Worker processes stopped before any of {len(waiting)} shards was done, probably for lack of "
                        "memory (see the kernel's log). Set XNAI_COMPUTE_WORKERS to a smaller number."
                    ) from error

    def _round(self, function: Callable[[Shard], Result], waiting: dict[int, Shard]) -> Iterator[Result]:
        """Yield the results of the shards that wait, and take those off."""
        if self._pool is None:
            # fresh interpreters: a fork of this one would inherit locks that its threads hold
            self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"))
        numbers = {self._pool.submit(measured, function, shard): number for number, shard in waiting.items()}
        try:
            for future in as_completed(numbers):
                result = recorded(future.result(), self.figures)
                del waiting[numbers[future]]
                yield result
        finally:
            # a shard that has begun uses files which the caller may remove
            wait([future for future in numbers if not future.cancel()])
