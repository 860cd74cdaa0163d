"""What happens by the clock."""

import dagster as dg

from xnai_pipelines.defs.upkeep.jobs import evaluate, maintain

nightly_evaluation = dg.ScheduleDefinition(
    name="nightly_evaluation",
    job=evaluate,
    cron_schedule="30 2 * * *",
    # measured again although nothing changed: a night without a figure would look like a night without a problem
    run_config={"ops": {"retrieval_evaluation": {"config": {"force": True}}}},
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Measures every night, so that a fall of accuracy shows within a day.",
)

weekly_maintenance = dg.ScheduleDefinition(
    name="weekly_maintenance",
    job=maintain,
    cron_schedule="0 4 * * 0",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every write leaves an older version of its table behind; this removes them after a week.",
)
