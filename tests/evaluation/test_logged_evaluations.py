"""A sensor reads each evaluation once, knows a release's first one, and gets the rows beneath its figures."""

from dataclasses import replace

import mlflow
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.tracked_evaluations import at, log
from xnai_pipelines.errors import NotTrackedError, TrackingUnavailableError
from xnai_pipelines.evaluation import logged
from xnai_pipelines.evaluation.logged import first_evaluation, past_evaluations, per_question
from xnai_pipelines.evaluation.per_question import PER_QUESTION
from xnai_pipelines.state.tracker import Tracker

# MLflow's own mapping of its tables, with SQLAlchemy 2.1.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")


@pytest.fixture
def nights(tracker, evaluation):
    """Five evaluations, a day apart; from the third on they are of the second release."""
    for number in range(5):
        log(tracker, evaluation, report=at(evaluation.report, number, f"night {number}"), release=str(1 + number // 2))
    return tracker


def fingerprints(past):
    return [one.tags["fingerprint"] for one in past]


def replace_table(tracker, evaluation, tmp_path, content):
    """The run of an evaluation whose table has this content now."""
    run = log(tracker, evaluation)
    folder = tmp_path / "artifacts" / "xnai" / "retrieval" / run.run_id / "artifacts"
    (folder / "per_question.parquet").write_bytes(content)
    return run.run_id


def packed(table):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def test_the_newest_are_given_first_and_no_more_than_asked_for(nights):
    assert fingerprints(past_evaluations(nights, 2)) == ["night 4", "night 3"]
    assert fingerprints(past_evaluations(nights, 10)) == [f"night {number}" for number in range(4, -1, -1)]


def test_the_order_is_that_of_measuring_where_mlflow_was_down_and_they_are_logged_late(tracker, evaluation):
    for number in (2, 0, 1):
        log(tracker, evaluation, report=at(evaluation.report, number, f"night {number}"))
    assert fingerprints(past_evaluations(tracker, 10)) == ["night 2", "night 1", "night 0"]


def test_homes_that_share_a_server_read_their_own_evaluations_alone(tracker, evaluation):
    for number, home in enumerate(("first", "second")):
        log(replace(tracker, home=home), evaluation, report=at(evaluation.report, number, f"of the {home}"))
    for home in ("first", "second"):
        own = replace(tracker, home=home)
        assert fingerprints(past_evaluations(own, 10)) == [f"of the {home}"]
        assert first_evaluation(own, 1).tags["fingerprint"] == f"of the {home}"
    assert len(past_evaluations(tracker, 10)) == 2


@pytest.mark.parametrize("tag", ["yesterday", "2026-01-01T02:00:00"])
def test_one_whose_time_was_edited_is_skipped(nights, database, tag):
    [newest] = [past.run_id for past in past_evaluations(nights, 1)]
    mlflow.MlflowClient(f"sqlite:///{database}").set_tag(newest, "evaluated_at", tag)
    assert fingerprints(past_evaluations(nights, 2)) == ["night 3"]


def test_one_that_is_half_logged_is_not_given(nights, database):
    client = mlflow.MlflowClient(f"sqlite:///{database}")
    [half] = [past.run_id for past in past_evaluations(nights, 1)]
    client.set_terminated(half, "FAILED")
    assert fingerprints(past_evaluations(nights, 1)) == ["night 3"]


@pytest.mark.slow
def test_a_run_that_a_person_logged_beside_them_is_passed_over(nights, database):
    client = mlflow.MlflowClient(f"sqlite:///{database}")
    experiment = client.get_experiment_by_name("xnai/retrieval").experiment_id
    by_hand = client.create_run(experiment, start_time=0, tags={"release": "1"}).info.run_id
    client.set_terminated(by_hand)
    assert len(past_evaluations(nights, 10)) == 5
    assert first_evaluation(nights, 1).tags["fingerprint"] == "night 0"


@pytest.mark.slow
def test_the_first_evaluation_of_a_release_is_its_oldest(nights):
    assert [first_evaluation(nights, release).tags["fingerprint"] for release in (1, 2, 3)] == [
        "night 0", "night 2", "night 4",
    ]  # fmt: skip
    assert first_evaluation(nights, 4) is None


def test_before_the_first_evaluation_there_is_nothing_to_read(tracker):
    assert past_evaluations(tracker, 10) == []
    assert first_evaluation(tracker, 1) is None


def test_an_mlflow_that_is_down_is_told_from_one_without_evaluations():
    with pytest.raises(TrackingUnavailableError, match="Connection refused"):
        past_evaluations(Tracker("http://127.0.0.1:9", None), 1)


def test_the_rows_of_an_evaluation_are_read_back(tracker, evaluation):
    rows = per_question(tracker, log(tracker, evaluation).run_id)
    assert rows.equals(evaluation.per_question)


def test_a_table_from_before_the_slices_has_nulls_for_them(tracker, evaluation, tmp_path):
    old = evaluation.per_question.drop_columns(["language", "folder", "media_type"])
    rows = per_question(tracker, replace_table(tracker, evaluation, tmp_path, packed(old)))
    assert rows.schema.equals(PER_QUESTION)
    assert rows["media_type"].null_count == len(rows) == len(old)
    assert rows.drop_columns(["language", "folder", "media_type"]).equals(old)


def test_a_run_without_the_table_or_no_run_at_all_is_told_from_an_mlflow_that_is_down(tracker, evaluation, tmp_path):
    run = log(tracker, evaluation)
    (tmp_path / "artifacts" / "xnai" / "retrieval" / run.run_id / "artifacts" / "per_question.parquet").unlink()
    for run_id in (run.run_id, "0" * 32):
        with pytest.raises(NotTrackedError, match=rf"run {run_id} has no per_question\.parquet"):
            per_question(tracker, run_id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: b"PAR1 and no table", "is not a valid per-question table"),
        (lambda table: packed(table)[:-9], "is not a valid per-question table"),
        (lambda table: packed(table.drop_columns(["ndcg_at_10"])), "ndcg_at_10"),
        (
            lambda table: packed(table.set_column(0, "question_id", table["top_sources"])),
            "is not a valid per-question table",
        ),
    ],
    ids=["no table", "cut off", "a column is missing", "a column of another type"],
)
def test_what_is_no_such_table_is_refused(tracker, evaluation, tmp_path, change, told):
    with pytest.raises(NotTrackedError, match=told):
        per_question(tracker, replace_table(tracker, evaluation, tmp_path, change(evaluation.per_question)))


@pytest.mark.parametrize("limit", ["MAX_BYTES", "MAX_UNPACKED_BYTES", "MAX_ROWS"])
def test_a_table_beyond_a_limit_is_refused(tracker, evaluation, monkeypatch, limit):
    run = log(tracker, evaluation)
    monkeypatch.setattr(logged, limit, 3)
    with pytest.raises(NotTrackedError, match="more than the limit of 3"):
        per_question(tracker, run.run_id)
