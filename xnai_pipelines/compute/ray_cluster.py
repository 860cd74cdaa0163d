"""Maps on a Ray cluster: its machines need this package and the home's folder at the same path."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence

from xnai_pipelines.compute.figures import Result, Shard, WorkerFigures, measured, recorded
from xnai_pipelines.errors import UnavailableError, WorkersLostError
from xnai_pipelines.extras import require

_TRIES_AGAIN = 3  # of a shard whose worker or machine is lost
_SECONDS_TO_CONNECT = 10.0


class RayCluster:
    """A Ray cluster, which does a shard again whose worker is lost. One shard takes one processor."""

    apart = True

    def __init__(self, workers: int, address: str | None) -> None:
        require("ray", "XNAI_COMPUTE=ray")
        self._workers = workers
        self._address = address
        self.figures: dict[str, WorkerFigures] = {}

    def map(self, function: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
        """Yield the result of each shard when it is ready.

        Raises:
            WorkersLostError: A shard's worker or machine was lost four times, or no machine can take one.
            UnavailableError: The cluster cannot be reached.
        """
        self._connect()
        import ray

        lost = (
            ray.exceptions.WorkerCrashedError,
            ray.exceptions.OutOfMemoryError,
            ray.exceptions.NodeDiedError,
            ray.exceptions.LocalRayletDiedError,
            ray.exceptions.TaskUnschedulableError,
        )
        task = ray.remote(num_cpus=1, max_retries=_TRIES_AGAIN)(measured)
        waiting = [task.remote(function, shard) for shard in shards]
        try:
            while waiting:
                ready, waiting = ray.wait(waiting)
                for done in ray.get(ready):
                    yield recorded(done, self.figures)
        except lost as error:
            raise WorkersLostError(
                f"Ray could not finish a shard in {_TRIES_AGAIN + 1} tries ({type(error).__name__}). A machine may "
                "lack memory or processors: see `ray status` and Ray's log."
            ) from error
        finally:
            for left in waiting:
                ray.cancel(left)

    def _connect(self) -> None:
        """Connect to the cluster, or start one on this machine; once per process."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            self._check_port()
            import ray

            if not ray.is_initialized():
                local = {"num_cpus": self._workers} if self._address is None else {}
                ray.init(address=self._address or "local", include_dashboard=False, log_to_driver=False, **local)
        except (OSError, ValueError) as error:  # a ConnectionError is an OSError
            raise UnavailableError(
                f"No Ray cluster can be reached at {self._address or 'this machine'} ({error}). Start it, or correct "
                "XNAI_RAY_ADDRESS; without it a local one is started."
            ) from error

    def _check_port(self) -> None:
        """Raise OSError if nothing listens at the address: Ray would try for minutes, then end the process."""
        host, _, port = (self._address or "").rpartition("/")[2].rpartition(":")
        if port.isdecimal():
            socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS_TO_CONNECT).close()
