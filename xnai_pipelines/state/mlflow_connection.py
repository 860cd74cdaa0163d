"""The connection to MLflow: no telemetry, bounded waiting, one error for everything that may be down."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from xnai_pipelines.errors import TrackingUnavailableError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SQLITE = "sqlite:///"


def connect(tracking_uri: str, timeout_seconds: float) -> "MlflowClient":
    """Return a client for `sqlite:///...` or a server's `http(s)://...`.

    Waits about `timeout_seconds` for a lock on SQLite, or for a server's answer (two attempts). If a lock appears after
    this call, MLflow waits its own 20 s.

    Raises:
        TrackingUnavailableError: SQLite is locked, damaged or not writable.
    """
    # MLflow reads these on import and at each request; values already set are kept
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(max(1, round(timeout_seconds))))
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    from mlflow import MlflowClient

    with reaching(tracking_uri):
        if is_sqlite(tracking_uri):
            _probe(sqlite_file(tracking_uri), timeout_seconds)
        try:
            return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        except AttributeError as error:  # of MLflow's migrations, which miss columns that the other process adds
            raise sqlite3.OperationalError("another process is making the same database") from error


@contextmanager
def reaching(tracking_uri: str) -> Iterator[None]:
    """Turn every failure to reach or write MLflow's storage into a `TrackingUnavailableError`."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        if isinstance(error, MlflowException) and error.error_code == "INVALID_PARAMETER_VALUE":
            raise  # our mistake, not MLflow's absence
        raise TrackingUnavailableError(
            f"MLflow at {_without_password(tracking_uri)} cannot be used now: {_reason(error)}. "
            "Check that it runs, that nothing else locks its database, and that its folders are writable."
        ) from error


def is_sqlite(tracking_uri: str) -> bool:
    """Return whether the store is a SQLite file, not a server."""
    return tracking_uri.startswith(_SQLITE)


def sqlite_file(tracking_uri: str) -> Path:
    """Return the file of a `sqlite:///...` URI."""
    return Path(unquote(tracking_uri.removeprefix(_SQLITE)))


def _probe(database: Path, timeout_seconds: float) -> None:
    """Take and release SQLite's write lock: MLflow itself would retry a bad file for minutes."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database, timeout=timeout_seconds)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()


def _reason(error: BaseException) -> str:
    """Return the first line of the underlying error, else of the error itself."""
    reason, inner = error, error.__cause__ or error.__context__
    while inner is not None:
        if isinstance(inner, OSError | sqlite3.Error):
            reason = inner
        inner = inner.__cause__ or inner.__context__
    return _without_password(str(reason) or type(reason).__name__).splitlines()[0].rstrip(". ")


def _without_password(text: str) -> str:
    return re.sub(r"(://[^:/@\s]*):[^@/\s]*@", r"\1:***@", text)
