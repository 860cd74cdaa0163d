"""Evaluations as runs of the experiment `xnai/retrieval`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from xnai_pipelines.evaluation.history import PastEvaluation, tracked_metrics
from xnai_pipelines.evaluation.logged_questions import PER_QUESTION_FILE, download, read_per_question
from xnai_pipelines.evaluation.markdown import worst_questions_markdown
from xnai_pipelines.evaluation.report import EvaluationReport
from xnai_pipelines.state.layout import parquet_bytes
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker

if TYPE_CHECKING:
    from mlflow.entities import Run

RETRIEVAL = "xnai/retrieval"


def log_evaluation(
    tracker: Tracker,
    report: EvaluationReport,
    per_question: pa.Table,
    plots: Mapping[str, bytes],
    tags: Mapping[str, str],
) -> MlflowRun:
    """Log an evaluation to `xnai/retrieval` and return its run.

    The run has the metrics of `tracked_metrics`, the settings as parameters, and as artifacts
    `report.json`, `per_question.parquet`, `worst_questions.md` and the plots. A run that fails half way
    is marked FAILED.

    Args:
        tracker: The MLflow store.
        report: What was found.
        per_question: The table beside the report.
        plots: PNG bytes by file name without ending.
        tags: `vector_space`, `dagster_run_id` and `release`; `fingerprint`, `question_set` and
            `evaluated_at` are added.
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
                "report.json": report.to_json().encode(),
                "worst_questions.md": worst_questions_markdown(report).encode(),
                PER_QUESTION_FILE: parquet_bytes(per_question),
                **{f"{name}.png": png for name, png in plots.items()},
            },
            tags={**tags, **_identity(report), "question_set": report.question_set},
        )
    )


def find_evaluation(tracker: Tracker, report: EvaluationReport) -> MlflowRun | None:
    """Return the finished run that logged this report, None where it was not logged."""
    return Experiment(RETRIEVAL, tracker).find(_identity(report))


def past_evaluations(tracker: Tracker, limit: int) -> list[PastEvaluation]:
    """Return at most `limit` finished evaluations, the newest first."""
    return list(_past(Experiment(RETRIEVAL, tracker).newest({}, limit)))


def evaluations_since(tracker: Tracker, evaluated_at: datetime | None, limit: int) -> list[PastEvaluation]:
    """Return at most `limit` finished evaluations later than that one, from the first with None; oldest first."""
    runs = Experiment(RETRIEVAL, tracker).oldest({}, limit + 1, since=evaluated_at)  # 1: that one itself
    later = (one for one in _past(runs) if evaluated_at is None or one.evaluated_at > evaluated_at)
    return list(islice(later, limit))


def first_evaluation(tracker: Tracker, release: int) -> PastEvaluation | None:
    """Return the first finished evaluation of this release, None where there is none."""
    runs = Experiment(RETRIEVAL, tracker).oldest({"release": str(release)}, 1)
    return next(_past(runs), None)


def per_question(tracker: Tracker, run_id: str) -> pa.Table:
    """Return the per-question table (schema `PER_QUESTION`) that an evaluation's run logged.

    What a table from before language, folder and media type were noted does not say of them is null.

    Raises:
        NotTrackedError: The run has no such table, or one that is too large, damaged or of other columns.
    """
    with tracker.client() as client:
        content = download(client, run_id)
    return read_per_question(content, run_id)


def _past(runs: "Iterable[Run]") -> Iterator[PastEvaluation]:
    """Give the evaluations among the runs: a person may have logged another in the same experiment."""
    for run in runs:
        if "evaluated_at" in run.data.tags:
            yield PastEvaluation(
                run_id=run.info.run_id,
                evaluated_at=datetime.fromisoformat(run.data.tags["evaluated_at"]),
                metrics=dict(run.data.metrics),
                tags={name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")},
            )


def _identity(report: EvaluationReport) -> dict[str, str]:
    """Return the tags by which a report is known: a later one of the same state is another."""
    return {"fingerprint": report.fingerprint, "evaluated_at": report.evaluated_at.isoformat()}
