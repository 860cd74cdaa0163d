"""Watches MLflow: reads the new evaluations and the release's first one, and makes a decision."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

import pyarrow as pa

from xnai_pipelines.autonomy.decisions.attempts import Attempt
from xnai_pipelines.autonomy.decisions.decide import Decision, DriftSummary, decide
from xnai_pipelines.autonomy.decisions.logged_evaluation import LoggedEvaluation
from xnai_pipelines.autonomy.decisions.memory import Action, Memory
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.autonomy.drift.faults import ingest_mends
from xnai_pipelines.autonomy.drift.make import last_drift_report
from xnai_pipelines.autonomy.drift.report import Cause
from xnai_pipelines.errors import NotTrackedError
from xnai_pipelines.evaluation.logged import first_evaluation, past_evaluations, per_question
from xnai_pipelines.evaluation.report import PastEvaluation
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.tracker import Tracker

_log = logging.getLogger(__name__)

LOOKED_BACK = 10  # newest evaluations per tick; older ones are ignored

# The action against a cause that training cannot fix.
MENDED_BY = {
    Cause.INDEX_FAULT: Action.INGEST,
    Cause.MISSING_DOCUMENTS: Action.INGEST,
    Cause.MODEL_FAULT: Action.ALERT,
}
EMBED_AGAIN = "`xnai run --new-release` embeds everything again."


def look_for_degradation(
    home: Home,
    tracker: Tracker,
    attempts: Sequence[Attempt],
    memory: Memory,
    thresholds: Thresholds,
    now: datetime,
    *,
    waiting: str | None = None,
) -> Decision:
    """Return what the automation does now, with the memory for its next tick.

    `waiting` says what a person has to do before another retraining makes sense, as a clause; None if nothing.

    Raises:
        ReleaseError: The release pointer is damaged.
        TrackingUnavailableError: MLflow cannot be reached.
    """
    release = Releases(home.releases).current()
    serving = str(release.release) if release else None
    newest = [one for one in past_evaluations(tracker, LOOKED_BACK) if one.tags.get("release") == serving]
    if release and memory.release is not None and memory.release != release.release and not newest:
        # findings about another release do not count for this one, which is not evaluated yet
        memory = replace(memory, release=release.release, evaluated_at=None, standing={}, done={})
    unread = [one for one in newest if one.run_id not in memory.runs]
    first = first_evaluation(tracker, release.release) if release else None
    evaluations = [_logged(tracker, one) for one in unread]
    return decide(
        evaluations=[one for one in evaluations if one is not None],
        baseline=_logged(tracker, first) if first else None,
        attempts=attempts,
        drift=_drift(home, release.release if release else 0),
        memory=memory,
        thresholds=thresholds,
        now=now,
        waiting=waiting,
    )


def _logged(tracker: Tracker, evaluation: PastEvaluation) -> LoggedEvaluation | None:
    """Return an evaluation with its rows, None if MLflow has lost them, so that it does not block later ones."""
    try:
        rows = _rows(tracker, evaluation.run_id)
    except NotTrackedError as error:
        _log.warning("An evaluation is skipped. %s", error)
        return None
    return LoggedEvaluation(evaluation.run_id, evaluation.evaluated_at, int(evaluation.tags["release"]), rows)


@lru_cache(maxsize=LOOKED_BACK)
def _rows(tracker: Tracker, run_id: str) -> pa.Table:
    """Return an evaluation's rows. They are cached, because what was logged never changes."""
    return per_question(tracker, run_id)


def _drift(home: Home, release: int) -> DriftSummary | None:
    report = last_drift_report(home)
    if report is None or report.release != release:
        return None
    if report.cause is Cause.INDEX_FAULT and not ingest_mends(report.tests):
        return DriftSummary(str(report.cause), Action.ALERT, f"{report.conclusion} {EMBED_AGAIN}")
    return DriftSummary(str(report.cause), MENDED_BY.get(report.cause, Action.RETRAIN), report.conclusion)
