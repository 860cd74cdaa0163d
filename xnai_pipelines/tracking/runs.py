"""Runs of an experiment: logged whole or marked failed, and found again by their tags."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from xnai_pipelines.tracking.connection import TrackingUnavailableError, connect, reaching

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


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
        measured_at: The time of its metrics.
        params: Settings; values are logged as text.
        metrics: Figures by name.
        files: Artifacts, bytes by file name.
        tags: What the run is found by.
    """

    title: str
    measured_at: datetime
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """An experiment in MLflow, made when its first run is logged.

    Every method raises `TrackingUnavailableError` where MLflow cannot be reached or written.

    Attributes:
        name: Its name, such as `xnai/retrieval`.
        tracking_uri: `sqlite:////absolute/path/mlflow.db` or a server's address.
        artifact_root: URI of the folder for artifacts; None where a server has its own.
        timeout_seconds: Time to wait for a locked database or a server's answer.
    """

    name: str
    tracking_uri: str
    artifact_root: str | None
    timeout_seconds: float

    @contextmanager
    def client(self) -> "Iterator[MlflowClient]":
        """Give a client; whatever fails in the body for MLflow's sake is a `TrackingUnavailableError`."""
        client = connect(self.tracking_uri, self.timeout_seconds)
        with reaching(self.tracking_uri):
            yield client

    def log(self, content: RunContent) -> MlflowRun:
        """Return the new run, FINISHED; one that fails half way is marked FAILED."""
        from mlflow.entities import Metric, Param

        at = round(content.measured_at.timestamp() * 1000)
        metrics = [Metric(name, value, at, 0) for name, value in content.metrics.items()]
        params = [Param(name, str(value)) for name, value in content.params.items()]
        with self._new_run(content) as (client, run), TemporaryDirectory() as folder:
            client.log_batch(run.run_id, metrics, params)
            for name, content_bytes in content.files.items():
                (Path(folder) / name).write_bytes(content_bytes)
            client.log_artifacts(run.run_id, folder)
        return run

    def finished(self, tags: Mapping[str, str], limit: int) -> "list[Run]":
        """Return at most `limit` finished runs with all these tags, the newest first."""
        wanted = ["attributes.status = 'FINISHED'", *(f"tags.{name} = '{value}'" for name, value in tags.items())]
        with self.client() as client:
            experiment = client.get_experiment_by_name(self.name)
            if experiment is None:
                return []
            return list(
                client.search_runs(
                    [experiment.experiment_id],
                    " AND ".join(wanted),
                    max_results=limit,
                    order_by=["attributes.start_time DESC"],
                )
            )

    def find(self, tags: Mapping[str, str]) -> MlflowRun | None:
        """Return the newest finished run with all these tags, None where there is none."""
        found = self.finished(tags, limit=1)
        return MlflowRun(found[0].info.run_id, found[0].info.experiment_id) if found else None

    @contextmanager
    def _new_run(self, content: RunContent) -> "Iterator[tuple[MlflowClient, MlflowRun]]":
        """Open a run that ends FINISHED, or FAILED where the body raises."""
        with self.client() as client:
            experiment_id = self._found_or_made(client)
            _close_abandoned(client, experiment_id)
            created = client.create_run(experiment_id, tags=dict(content.tags), run_name=content.title)
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
            location = None if self.artifact_root is None else f"{self.artifact_root.rstrip('/')}/{self.name}"
            return client.create_experiment(self.name, artifact_location=location)
        if found.lifecycle_stage == "deleted":
            raise TrackingUnavailableError(
                f"MLflow's experiment {self.name} was deleted. Bring it back with `mlflow experiments "
                f"restore --experiment-id {found.experiment_id}`, or delete it for good with `mlflow gc`."
            )
        return found.experiment_id

    def _mark_failed(self, client: "MlflowClient", run: MlflowRun, error: BaseException) -> None:
        try:
            with reaching(self.tracking_uri):
                client.set_terminated(run.run_id, "FAILED")
        except TrackingUnavailableError as unavailable:
            error.add_note(f"Its MLflow run {run.run_id} could not be marked as failed: {unavailable}")


def _close_abandoned(client: "MlflowClient", experiment_id: str) -> None:
    """Mark FAILED what a killed process left RUNNING: logging takes seconds, so an hour is long past."""
    hour_ago = round((time.time() - 3600) * 1000)
    running = f"attributes.status = 'RUNNING' AND attributes.start_time < {hour_ago}"
    for run in client.search_runs([experiment_id], running):
        client.set_terminated(run.info.run_id, "FAILED")
