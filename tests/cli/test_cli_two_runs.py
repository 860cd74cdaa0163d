"""A killed run blocks no later one, and of two runs started at once each does its work in its turn."""

import os
import signal
from pathlib import Path

import dagster as dg
import pytest

from tests.support.commands import Process
from tests.support.pipeline import dagster_of, start_xnai, variables, xnai
from tests.support.waiting import until
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.encoders.encoder import Encoder

pytestmark = pytest.mark.slow

# The kill that a setting asks for after some commits is a stop here, and only the first one.
STOPS_ITSELF = """
import os, signal
from xnai_pipelines.cli import main

kill, stops = os.kill, [signal.SIGSTOP]

def stop(process, ending):
    if process != os.getpid():
        kill(process, ending)
    elif stops:
        kill(process, stops.pop())

os.kill = stop
main()
"""


@pytest.fixture
def work(tmp_path: Path, built_encoder: Encoder) -> Workplace:
    return five_files(Workplace(tmp_path, built_encoder))


def statuses(environment: dict[str, str]) -> list[dg.DagsterRunStatus]:
    """Return how the runs ended, the first started first."""
    with dagster_of(environment) as instance:
        return [run.status for run in reversed(instance.get_runs())]


def slots_held(environment: dict[str, str]) -> int:
    with dagster_of(environment) as instance:
        return instance.event_log_storage.get_concurrency_info("lancedb").active_slot_count


def test_a_run_killed_in_the_middle_holds_a_slot_until_the_next_run_frees_it(work):
    environment = variables(work)
    killed = xnai({**environment, "XNAI_KILL_AFTER_COMMITS": "5"}, "run", "--no-evaluation")
    assert killed.returncode == -signal.SIGKILL
    assert statuses(environment) == [dg.DagsterRunStatus.STARTED]
    assert slots_held(environment) == 1
    done = xnai(environment, "run", "--no-evaluation")
    assert done.returncode == 0, done.stderr
    assert statuses(environment) == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS]
    assert slots_held(environment) == 0
    work.check_whole()


def stopped(environment: dict[str, str]) -> Process:
    """Return a run that has its turn and stands still after its first commit."""
    run = Process(["-c", STOPS_ITSELF, "run", "--no-evaluation"], {**environment, "XNAI_KILL_AFTER_COMMITS": "1"})
    run.wait_until_stopped()
    return run


def waiting(environment: dict[str, str]) -> Process:
    """Return a second run that waits for its turn."""
    run = start_xnai(environment, "run", "--no-evaluation", "--json")
    with dagster_of(environment) as instance:

        def waits() -> bool:
            assert run.poll() is None, run.communicate()
            runs = instance.get_runs()
            logged = instance.all_logs(runs[0].run_id) if len(runs) == 2 else []
            return any("Waiting for run" in entry.message for entry in logged)

        until(waits)
    return run


def test_two_runs_started_at_once_both_end_right(work):
    environment = variables(work)
    first = stopped(environment)
    second = waiting(environment)
    first.send_signal(signal.SIGCONT)
    _, said = first.communicate()
    assert first.returncode == 0, said
    _, said = second.communicate()
    assert second.returncode == 0, said
    assert statuses(environment) == [dg.DagsterRunStatus.SUCCESS] * 2
    work.check_whole()


def test_a_run_that_waits_for_one_that_is_killed_goes_on(work):
    environment = variables(work)
    first = stopped(environment)
    second = waiting(environment)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    _, said = second.communicate()
    assert second.returncode == 0, said
    assert statuses(environment) == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS]
    assert slots_held(environment) == 0
    work.check_whole()


def test_runs_can_be_interrupted_while_they_wait_and_while_they_work_and_the_next_one_goes_on(work):
    environment = variables(work)
    first = stopped(environment)
    second = waiting(environment)
    second.send_signal(signal.SIGTERM)
    first.send_signal(signal.SIGINT)
    first.send_signal(signal.SIGCONT)
    for run in (second, first):
        _, said = run.communicate()
        assert run.returncode == 1
        assert "interrupted. What was written is kept" in said
        assert "Traceback" not in said
    assert xnai(environment, "run", "--no-evaluation").returncode == 0
    assert slots_held(environment) == 0
    work.check_whole()


def test_ctrl_c_which_reaches_every_process_of_the_command_ends_it_with_a_sentence(work):
    run = stopped(variables(work))
    os.killpg(run.pid, signal.SIGINT)
    os.killpg(run.pid, signal.SIGCONT)
    _, said = run.communicate()
    assert run.returncode == 1
    assert "interrupted. What was written is kept" in said
    assert "Traceback" not in said
