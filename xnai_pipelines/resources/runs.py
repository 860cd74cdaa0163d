"""Runs that were killed: found, marked as failed, and their pool slots freed, so that they block no later run."""

import time

import dagster as dg
from dagster import DagsterInstance

from xnai_pipelines.home import Home, is_alive, was_shown_alive

# A run takes its lock when its resources are set up, moments after Dagster calls it started.
GRACE_SECONDS = 60.0


def end_dead_runs(instance: DagsterInstance, home: Home) -> list[str]:
    """Mark the runs whose process is gone as failed and free what they held; return their ids."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    ended = []
    for record in instance.get_run_records(unfinished):
        run = record.dagster_run
        young = record.start_time is not None and time.time() - record.start_time < GRACE_SECONDS
        if is_alive(home, run.run_id) or (young and not was_shown_alive(home, run.run_id)):
            continue
        instance.report_run_failed(run, "The run's process ended without a word (killed, or the machine stopped).")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended
