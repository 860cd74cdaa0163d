"""Runs of an experiment: logged completely or marked failed, and found by their tags."""

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
from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.mlflow_connection import connect, is_sqlite, reaching, sqlite_file
from xnai_pipelines.state.relocation import relocate_artifacts

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_METRICS_A_REQUEST = 1000  # MLflow's limit
_RUNS_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class MlflowRun:
    """A run in MLflow."""

    run_id: str
    experiment_id: str

    @property
    def page(self) -> str:
        """The run's page, to be appended to the address of MLflow's UI and a slash."""
        return f"#/experiments/{self.experiment_id}/runs/{self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContent:
    """The content of a run.

    Attributes:
        title: Name of the run in MLflow's list.
        measured_at: Time of its metrics and its start; after an outage of MLflow it is logged later than that.
        params: Settings; values are logged as text.
        metrics: Figures by name.
        files: Artifacts, bytes by file name.
        known_by: Tags that only this run has: what is logged already is found by them.
        tags: Other tags.
        curve: Figures by name at each step, such as the loss.
    """

    title: str
    measured_at: datetime
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
    known_by: Mapping[str, str]
    tags: Mapping[str, str]
    curve: Sequence[tuple[int, Mapping[str, float]]] = ()


@dataclass(frozen=True)
class Tracker:
    """Where MLflow keeps its runs and models.

    Every method raises `TrackingUnavailableError` if MLflow cannot be reached or written.

    Attributes:
        tracking_uri: `sqlite:////absolute/path/mlflow.db` or a server's address.
        artifact_root: URI of the artifacts folder; None if a server has its own.
        timeout_seconds: Max seconds to wait for a locked database or a server's answer.
        home: Id of the home that logs to a server, where others may log as well; None: the store is the home's own.
    """

    tracking_uri: str = field(repr=False)  # it may contain a password
    artifact_root: str | None
    timeout_seconds: float = 5.0
    home: str | None = None

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that the home logs, by which it finds its own again."""
        return {} if self.home is None else {"home": self.home}

    def is_unused(self) -> bool:
        """Return whether nothing was ever logged: the store is a file, and there is none. Reading makes no store."""
        return is_sqlite(self.tracking_uri) and not sqlite_file(self.tracking_uri).exists()

    @contextmanager
    def client(self) -> "Iterator[MlflowClient]":
        """Yield a client; any MLflow failure in the body becomes a `TrackingUnavailableError`."""
        client = connect(self.tracking_uri, self.timeout_seconds)
        with reaching(self.tracking_uri):
            if self.artifact_root is not None:
                relocate_artifacts(sqlite_file(self.tracking_uri), self.artifact_root.rstrip("/"))
            yield client


def tracker_of(home: Home, uri: str | None) -> Tracker:
    """Return where a home logs: the server at `uri`, or SQLite and files in the home.

    A server keeps artefacts where it wants, and may be shared by several homes.
    """
    if uri:
        return Tracker(uri, None, home=home_id(home))
    return Tracker(home.mlflow_uri, home.mlartifacts.as_uri())


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment in MLflow, created when its first run is logged. Runs of other homes on a server are not seen.

    Attributes:
        name: Name such as `xnai/retrieval`.
        store: The MLflow store.
    """

    name: str
    store: Tracker

    def log(self, content: RunContent) -> MlflowRun:
        """Return the run with this content, FINISHED, after logging it unless it is logged already.

        A run that fails half way is marked FAILED.
        """
        return self.find(content.known_by) or self._log(content)

    def _log(self, content: RunContent) -> MlflowRun:
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
        """Return up to `limit` finished runs with all these tags, newest first."""
        return list(islice(self._finished(tags, "DESC", limit), limit))

    def oldest(self, tags: Mapping[str, str], page: int) -> "Iterator[Run]":
        """Yield the finished runs with all these tags, oldest first.

        Args:
            tags: Tags by which the runs are found.
            page: Runs per request: about as many as are wanted.
        """
        return self._finished(tags, "ASC", min(page, _RUNS_A_PAGE))

    def find(self, tags: Mapping[str, str]) -> MlflowRun | None:
        """Return the newest finished run with all these tags, None if there is none."""
        found = self.newest(tags, limit=1)
        return MlflowRun(found[0].info.run_id, found[0].info.experiment_id) if found else None

    def _finished(self, tags: Mapping[str, str], order: str, page: int) -> "Iterator[Run]":
        if self.store.is_unused():
            return
        named = {**tags, **self.store.tags}
        wanted = ["attributes.status = 'FINISHED'", *(f"tags.{name} = '{value}'" for name, value in named.items())]
        with self.store.client() as client:
            experiment = client.get_experiment_by_name(self.name)
            token = None
            while experiment is not None:
                runs = client.search_runs(
                    [experiment.experiment_id],
                    " AND ".join(wanted),
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
        """Open a run that ends FINISHED, or FAILED if the body raises."""
        with self.store.client() as client:
            experiment_id = self._found_or_made(client)
            _close_abandoned(client, experiment_id)
            tags = {**content.tags, **content.known_by, **self.store.tags}
            created = client.create_run(experiment_id, _milliseconds(content.measured_at), tags, content.title)
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
                f"MLflow's experiment {self.name} was deleted. Restore it with `mlflow experiments "
                f"restore --experiment-id {found.experiment_id}`, or delete it permanently with `mlflow gc`."
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
    """Mark FAILED what a killed process left RUNNING: logging takes seconds, never an hour."""
    hour_ago = round((time.time() - 3600) * 1000)
    running = f"attributes.status = 'RUNNING' AND attributes.start_time < {hour_ago}"
    for run in client.search_runs([experiment_id], running):
        client.set_terminated(run.info.run_id, "FAILED")
