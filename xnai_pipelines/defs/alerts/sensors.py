"""The sensor on runs that failed."""

from datetime import UTC, datetime

import dagster as dg

from xnai_pipelines.autonomy.alerts.alert import Alert, Severity
from xnai_pipelines.defs.resources.alerts import AlertsResource


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people of every run that failed: in alerts.jsonl, and at XNAI_WEBHOOK where it is set.",
)
def failed_runs(context: dg.RunFailureSensorContext, alerts: AlertsResource) -> None:
    """Tell of the run that failed."""
    run = context.dagster_run
    steps = [event.step_key or "run" for event in context.get_step_failure_events()]
    alerts.tell(
        Alert(
            kind="run_failure",
            title=f"Run of {run.job_name} failed" + (f" at {', '.join(steps)}" if steps else ""),
            text=context.failure_event.message or "",
            severity=Severity.ERROR,
            at=datetime.now(UTC),
            tags={"run_id": run.run_id, "cause": f"{run.job_name} {' '.join(steps)}".strip()},
            link=alerts.run_page(run.run_id),
        )
    )
