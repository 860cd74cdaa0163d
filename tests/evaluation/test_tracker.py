"""An evaluation in MLflow is read back whole; an MLflow that is down is reported soon and loses nothing."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import mlflow
import pyarrow.parquet as pq
import pytest

from tests.support.tracked_evaluations import TAGS, at, log, tried_connections
from xnai_pipelines.errors import TrackingUnavailableError
from xnai_pipelines.evaluation.logged import past_evaluations
from xnai_pipelines.evaluation.report import EvaluationReport, tracked_metrics
from xnai_pipelines.state.records import read_record
from xnai_pipelines.state.tracker import Tracker

# MLflow's own mapping of its tables, with SQLAlchemy 2.1.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")


def runs(database):
    client = mlflow.MlflowClient(f"sqlite:///{database}")
    experiment = client.get_experiment_by_name("xnai/retrieval")
    return client.search_runs([experiment.experiment_id])


@pytest.mark.slow
def test_a_logged_evaluation_is_read_back_whole(tracker, evaluation, database, tmp_path):
    run = log(tracker, evaluation)
    stored = mlflow.MlflowClient(f"sqlite:///{database}").get_run(run.run_id)
    assert stored.info.status == "FINISHED"
    assert stored.data.metrics == tracked_metrics(evaluation.report)
    assert stored.data.metrics["labelled.hybrid.ndcg_at_10"] == pytest.approx(0.8 / 1.58496, abs=1e-4)
    assert stored.data.metrics["labelled.hybrid.ndcg_at_10_low"] <= stored.data.metrics["labelled.hybrid.ndcg_at_10"]
    assert stored.data.metrics["hybrid.error_rate"] == 0.2
    assert stored.data.params["precision"] == "int8_dynamic"
    assert stored.data.params["questions"] == "5 labelled questions of the test split (as given)"
    assert TAGS.items() <= stored.data.tags.items()

    folder = tmp_path / "artifacts" / "xnai" / "retrieval" / run.run_id / "artifacts"
    assert read_record(folder / "report.json", EvaluationReport) == evaluation.report
    assert pq.read_table(folder / "per_question.parquet").equals(evaluation.per_question)
    assert "index is gone" in (folder / "worst_questions.md").read_text()
    assert (folder / "modes.png").read_bytes() == b"\x89PNG"
    assert run.page == f"#/experiments/{stored.info.experiment_id}/runs/{run.run_id}"


def test_an_evaluation_is_found_again_and_a_later_one_of_the_same_state_is_not_taken_for_it(tracker, evaluation):
    run = log(tracker, evaluation)
    assert log(tracker, evaluation) == run
    assert log(tracker, evaluation, report=at(evaluation.report, 1, evaluation.report.fingerprint)) != run


def test_past_evaluations_come_newest_first_with_their_own_time(tracker, evaluation):
    for day in range(4):
        log(tracker, evaluation, report=at(evaluation.report, day, f"day {day}"), release=str(day))
    past = past_evaluations(tracker, 3)
    assert [one.tags["release"] for one in past] == ["3", "2", "1"]
    assert past[0].evaluated_at == datetime(2026, 1, 4, tzinfo=UTC)
    assert past[0].metrics == tracked_metrics(evaluation.report)
    assert past[0].tags["question_set"] == evaluation.report.question_set


def test_before_the_first_evaluation_there_is_none(tracker, evaluation):
    assert past_evaluations(tracker, 10) == []


def test_a_run_that_fails_half_way_is_marked_failed_and_not_found_again(database, tmp_path, evaluation):
    (tmp_path / "a file").write_text("where the folder of artifacts should be")
    tracker = Tracker(f"sqlite:///{database}", (tmp_path / "a file").as_uri(), timeout_seconds=0.2)
    with pytest.raises(TrackingUnavailableError, match="Not a directory"):
        log(tracker, evaluation)
    assert [run.info.status for run in runs(database)] == ["FAILED"]
    assert past_evaluations(tracker, 10) == []


def test_what_a_killed_process_left_running_is_marked_failed_by_the_next(tracker, evaluation, database):
    log(tracker, evaluation)
    client = mlflow.MlflowClient(f"sqlite:///{database}")
    experiment = client.get_experiment_by_name("xnai/retrieval").experiment_id
    now = round(time.time() * 1000)
    killed = client.create_run(experiment, start_time=now - 7_200_000).info.run_id
    at_work = client.create_run(experiment, start_time=now).info.run_id
    log(tracker, evaluation, report=at(evaluation.report, 1, "later"))
    statuses = {run.info.run_id: run.info.status for run in runs(database)}
    assert (statuses[killed], statuses[at_work]) == ("FAILED", "RUNNING")


def test_a_locked_database_is_reported_soon_and_can_be_logged_to_later(tracker, evaluation, database):
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        asked = mock.patch("mlflow.MlflowClient", side_effect=AssertionError("MLflow would wait for 20 s"))
        with asked, pytest.raises(TrackingUnavailableError, match="database is locked"):
            log(tracker, evaluation)
        other.rollback()
    assert past_evaluations(tracker, 10) == []
    assert log(tracker, evaluation).run_id == past_evaluations(tracker, 10)[0].run_id


def test_a_server_that_is_down_is_reported_soon(evaluation):
    with tried_connections() as tries, pytest.raises(TrackingUnavailableError, match="Connection refused"):
        log(Tracker("http://name:secret@127.0.0.1:9", None), evaluation)
    assert tries.call_count == 2


def test_an_error_never_shows_the_password(evaluation):
    with pytest.raises(TrackingUnavailableError) as raised:
        log(Tracker("http://name:secret@127.0.0.1:9", None), evaluation)
    assert "name:***@127.0.0.1" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(("name", "told"), [("not.db", "file is not a database"), ("", "unable to open")])
def test_a_file_that_is_no_database_is_reported_at_once(tmp_path, name, told):
    (tmp_path / "not.db").write_text("These are not the pages of a database, however long one reads on in them.")
    with pytest.raises(TrackingUnavailableError, match=told):
        past_evaluations(Tracker(f"sqlite:///{tmp_path / name}", None), 1)


def test_a_deleted_experiment_says_how_to_bring_it_back(tracker, evaluation, database):
    run = log(tracker, evaluation)
    mlflow.MlflowClient(f"sqlite:///{database}").delete_experiment(run.experiment_id)
    with pytest.raises(TrackingUnavailableError, match="mlflow experiments restore --experiment-id"):
        log(tracker, evaluation)


@pytest.mark.slow
def test_telemetry_is_off_and_mlflow_is_not_imported_before_it_is_needed(tmp_path):
    program = (
        "import sys\n"
        "from xnai_pipelines.errors import TrackingUnavailableError\n"
        "from xnai_pipelines.evaluation.logged import past_evaluations\n"
        "from xnai_pipelines.state.tracker import Tracker\n"
        "assert 'mlflow' not in sys.modules\n"
        "try:\n"
        "    past_evaluations(Tracker('http://127.0.0.1:9', None), 1)\n"
        "except TrackingUnavailableError:\n"
        "    from mlflow.telemetry import get_telemetry_client\n"
        "    assert get_telemetry_client() is None\n"
        "    print('off')\n"
    )
    # Without the variables by which MLflow recognises a test run, where it sends nothing anyway.
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "off\n"), done.stderr
