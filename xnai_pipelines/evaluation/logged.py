"""Evaluations as runs of the MLflow experiment `xnai/retrieval`.

The per-question table of a run is validated when it is read, because others may write to a tracking server.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from xnai_pipelines.errors import NotTrackedError
from xnai_pipelines.evaluation.markdown import worst_questions_markdown
from xnai_pipelines.evaluation.per_question import PER_QUESTION
from xnai_pipelines.evaluation.report import EvaluationReport, PastEvaluation, tracked_metrics
from xnai_pipelines.state.layout import parquet_bytes
from xnai_pipelines.state.records import json_bytes
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

RETRIEVAL = "xnai/retrieval"
PER_QUESTION_FILE = "per_question.parquet"
MAX_BYTES = 64 * 1024**2
MAX_UNPACKED_BYTES = 8 * MAX_BYTES
MAX_ROWS = 1_000_000
ADDED_LATER = ("language", "folder", "media_type")


def log_evaluation(
    tracker: Tracker,
    report: EvaluationReport,
    *,
    per_question: pa.Table,
    plots: Mapping[str, bytes],
    tags: Mapping[str, str],
) -> MlflowRun:
    """Return the MLflow run after logging an evaluation to `xnai/retrieval`, unless it is logged already.

    The run has the metrics of `tracked_metrics` and the settings as parameters. Its artifacts are `report.json`,
    `per_question.parquet`, `worst_questions.md` and the plots. A run that fails is marked FAILED.

    Args:
        tracker: MLflow store.
        report: Report of the evaluation.
        per_question: Table of schema `PER_QUESTION`.
        plots: PNG bytes by file name without extension.
        tags: `vector_space`, `dagster_run_id` and `release`. `fingerprint`, `question_set` and `evaluated_at` are
            added.
    """
    return Experiment(RETRIEVAL, tracker).log(
        RunContent(
            title=f"{report.evaluated_at:%Y-%m-%d %H:%M} {report.headline.origin}",
            measured_at=report.evaluated_at,
            params={
                **report.settings,
                "questions": report.headline.statement,
                "modes": ", ".join(report.modes),
                "chunks_per_search": report.depth,
            },
            metrics=tracked_metrics(report),
            files={
                "report.json": json_bytes(report),
                "worst_questions.md": worst_questions_markdown(report).encode(),
                PER_QUESTION_FILE: parquet_bytes(per_question),
                **{f"{name}.png": png for name, png in plots.items()},
            },
            # a later report of the same state is another one
            known_by={"fingerprint": report.fingerprint, "evaluated_at": report.evaluated_at.isoformat()},
            tags={**tags, "question_set": report.question_set},
        )
    )


def past_evaluations(tracker: Tracker, limit: int) -> list[PastEvaluation]:
    """Return at most `limit` finished evaluations, newest first."""
    return list(_past(Experiment(RETRIEVAL, tracker).newest({}, limit)))


def first_evaluation(tracker: Tracker, release: int) -> PastEvaluation | None:
    """Return the first finished evaluation of this release, None if there is none."""
    runs = Experiment(RETRIEVAL, tracker).oldest({"release": str(release)}, 1)
    return next(_past(runs), None)


def per_question(tracker: Tracker, run_id: str) -> pa.Table:
    """Return the per-question table (schema `PER_QUESTION`) that an evaluation's run logged.

    Language, folder and media type are null in tables that were logged before these columns existed.

    Raises:
        NotTrackedError: The run has no such table, or the table is too large, damaged or has other columns.
    """
    with tracker.client() as client:
        content = _download(client, run_id)
    return _parsed(content, run_id)


def _past(runs: "Iterable[Run]") -> Iterator[PastEvaluation]:
    """Yield the evaluations among the runs. A person may have logged others in the experiment, or edited tags."""
    for run in runs:
        evaluated_at = _time(run.data.tags.get("evaluated_at", ""))
        if evaluated_at is not None:
            yield PastEvaluation(
                run_id=run.info.run_id,
                evaluated_at=evaluated_at,
                metrics=dict(run.data.metrics),
                tags={name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")},
            )


def _time(tag: str) -> datetime | None:
    """Return the time in a tag, None if it holds none with a time zone."""
    try:
        time = datetime.fromisoformat(tag)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _download(client: "MlflowClient", run_id: str) -> bytes:
    """Return the content of the table's file.

    Raises:
        NotTrackedError: There is no such run, it has no such file, or the file has more than 64 MiB.
    """
    from mlflow.exceptions import MlflowException

    try:
        sizes = {file.path: file.file_size for file in client.list_artifacts(run_id)}
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        sizes = {}
    if PER_QUESTION_FILE not in sizes:
        raise NotTrackedError(f"MLflow run {run_id} has no {PER_QUESTION_FILE}. Evaluate again to log one.")
    _check(run_id, "bytes", sizes[PER_QUESTION_FILE] or 0, MAX_BYTES)
    with TemporaryDirectory() as folder:
        path = Path(client.download_artifacts(run_id, PER_QUESTION_FILE, folder))
        _check(run_id, "bytes", path.stat().st_size, MAX_BYTES)
        return path.read_bytes()


def _parsed(content: bytes, run_id: str) -> pa.Table:
    """Return the table in the content of a file. `run_id` is only for error messages."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        _check(run_id, "rows", file.metadata.num_rows, MAX_ROWS)
        groups = range(file.metadata.num_row_groups)
        unpacked = sum(file.metadata.row_group(group).total_byte_size for group in groups)
        _check(run_id, "bytes when unpacked", unpacked, MAX_UNPACKED_BYTES)
        table = file.read()
        for name in ADDED_LATER:
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(len(table), PER_QUESTION.field(name).type))
        return table.select(PER_QUESTION.names).cast(PER_QUESTION)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise NotTrackedError(
            f"{PER_QUESTION_FILE} of MLflow run {run_id} is not a valid per-question table: {error}. "
            "Evaluate again to log a new one."
        ) from error


def _check(run_id: str, unit: str, number: int, limit: int) -> None:
    if number > limit:
        raise NotTrackedError(
            f"{PER_QUESTION_FILE} of MLflow run {run_id} has {number} {unit}, more than the limit of {limit}."
        )
