"""Runs of an experiment: logged whole or marked failed, and found again by their tags."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from xnai_pipelines.errors import TrackingUnavailableError
from xnai_pipelines.state.mlflow_connection import connect, reaching

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_METRICS_A_REQUEST = 1000  # MLflow takes no more
_RUNS_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class MlflowRun:
    """A run in MLflow."""

    run_id: str
    experiment_id: str

    @property
    def page(self) -> str:
        """The run's page, to be put behind the address of MLflow's UI and a slash."""
        return f"#/experiments/{self.experiment_id}/runs/{self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContent:
    """What a run says.

    Attributes:
        title: The run's name in MLflow's list.
        measured_at: The time of its metrics and its start: what MLflow was down for is logged later than that.
        params: Settings; values are logged as text.
        metrics: Figures by name.
        files: Artifacts, bytes by file name.
        tags: What the run is found by.
        curve: Figures by name at each step, such as the loss.
    """

    title: str
    measured_at: datetime
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
    tags: Mapping[str, str]
    curve: Sequence[tuple[int, Mapping[str, float]]] = ()


@dataclass(frozen=True)
class Tracker:
    """Where MLflow keeps its runs and models.

    Every method raises `TrackingUnavailableError` where MLflow cannot be reached or written.

    Attributes:
        tracking_uri: `sqlite:////absolute/path/mlflow.db` or a server's address.
        artifact_root: URI of the folder for artifacts; None where a server has its own.
        timeout_seconds: Time to wait for a locked database or a server's answer.
    """

    tracking_uri: str = field(repr=False)  # there may be a password in it
    artifact_root: str | None
    timeout_seconds: float = 5.0

    @contextmanager
    def client(self) -> "Iterator[MlflowClient]":
        """Give a client; whatever fails in the body for MLflow's sake is a `TrackingUnavailableError`."""
        client = connect(self.tracking_uri, self.timeout_seconds)
        with reaching(self.tracking_uri):
            yield client


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment in MLflow, made when its first run is logged.

    Attributes:
        name: Its name, such as `xnai/retrieval`.
        store: Where it is.
    """

    name: str
    store: Tracker

    def log(self, content: RunContent) -> MlflowRun:
        """Return the new run, FINISHED; one that fails half way is marked FAILED."""
        from mlflow.entities import Metric, Param

        at = _milliseconds(content.measured_at)
        metrics = [
            Metric(name, value, at, step)
            for step, figures in [(0, content.metrics), *content.curve]
            for name, value in figures.items()
        ]
        params = [Param(name, str(value)) for name, value in content.params.items()]
        with self._new_run(content) as (client, run), TemporaryDirectory() as folder:
            client.log_batch(run.run_id, params=params)
            for start in range(0, len(metrics), _METRICS_A_REQUEST):
                client.log_batch(run.run_id, metrics[start : start + _METRICS_A_REQUEST])
            for name, content_bytes in content.files.items():
                (Path(folder) / name).write_bytes(content_bytes)
            client.log_artifacts(run.run_id, folder)
        return run

    def newest(self, tags: Mapping[str, str], limit: int) -> "list[Run]":
        """Return at most `limit` finished runs with all these tags, the newest first."""
        return list(islice(self._finished(tags, [], "DESC", limit), limit))

    def oldest(self, tags: Mapping[str, str], page: int, since: datetime | None = None) -> "Iterator[Run]":
        """Give the finished runs with all these tags, the oldest first, from the millisecond of `since` on.

        Args:
            tags: What the runs are found by.
            page: Runs to ask for at a time: about as many as are wanted.
            since: No run that was measured before it is given; None gives all.
        """
        later = [] if since is None else [f"attributes.start_time >= {_milliseconds(since)}"]
        return self._finished(tags, later, "ASC", min(page, _RUNS_A_PAGE))

    def find(self, tags: Mapping[str, str]) -> MlflowRun | None:
        """Return the newest finished run with all these tags, None where there is none."""
        found = self.newest(tags, limit=1)
        return MlflowRun(found[0].info.run_id, found[0].info.experiment_id) if found else None

    def _finished(self, tags: Mapping[str, str], also: list[str], order: str, page: int) -> "Iterator[Run]":
        wanted = ["attributes.status = 'FINISHED'", *(f"tags.{name} = '{value}'" for name, value in tags.items())]
        with self.store.client() as client:
            experiment = client.get_experiment_by_name(self.name)
            token = None
            while experiment is not None:
                runs = client.search_runs(
                    [experiment.experiment_id],
                    " AND ".join([*wanted, *also]),
                    max_results=page,
                    order_by=[f"attributes.start_time {order}"],
                    page_token=token,
                )
                yield from runs
                token = runs.token
                if not token:
                    return

    @contextmanager
    def _new_run(self, content: RunContent) -> "Iterator[tuple[MlflowClient, MlflowRun]]":
        """Open a run that ends FINISHED, or FAILED where the body raises."""
        with self.store.client() as client:
            experiment_id = self._found_or_made(client)
            _close_abandoned(client, experiment_id)
            created = client.create_run(
                experiment_id, _milliseconds(content.measured_at), dict(content.tags), content.title
            )
            run = MlflowRun(created.info.run_id, experiment_id)
            try:
                yield client, run
                client.set_terminated(run.run_id, "FINISHED")
            except BaseException as error:
                self._mark_failed(client, run, error)
                raise

    def _found_or_made(self, client: "MlflowClient") -> str:
        found = client.get_experiment_by_name(self.name)
        if found is None:
            location = (
                None if self.store.artifact_root is None else f"{self.store.artifact_root.rstrip('/')}/{self.name}"
            )
            return client.create_experiment(self.name, artifact_location=location)
        if found.lifecycle_stage == "deleted":
            raise TrackingUnavailableError(
                f"MLflow's experiment {self.name} was deleted. Bring it back with `mlflow experiments "
                f"restore --experiment-id {found.experiment_id}`, or delete it for good with `mlflow gc`."
            )
        return found.experiment_id

    def _mark_failed(self, client: "MlflowClient", run: MlflowRun, error: BaseException) -> None:
        try:
            with reaching(self.store.tracking_uri):
                client.set_terminated(run.run_id, "FAILED")
        except TrackingUnavailableError as unavailable:
            error.add_note(f"Its MLflow run {run.run_id} could not be marked as failed: {unavailable}")


def _milliseconds(moment: datetime) -> int:
    return math.floor(moment.timestamp() * 1000)


def _close_abandoned(client: "MlflowClient", experiment_id: str) -> None:
    """Mark FAILED what a killed process left RUNNING: logging takes seconds, so an hour is long past."""
    hour_ago = round((time.time() - 3600) * 1000)
    running = f"attributes.status = 'RUNNING' AND attributes.start_time < {hour_ago}"
    for run in client.search_runs([experiment_id], running):
        client.set_terminated(run.info.run_id, "FAILED")
