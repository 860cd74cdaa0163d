"""Evaluations as the room's tests log them."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from unittest import mock

from xnai_pipelines.evaluation.logged import log_evaluation
from xnai_pipelines.evaluation.report import EvaluationReport

TAGS = {"vector_space": "v1", "dagster_run_id": "run-7", "release": "1"}


def log(tracker, evaluation, **changes):
    report = changes.pop("report", evaluation.report)
    return log_evaluation(
        tracker, report, per_question=evaluation.per_question, plots={"modes": b"\x89PNG"}, tags=TAGS | changes
    )


def tried_connections() -> AbstractContextManager[mock.Mock]:
    """Count how often a server is tried to be reached while the context lasts."""
    from urllib3.util import connection

    return mock.patch.object(connection, "create_connection", wraps=connection.create_connection)


def day(days):
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)


def at(report, days, fingerprint):
    """The same report of another day."""
    fields = {name: getattr(report, name) for name in report.__slots__}
    return EvaluationReport(**(fields | {"evaluated_at": day(days), "fingerprint": fingerprint}))
