"""Evaluations as runs of the experiment `xnai/retrieval`."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from xnai_pipelines.evaluation import (
    EvaluationReport,
    PastEvaluation,
    tracked_metrics,
    worst_questions_markdown,
)
from xnai_pipelines.tracking.runs import Experiment, MlflowRun, RunContent

RETRIEVAL = "xnai/retrieval"


def log_evaluation(
    experiment: Experiment,
    report: EvaluationReport,
    per_question: pa.Table,
    plots: Mapping[str, bytes],
    tags: Mapping[str, str],
) -> MlflowRun:
    """Return the run that `Tracker.log_evaluation` describes."""
    rows = pa.BufferOutputStream()
    pq.write_table(per_question, rows)
    return experiment.log(
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
                "per_question.parquet": rows.getvalue().to_pybytes(),
                **{f"{name}.png": png for name, png in plots.items()},
            },
            tags={**tags, **_identity(report), "question_set": report.question_set},
        )
    )


def past_evaluations(experiment: Experiment, limit: int) -> list[PastEvaluation]:
    """Return at most `limit` finished evaluations, the newest first."""
    return [
        PastEvaluation(
            run_id=run.info.run_id,
            evaluated_at=datetime.fromisoformat(run.data.tags["evaluated_at"]),
            metrics=dict(run.data.metrics),
            tags={name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")},
        )
        for run in experiment.finished({}, limit)
    ]


def find_evaluation(experiment: Experiment, report: EvaluationReport) -> MlflowRun | None:
    """Return the finished run that logged this report, None where it was not logged."""
    return experiment.find(_identity(report))


def _identity(report: EvaluationReport) -> dict[str, str]:
    """Return the tags by which a report is known: a later one of the same state is another."""
    return {"fingerprint": report.fingerprint, "evaluated_at": report.evaluated_at.isoformat()}
