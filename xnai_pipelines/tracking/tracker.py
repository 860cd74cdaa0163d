"""Evaluations in MLflow: one run each, found again by fingerprint and as a history."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from xnai_pipelines.evaluation import (
    EvaluationReport,
    PastEvaluation,
    tracked_metrics,
    worst_questions_markdown,
)
from xnai_pipelines.tracking.connection import TrackingUnavailableError, connect, reaching

if TYPE_CHECKING:
    from mlflow import MlflowClient

RETRIEVAL = "xnai/retrieval"

_FINISHED = "attributes.status = 'FINISHED'"


@dataclass(frozen=True, slots=True)
class MlflowRun:
    """A run in MLflow."""

    run_id: str
    experiment_id: str

    @property
    def page(self) -> str:
        """The run's page, to be put behind the address of MLflow's UI and a slash."""
        return f"#/experiments/{self.experiment_id}/runs/{self.run_id}"


class Tracker:
    """Writes to and reads from MLflow's experiment `xnai/retrieval`.

    Every method raises `TrackingUnavailableError` where MLflow cannot be reached or written.
    """

    def __init__(self, tracking_uri: str, artifact_root: str | None, timeout_seconds: float = 5.0) -> None:
        """Nothing is opened yet.

        Args:
            tracking_uri: `sqlite:////absolute/path/mlflow.db` or a server's address.
            artifact_root: URI of the folder for artifacts; None where a server has its own.
            timeout_seconds: Time to wait for a locked database or a server's answer.
        """
        self._tracking_uri = tracking_uri
        self._artifact_root = artifact_root
        self._timeout_seconds = timeout_seconds

    def log_evaluation(
        self,
        report: EvaluationReport,
        per_question: pa.Table,
        plots: Mapping[str, bytes],
        tags: Mapping[str, str],
    ) -> MlflowRun:
        """Log an evaluation and return its run.

        The run has the metrics of `tracked_metrics`, the settings as parameters, and as artifacts
        `report.json`, `per_question.parquet`, `worst_questions.md` and the plots. A run that fails half way
        is marked FAILED.

        Args:
            report: What was found.
            per_question: The table beside the report.
            plots: PNG bytes by file name without ending.
            tags: `vector_space`, `dagster_run_id` and `release`; `fingerprint`, `question_set` and
                `evaluated_at` are added.
        """
        from mlflow.entities import Metric, Param

        milliseconds = round(report.evaluated_at.timestamp() * 1000)
        metrics = [Metric(name, value, milliseconds, 0) for name, value in tracked_metrics(report).items()]
        settings = {
            **report.settings,
            "questions": report.headline.statement,
            "modes": ", ".join(report.modes),
            "chunks_per_search": report.depth,
        }
        with self._new_run(report, tags) as (client, run):
            client.log_batch(run.run_id, metrics, [Param(name, str(value)) for name, value in settings.items()])
            with TemporaryDirectory() as folder:
                _write_artifacts(Path(folder), report, per_question, plots)
                client.log_artifacts(run.run_id, folder)
        return run

    def past_evaluations(self, limit: int) -> list[PastEvaluation]:
        """Return at most `limit` finished evaluations, the newest first."""
        client = connect(self._tracking_uri, self._timeout_seconds)
        with reaching(self._tracking_uri):
            experiment = client.get_experiment_by_name(RETRIEVAL)
            if experiment is None:
                return []
            runs = client.search_runs(
                [experiment.experiment_id],
                _FINISHED,
                max_results=limit,
                order_by=["attributes.start_time DESC"],
            )
        return [
            PastEvaluation(
                run_id=run.info.run_id,
                evaluated_at=datetime.fromisoformat(run.data.tags["evaluated_at"]),
                metrics=dict(run.data.metrics),
                tags={name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")},
            )
            for run in runs
        ]

    def find_evaluation(self, report: EvaluationReport) -> MlflowRun | None:
        """Return the finished run that logged this report, None where it was not logged."""
        client = connect(self._tracking_uri, self._timeout_seconds)
        with reaching(self._tracking_uri):
            experiment = client.get_experiment_by_name(RETRIEVAL)
            if experiment is None:
                return None
            runs = client.search_runs(
                [experiment.experiment_id],
                f"{_FINISHED} AND tags.fingerprint = '{report.fingerprint}' "
                f"AND tags.evaluated_at = '{report.evaluated_at.isoformat()}'",
                max_results=1,
            )
        return MlflowRun(runs[0].info.run_id, experiment.experiment_id) if runs else None

    @contextmanager
    def _new_run(self, report: EvaluationReport, tags: Mapping[str, str]) -> "Iterator[tuple[MlflowClient, MlflowRun]]":
        """Open a run that ends FINISHED, or FAILED where the body raises."""
        client = connect(self._tracking_uri, self._timeout_seconds)
        with reaching(self._tracking_uri):
            experiment_id = self._experiment(client)
            _close_abandoned(client, experiment_id)
            created = client.create_run(
                experiment_id,
                tags={
                    **tags,
                    "fingerprint": report.fingerprint,
                    "question_set": report.question_set,
                    "evaluated_at": report.evaluated_at.isoformat(),
                },
                run_name=f"{report.evaluated_at:%Y-%m-%d %H:%M} {report.headline.origin}",
            )
            run = MlflowRun(created.info.run_id, experiment_id)
            try:
                yield client, run
                client.set_terminated(run.run_id, "FINISHED")
            except BaseException as error:
                self._mark_failed(client, run, error)
                raise

    def _experiment(self, client: "MlflowClient") -> str:
        found = client.get_experiment_by_name(RETRIEVAL)
        if found is None:
            location = None if self._artifact_root is None else f"{self._artifact_root.rstrip('/')}/{RETRIEVAL}"
            return client.create_experiment(RETRIEVAL, artifact_location=location)
        if found.lifecycle_stage == "deleted":
            raise TrackingUnavailableError(
                f"MLflow's experiment {RETRIEVAL} was deleted. Bring it back with `mlflow experiments "
                f"restore --experiment-id {found.experiment_id}`, or delete it for good with `mlflow gc`."
            )
        return found.experiment_id

    def _mark_failed(self, client: "MlflowClient", run: MlflowRun, error: BaseException) -> None:
        try:
            with reaching(self._tracking_uri):
                client.set_terminated(run.run_id, "FAILED")
        except TrackingUnavailableError as unavailable:
            error.add_note(f"Its MLflow run {run.run_id} could not be marked as failed: {unavailable}")


def _close_abandoned(client: "MlflowClient", experiment_id: str) -> None:
    """Mark FAILED what a killed process left RUNNING: logging takes seconds, so an hour is long past."""
    hour_ago = round((time.time() - 3600) * 1000)
    running = f"attributes.status = 'RUNNING' AND attributes.start_time < {hour_ago}"
    for run in client.search_runs([experiment_id], running):
        client.set_terminated(run.info.run_id, "FAILED")


def _write_artifacts(
    folder: Path, report: EvaluationReport, per_question: pa.Table, plots: Mapping[str, bytes]
) -> None:
    (folder / "report.json").write_text(report.to_json(), encoding="utf-8")
    (folder / "worst_questions.md").write_text(worst_questions_markdown(report), encoding="utf-8")
    pq.write_table(per_question, folder / "per_question.parquet")
    for name, png in plots.items():
        (folder / f"{name}.png").write_bytes(png)
