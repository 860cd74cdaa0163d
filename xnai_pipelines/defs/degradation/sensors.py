"""The sensor on accuracy: it reads MLflow, and asks for what mends what it sees."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from xnai_pipelines.autonomy.alerts.alert import Alert, Severity
from xnai_pipelines.autonomy.decisions.attempts import Attempt
from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action, Memory
from xnai_pipelines.autonomy.watch import look_for_degradation
from xnai_pipelines.defs.resources.alerts import AlertsResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.defs.upkeep.jobs import maintain, refresh, retrain
from xnai_pipelines.settings import settings
from xnai_pipelines.state.manifest import ReleaseError
from xnai_pipelines.state.mlflow_connection import TrackingUnavailableError
from xnai_pipelines.state.tracker import NotTrackedError

REMEMBERED_RUNS = 50
JOBS = {Action.RETRAIN: retrain.name, Action.MAINTAIN: maintain.name, Action.INGEST: refresh.name}


@dg.sensor(
    jobs=[retrain, maintain, refresh],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads the evaluations in MLflow. Where accuracy fell below the floor, or below what the release had "
    "when it was released, it asks for a retraining, or for what else mends the cause that the drift report names.",
)
def accuracy_degradation_sensor(
    context: dg.SensorEvaluationContext, stores: StoresResource, tracking: TrackingResource, alerts: AlertsResource
) -> dg.SensorResult | dg.SkipReason:
    """Look at what was evaluated since the last tick."""
    now = datetime.now(UTC)
    try:
        decision = look_for_degradation(
            stores.layout,
            tracking.tracker(),
            _attempts(context.instance, now),
            Memory.from_json(context.cursor),
            settings().thresholds,
            now,
        )
    except (TrackingUnavailableError, NotTrackedError, ReleaseError) as error:
        return dg.SkipReason(f"Nothing was looked at, and nothing is forgotten. {error}")
    context.log.info(decision.reason)
    request = _request(decision)
    if decision.action is Action.ALERT:
        alerts.tell(_alert(decision, now))
    return dg.SensorResult(
        run_requests=[request] if request else [],
        skip_reason=None if request else decision.reason,
        cursor=decision.memory.to_json(),
    )


def _request(decision: Decision) -> dg.RunRequest | None:
    """Return the run that a decision asks for. Dagster runs a key once: evaluation and attempt tell two apart."""
    if decision.action not in JOBS:
        return None
    seen = decision.memory.evaluated_at
    key = f"{decision.action}-{decision.cause}-{decision.attempt or ''}-{seen.isoformat() if seen else ''}"
    return dg.RunRequest(run_key=key, job_name=JOBS[decision.action], tags={**decision.tags, "reason": decision.reason})


def _alert(decision: Decision, now: datetime) -> Alert:
    return Alert(
        kind="accuracy",
        title=f"Accuracy: {decision.cause}",
        text=decision.reason,
        severity=Severity.WARNING,
        at=now,
        tags=decision.tags,
    )


def _attempts(instance: dg.DagsterInstance, now: datetime) -> Sequence[Attempt]:
    """Return the retrainings that the instance knows, the newest ones."""
    records = instance.get_run_records(dg.RunsFilter(job_name=retrain.name), limit=REMEMBERED_RUNS)
    return [_attempt(record, now) for record in records]


def _attempt(record: dg.RunRecord, now: datetime) -> Attempt:
    run = record.dagster_run
    requested = record.create_timestamp.astimezone(UTC)
    ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else now
    outcomes = {dg.DagsterRunStatus.SUCCESS: "succeeded", dg.DagsterRunStatus.FAILURE: "failed"}
    stopped = "failed" if run.status is dg.DagsterRunStatus.CANCELED else "running"
    return Attempt(
        cause=run.tags.get("cause", "asked for by a person"),
        requested_at=requested,
        attempt=int(run.tags.get("attempt", "1")),
        outcome=outcomes.get(run.status, stopped),  # type: ignore[arg-type]
        release_before=int(run.tags.get("champion", "0")),
        minutes=max(0.0, (ended - requested).total_seconds() / 60),
    )
