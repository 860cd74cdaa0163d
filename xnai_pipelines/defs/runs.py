"""The runs of a home: one at a time, and those that were killed marked as failed, so that they block no later one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
from dagster import DagsterInstance

from xnai_pipelines.interrupts import interrupts_repeated
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import held, is_alive, leased, shown_alive, was_shown_alive

# On every run of a home: an instance may hold runs of other homes and of other people's assets.
HOME_TAG = "xnai/home"
# A run has no lock between its start and its turn to set up resources, and between its last step and its end.
GRACE_SECONDS = 60.0


@contextmanager
def turn(home: Home, run_id: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the turn of the home while the block runs; wait for the run that holds it, and say so.

    The stages of a run write one table after the other and its checks compare them: a second run in between would
    make them fail.
    """
    name, owner = "turn.lock", f"run {run_id}"
    with held(home, name, owner, say), leased(home, name, owner, say):
        yield


@contextmanager
def alive(home: Home, run_id: str) -> Iterator[None]:
    """Show that this process works for the run while the block runs, and let no interrupt of the run be lost."""
    with interrupts_repeated(), shown_alive(home, run_id):
        yield


def end_dead_runs(instance: DagsterInstance, home: Home) -> list[str]:
    """Mark the home's runs whose process is gone as failed and free what they held; return their ids.

    Those that a person had asked to end are marked as canceled: nobody wants a retry of them.
    """
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    ours = [run for run in instance.get_runs(unfinished) if is_of(run, home)]
    dead = [run for run in ours if _is_dead(instance, home, run.run_id)]
    for run in dead:
        ended = "The run's process is gone: it was killed, or the machine stopped."
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, ended)
        else:
            instance.report_run_failed(run, ended)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def is_of(run: dg.DagsterRun, home: Home) -> bool:
    """Return whether a run is one of the home's."""
    return run.tags.get(HOME_TAG) == str(home.root)


def _is_dead(instance: DagsterInstance, home: Home, run_id: str) -> bool:
    if was_shown_alive(home, run_id):
        # asked for in this order: a run that ends in order between the two removes its lock and is found no more
        return not is_alive(home, run_id) and was_shown_alive(home, run_id)
    last = instance.get_records_for_run(run_id, limit=1, ascending=False).records
    return not last or time.time() - last[0].timestamp > GRACE_SECONDS
