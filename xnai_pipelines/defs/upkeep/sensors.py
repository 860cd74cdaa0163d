"""The sensor that ends what killed runs left behind."""

import dagster as dg

from xnai_pipelines.defs.resources.runs import end_dead_runs
from xnai_pipelines.defs.resources.stores import StoresResource


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs whose process was killed as failed and frees the pool slots that they held.",
)
def killed_runs(context: dg.SensorEvaluationContext, stores: StoresResource) -> dg.SkipReason:
    """Look for runs that Dagster believes to be running and whose process is gone."""
    ended = end_dead_runs(context.instance, stores.layout)
    return dg.SkipReason(f"Marked as failed: {', '.join(ended)}." if ended else "Every started run is alive.")
