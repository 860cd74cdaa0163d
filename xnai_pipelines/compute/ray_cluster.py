"""Maps on a Ray cluster: its machines need this package and the home's folder at the same path."""

import os
from collections.abc import Callable, Iterator, Sequence

from xnai_pipelines.compute.engine import Result, Shard
from xnai_pipelines.errors import WorkersLostError
from xnai_pipelines.extras import require

_TRIES_AGAIN = 3  # of a shard whose worker or machine is lost


class RayCluster:
    """A Ray cluster, which does a shard again whose worker is lost. One shard takes one processor."""

    apart = True

    def __init__(self, workers: int, address: str | None) -> None:
        require("ray", "XNAI_COMPUTE=ray")
        self._workers = workers
        self._address = address

    def map(self, function: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Yield the result of each shard when it is ready.

        Raises:
            WorkersLostError: A shard's worker was lost four times.
        """
        import ray

        self._connect()
        task = ray.remote(num_cpus=1, max_retries=_TRIES_AGAIN)(function)
        waiting = [task.remote(shard) for shard in shards]
        try:
            while waiting:
                ready, waiting = ray.wait(waiting)
                yield from ray.get(ready)
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
            raise WorkersLostError(
                f"Ray lost the worker of a shard {_TRIES_AGAIN + 1} times. A machine may lack memory; see Ray's log."
            ) from error
        finally:
            for left in waiting:
                ray.cancel(left)

    def _connect(self) -> None:
        """Connect to the cluster, or start one on this machine; once per process."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray

        if not ray.is_initialized():
            local = {"num_cpus": self._workers} if self._address is None else {}
            ray.init(address=self._address or "local", include_dashboard=False, log_to_driver=False, **local)
