"""A run whose process is gone is marked as failed and gives back its pool slot; one that lives is left alone."""

import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from tests.support.pipeline import resource, settled, tick, variables
from xnai_pipelines.definitions import defs
from xnai_pipelines.defs import runs
from xnai_pipelines.defs.resources import StoresResource
from xnai_pipelines.defs.runs import end_dead_runs
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import shown_alive


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with settled(variables(home=tmp_path)):
        yield Home(tmp_path)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def started(instance: dg.DagsterInstance) -> dg.DagsterRun:
    job = defs().resolve_job_def("maintain")
    run = instance.create_run_for_job(job, tags=job.run_tags)
    instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name), run.run_id)
    return run


def leave_lock(home: Home, run: dg.DagsterRun) -> None:
    """Leave what a killed run leaves: its lock's file, locked by nobody."""
    folder = home.root / "alive"
    folder.mkdir(exist_ok=True)
    (folder / f"{run.run_id}.lock").touch()


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    return instance.get_run_by_id(run.run_id).status


def test_a_killed_run_is_marked_as_failed_and_its_slot_is_free(home, instance):
    run = started(instance)
    leave_lock(home, run)
    instance.event_log_storage.set_concurrency_slots("lancedb", 1)
    assert instance.event_log_storage.claim_concurrency_slot("lancedb", run.run_id, "documents").is_claimed
    assert end_dead_runs(instance, home) == [run.run_id]
    assert status(instance, run) is dg.DagsterRunStatus.FAILURE
    assert not instance.event_log_storage.get_concurrency_info("lancedb").active_slot_count
    assert end_dead_runs(instance, home) == []


def test_a_killed_run_that_a_person_had_canceled_is_marked_as_canceled(home, instance):
    run = started(instance)
    instance.report_run_canceling(run)
    leave_lock(home, run)
    assert end_dead_runs(instance, home) == [run.run_id]
    assert status(instance, run) is dg.DagsterRunStatus.CANCELED


def test_a_run_that_lives_is_left_alone(home, instance):
    run = started(instance)
    with shown_alive(home, run.run_id):
        assert end_dead_runs(instance, home) == []
    assert status(instance, run) is dg.DagsterRunStatus.STARTED


def test_a_run_that_is_about_to_begin_or_has_just_ended_is_left_alone_for_a_minute(home, instance, monkeypatch):
    run = started(instance)
    assert end_dead_runs(instance, home) == []
    monkeypatch.setattr(runs, "GRACE_SECONDS", -1.0)
    assert end_dead_runs(instance, home) == [run.run_id]


def test_a_run_that_ended_is_none_of_its_business(home, instance):
    run = started(instance)
    leave_lock(home, run)
    instance.report_run_canceled(run)
    assert end_dead_runs(instance, home) == []
    assert status(instance, run) is dg.DagsterRunStatus.CANCELED


def looked(instance: dg.DagsterInstance) -> str:
    return tick(instance, "killed_runs").skip_message


@pytest.mark.slow
def test_the_sensor_names_the_runs_it_ended(home, instance):
    assert looked(instance) == "Every started run is alive."
    run = started(instance)
    leave_lock(home, run)
    assert looked(instance) == f"Marked as ended: {run.run_id}."
    assert looked(instance) == "Every started run is alive."


@pytest.mark.parametrize(("raised", "waits"), [(DagsterExecutionInterruptedError, False), (ValueError, True)])
def test_an_interrupted_training_does_not_wait_for_its_next_turn(home, instance, monkeypatch, raised, waits):
    run = started(instance)
    turns: list[str] = []
    monkeypatch.setattr(StoresResource, "_take_turn", lambda _, run_id, __: turns.append(run_id))
    stores = resource("stores")
    with pytest.raises(raised), stores.turn_given_up(SimpleNamespace(run=run, log=logging.getLogger("test"))):
        raise raised
    assert turns == [run.run_id] * waits


def test_the_sensor_does_not_wait_for_a_run_that_goes_on(home, instance):
    said: list[str] = []
    with runs.turn(home, "a long run", said.append):
        assert looked(instance) == "Every started run is alive."
    assert said == []
