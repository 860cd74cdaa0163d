"""The per-question table of an evaluation's run, read with distrust: others may write to a tracking server."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from xnai_pipelines.errors import NotTrackedError
from xnai_pipelines.evaluation.per_question import PER_QUESTION

if TYPE_CHECKING:
    from mlflow import MlflowClient

PER_QUESTION_FILE = "per_question.parquet"
MOST_BYTES = 64 * 1024**2
MOST_UNPACKED_BYTES = 8 * MOST_BYTES
MOST_ROWS = 1_000_000
ADDED_LATER = ("language", "folder", "media_type")


def download(client: "MlflowClient", run_id: str) -> bytes:
    """Return the table's file.

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
        raise NotTrackedError(f"MLflow's run {run_id} has no {PER_QUESTION_FILE}. Evaluate again to log one.")
    _check(run_id, "bytes", sizes[PER_QUESTION_FILE] or 0, MOST_BYTES)
    with TemporaryDirectory() as folder:
        path = Path(client.download_artifacts(run_id, PER_QUESTION_FILE, folder))
        _check(run_id, "bytes", path.stat().st_size, MOST_BYTES)
        return path.read_bytes()


def read_per_question(content: bytes, run_id: str) -> pa.Table:
    """Return the table that `EvaluationTracking.per_question` describes; `run_id` is for errors alone."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        _check(run_id, "rows", file.metadata.num_rows, MOST_ROWS)
        groups = range(file.metadata.num_row_groups)
        unpacked = sum(file.metadata.row_group(group).total_byte_size for group in groups)
        _check(run_id, "bytes when unpacked", unpacked, MOST_UNPACKED_BYTES)
        table = file.read()
        for name in ADDED_LATER:
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(len(table), PER_QUESTION.field(name).type))
        return table.select(PER_QUESTION.names).cast(PER_QUESTION)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise NotTrackedError(
            f"{PER_QUESTION_FILE} of MLflow's run {run_id} cannot be read as such a table: {error}. "
            "Evaluate again to log a whole one."
        ) from error


def _check(run_id: str, of_what: str, number: int, most: int) -> None:
    if number > most:
        raise NotTrackedError(
            f"{PER_QUESTION_FILE} of MLflow's run {run_id} has {number} {of_what}; more than {most} are not read."
        )
