"""The sensor on accuracy reads every evaluation once, asks for what mends a fall, waits, and at last leaves it."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import dagster as dg
import pytest

from tests.support.decisions import decision
from tests.support.defs_automation import DEGRADED, HEALTHY, Automation, publish, write_drift
from tests.support.encoder_cards import BETTER
from tests.support.pipeline import settled, variables
from xnai_pipelines.autonomy.drift.report import Cause
from xnai_pipelines.defs import autonomy
from xnai_pipelines.defs.runs import HOME_TAG
from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.evaluation.languages import LanguageFigures
from xnai_pipelines.releases.decision import PromotionOutcome, write_decision
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.records import write_record

CAUSE = "below_champion:all@release1"
pytestmark = pytest.mark.slow
NOW = {"retrain_backoff_minutes": 0}


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No installed encoder is tried, whatever is installed."""
    monkeypatch.setattr(autonomy, "encoders_at_hand", lambda: ())


@pytest.fixture
def home(tmp_path: Path, mlflow_database: Path) -> Home:
    (tmp_path / "mlflow.db").write_bytes(mlflow_database.read_bytes())
    return Home(tmp_path)


@pytest.fixture
def sensor(home: Home) -> Iterator[Automation]:
    """The sensor over a home with a release and an empty MLflow, before its first tick."""
    publish(home)
    with settled(variables(home=home.root)), dg.DagsterInstance.ephemeral() as instance:
        yield Automation(home, instance)


@pytest.fixture(scope="session")
def three_nights(tmp_path_factory: pytest.TempPathFactory, mlflow_database: Path) -> tuple[Home, str]:
    """A home after a release's first evaluation and two bad ones, and the cursor before the last of them was read."""
    home = Home(tmp_path_factory.mktemp("nights"))
    (home.root / "mlflow.db").write_bytes(mlflow_database.read_bytes())
    publish(home)
    with settled(variables(home=home.root)), dg.DagsterInstance.ephemeral() as instance:
        sensor = Automation(home, instance)
        for found in (HEALTHY, DEGRADED):
            sensor.evaluate(found)
            sensor.tick()
        sensor.evaluate(DEGRADED)
    return home, sensor.cursor


@pytest.fixture
def degraded(three_nights: tuple[Home, str], tmp_path: Path) -> Iterator[Automation]:
    """The sensor over a copy of that home: the next tick reads the second bad evaluation."""
    nights, cursor = three_nights
    home = Home(tmp_path)
    (tmp_path / "mlflow.db").write_bytes((nights.root / "mlflow.db").read_bytes())
    copytree(nights.mlartifacts, home.mlartifacts)  # which belong to a home wherever it is
    publish(home)
    with settled(variables(home=home.root)), dg.DagsterInstance.ephemeral() as instance:
        yield Automation(home, instance, cursor, nights=3)


def test_before_a_release_and_before_an_evaluation_it_says_that_there_is_nothing(home):
    with settled(variables(home=home.root)), dg.DagsterInstance.ephemeral() as instance:
        sensor = Automation(home, instance)
        assert "No evaluation has been logged yet." in sensor.tick()
        publish(home)
        assert "No evaluation has been logged yet." in sensor.tick()


def test_a_healthy_release_is_left_alone_in_words(sensor):
    sensor.evaluate(HEALTHY)
    assert "shows no degradation" in sensor.tick()
    sensor.evaluate(HEALTHY - 1)
    assert "shows no degradation" in sensor.tick()
    assert len(json.loads(sensor.cursor)["runs"]) == 2


def test_one_bad_evaluation_is_not_enough_however_often_it_is_looked_at(sensor):
    sensor.evaluate(HEALTHY)
    sensor.evaluate(DEGRADED)
    for _ in range(3):
        said = sensor.tick()
        assert "found in 1 of 2 required consecutive evaluations" in said
        assert "40 % of 40 questions have a right document in the top 10, below the floor of 70 %" in said


def test_two_in_a_row_ask_for_a_retraining_that_says_why(degraded):
    assert degraded.tick() == "retrain"
    [request] = degraded.requests
    said = request.tags["reason"]
    asked = {name: value for name, value in request.tags.items() if "/" not in name and name != "reason"}
    assert asked == {
        "cause": CAUSE,
        "metric": "ndcg_at_10",
        "champion": "1",
        "attempt": "1",
        "slice": "all questions",
        "mode": "vector",
    }
    assert "nDCG@10 0.40, 0.60 below the champion at release" in said
    assert "attempt 1 of 3" in said


def test_the_best_encoder_of_the_card_is_tried_and_an_adapter_follows_without_waiting(degraded):
    write_record(degraded.home.state / "encoder_card.json", BETTER)
    assert degraded.tick() == "try_encoder"
    [request] = degraded.requests
    assert request.run_config == {"ops": {"challenger_index": {"config": {"encoder": "multilingual"}}}}
    assert request.tags["reason"].endswith(
        "The encoder multilingual is tried first: it is the best on the encoder card."
    )
    trial = degraded.start()
    assert "a retraining has been running since" in degraded.tick()
    degraded.succeed(trial)
    write_decision(degraded.home.decisions, decision(champion_release=1, vector_space="space_of_multilingual"))
    assert degraded.tick() == "retrain"


@pytest.fixture
def at_hand(degraded: Automation, monkeypatch: pytest.MonkeyPatch) -> Automation:
    """The sensor before the same tick, with an encoder at hand and a release whose encoder does not know Russian."""
    strange = Writing(letters=100.0, unknown=0.0, tokens=100)
    russian = LanguageFigures("ru", "CYRILLIC", 80, strange, 96, agreement=None)
    monkeypatch.setattr(autonomy, "encoders_at_hand", lambda: ("e5",))
    monkeypatch.setattr(autonomy, "language_figures", lambda *_: [russian])
    return degraded


def test_an_encoder_at_hand_is_tried_alone_then_as_a_companion_and_an_adapter_follows_without_waiting(at_hand):
    assert at_hand.tick() == "try_encoder"
    [request] = at_hand.requests
    assert request.run_config == {"ops": {"challenger_index": {"config": {"encoder": "e5"}}}}
    assert request.tags["reason"].endswith("The encoder e5 is tried first: it is at hand, and minilm does not know ru.")
    at_hand.succeed(at_hand.start())
    write_decision(at_hand.home.decisions, decision(champion_release=1, adapter=None, encoder="e5"))
    assert at_hand.tick() == "try_encoder"
    [request] = at_hand.requests[-1:]
    assert request.run_config == {"ops": {"challenger_index": {"config": {"encoder": "+e5"}}}}
    at_hand.succeed(at_hand.start())
    joined = decision(champion_release=1, adapter=None, encoder="minilm + e5", vector_space="space_of_both")
    write_decision(at_hand.home.decisions, joined)
    assert at_hand.tick() == "retrain"


def test_of_a_setting_no_encoder_is_tried(at_hand):
    write_record(at_hand.home.state / "encoder_card.json", BETTER)
    assert at_hand.tick(try_encoders=False) == "retrain"
    assert "is tried first" not in at_hand.requests[-1].tags["reason"]


def test_a_trial_that_was_killed_is_repeated_once_and_then_an_adapter_is_next(at_hand):
    for attempt in ("1", "2"):
        assert at_hand.tick(**NOW) == "try_encoder"
        assert at_hand.requests[-1].tags["attempt"] == attempt
        at_hand.instance.report_run_failed(at_hand.start(), "its process was killed")
    assert at_hand.tick(**NOW) == "retrain"
    assert at_hand.requests[-1].tags["attempt"] == "3"


def test_a_challenger_that_awaits_approval_is_waited_for(degraded):
    releases = Releases(degraded.home.releases)
    releases.challenge(replace(releases.require(), release=2, vector_space="adapted"))
    write_decision(
        degraded.home.decisions,
        decision(PromotionOutcome.AWAITING_APPROVAL, champion_release=1, vector_space="adapted"),
    )
    assert "release 2 awaits approval (`xnai approve` releases it" in degraded.tick()
    write_decision(degraded.home.decisions, decision(champion_release=1, vector_space="adapted"))
    assert degraded.tick() == "retrain"


def test_runs_of_other_homes_in_the_instance_do_not_count(degraded):
    tags = {"cause": CAUSE, "champion": "1", HOME_TAG: "/elsewhere"}
    degraded.begin("retrain", tags)
    for _ in range(3):
        degraded.instance.report_run_failed(degraded.begin("retrain", tags), "out of memory")
    assert degraded.tick() == "retrain"
    assert degraded.requests[-1].tags["attempt"] == "1"


def test_a_run_launched_with_tags_of_a_persons_own_is_an_attempt_like_any_other(degraded):
    degraded.instance.report_run_failed(degraded.begin("retrain", {"attempt": "two", "champion": "best"}), "")
    assert "the last retraining failed" in degraded.tick()


def test_an_alert_that_did_not_reach_the_webhook_is_sent_again_with_the_next_tick(degraded):
    write_drift(degraded.home, Cause.MODEL_FAULT, "The canary questions have other vectors than at the release.")
    for _ in range(2):
        assert "Alert: " in degraded.tick(webhook="http://127.0.0.1:9/hook")
    assert "Alert: " in degraded.tick()
    assert "it was reported and now needs a person" in degraded.tick()
    assert len(degraded.alerts()) == 1


def test_a_damaged_encoder_card_is_named_and_nothing_is_forgotten(degraded):
    card = degraded.home.state / "encoder_card.json"
    write_record(card, BETTER)
    whole = card.read_text()
    card.write_text("{")
    assert "encoder_card.json is damaged" in degraded.tick()
    card.write_text(whole)
    assert degraded.tick() == "try_encoder"


def test_a_good_evaluation_in_between_begins_the_count_anew(sensor):
    for found in (HEALTHY, DEGRADED, HEALTHY, DEGRADED):
        sensor.evaluate(found)
        said = sensor.tick()
    assert "found in 1 of 2" in said
    assert sensor.requests == []


def test_until_the_run_is_there_the_same_is_asked_for_which_dagster_starts_once_and_then_nothing(degraded):
    for _ in range(2):
        degraded.tick()
    assert len({request.run_key for request in degraded.requests}) == 1
    degraded.start()
    assert "a retraining has been running since" in degraded.tick()
    assert len(degraded.requests) == 2


def test_a_retraining_that_a_person_started_is_waited_for_too(degraded):
    degraded.begin("retrain", {})
    assert "a retraining has been running since" in degraded.tick()
    assert "asked for by a person" in degraded.tick()
    assert degraded.requests == []


def test_one_that_ended_well_cools_down(degraded):
    degraded.tick()
    degraded.succeed(degraded.start())
    assert "the cooldown after the last retraining ends at" in degraded.tick()
    assert "there is no evaluation since the last retraining ended" in degraded.tick(retrain_cooldown_hours=0)


def test_one_that_failed_is_tried_again_after_a_while_under_another_key(degraded):
    degraded.tick()
    degraded.instance.report_run_failed(degraded.start(), "out of memory")
    assert "the last retraining failed, and the next attempt waits until" in degraded.tick()
    assert degraded.tick(**NOW) == "retrain"
    first, second = degraded.requests
    assert (first.tags["attempt"], second.tags["attempt"]) == ("1", "2")
    assert first.run_key != second.run_key


def test_attempts_that_are_used_up_are_reported_once_and_then_it_is_silent(degraded):
    for attempt in range(2):
        assert degraded.tick(retrain_attempts=2, **NOW) == "retrain", attempt
        degraded.instance.report_run_failed(degraded.start(), "out of memory")
    said = degraded.tick(retrain_attempts=2, **NOW)
    assert "2 retrainings did not fix it, and no further one is tried" in said
    [alert] = degraded.alerts()
    assert (alert["kind"], alert["severity"], alert["text"]) == ("accuracy", "warning", said)
    assert alert["tags"]["cause"] == CAUSE
    degraded.evaluate(DEGRADED)
    for _ in range(2):
        assert "now needs a person" in degraded.tick(retrain_attempts=2, **NOW)
    assert len(degraded.alerts()) == 1
    assert len(degraded.requests) == 2


def test_one_that_was_stopped_by_hand_counts_as_failed_and_its_minutes_count(degraded):
    degraded.tick()
    degraded.instance.report_run_canceled(degraded.start())
    assert "the last retraining failed" in degraded.tick()
    assert "minutes allowed per day" in degraded.tick(retrain_minutes_a_day=1e-9, **NOW)


def test_while_mlflow_is_down_nothing_is_looked_at_and_nothing_forgotten(degraded):
    before = degraded.cursor
    said = degraded.tick(mlflow_uri="http://127.0.0.1:9")
    assert said.startswith(
        "The evaluations cannot be read now; earlier findings are kept. MLflow at http://127.0.0.1:9"
    )
    assert degraded.cursor == before
    assert degraded.tick() == "retrain"


@pytest.mark.usefixtures("impatient")
def test_a_locked_mlflow_is_as_good_as_down(degraded):
    lock = sqlite3.connect(degraded.home.root / "mlflow.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    assert "database is locked" in degraded.tick()
    lock.close()
    assert degraded.tick() == "retrain"


@pytest.mark.parametrize("cursor", ["not json", '{"release": "many"}'])
def test_a_damaged_cursor_is_said_and_counted_anew(sensor, cursor):
    sensor.evaluate(HEALTHY)
    sensor.cursor = cursor
    assert "could not be read: the count of evaluations starts again" in sensor.tick()
    assert "could not be read" not in sensor.tick()


def test_a_damaged_release_pointer_is_named_and_nothing_forgotten(degraded):
    before = degraded.cursor
    (degraded.home.releases / "current.json").write_text("release one")
    assert "current.json is damaged" in degraded.tick()
    assert degraded.cursor == before


def test_another_release_that_was_not_evaluated_yet_is_not_judged_by_the_last_one(degraded):
    publish(degraded.home, 2)
    said = degraded.tick()
    assert degraded.requests == []
    assert "requested" not in said


@pytest.mark.parametrize(
    ("cause", "found"), [(Cause.INDEX_FAULT, "missing vectors"), (Cause.MISSING_DOCUMENTS, None)], ids=str
)
def test_what_training_cannot_mend_is_mended_by_an_ingest(degraded, cause, found):
    write_drift(degraded.home, cause, "Half of the chunks are not in the index.", found=found)
    assert degraded.tick() == "refresh"
    [request] = degraded.requests
    assert request.tags["drift"] == cause
    assert "attempt" not in request.tags
    assert "Drift report: Half of the chunks are not in the index." in request.tags["reason"]
    assert "awaits further evaluations" in degraded.tick()
    for _ in range(2):
        degraded.evaluate(DEGRADED)
        said = degraded.tick()
    assert "was requested but did not fix it" in said
    assert len(degraded.alerts()) == 1


def test_vectors_that_an_ingest_keeps_are_reported_with_what_replaces_them(degraded):
    write_drift(degraded.home, Cause.INDEX_FAULT, "Stored vectors are others.", found="stored vectors")
    assert "Stored vectors are others. `xnai run --new-release` embeds everything again." in degraded.tick()
    assert (len(degraded.alerts()), degraded.requests) == (1, [])


def test_a_fault_of_the_model_is_reported_and_not_trained_against(degraded):
    write_drift(degraded.home, Cause.MODEL_FAULT, "The canary questions have other vectors than at the release.")
    assert "Alert: " in degraded.tick()
    [alert] = degraded.alerts()
    assert alert["tags"]["drift"] == "model_fault"
    assert "it was reported and now needs a person" in degraded.tick()
    assert degraded.requests == []


def test_the_cause_that_training_may_mend_is_quoted_and_a_report_on_another_release_is_not(degraded):
    write_drift(degraded.home, Cause.INDEX_FAULT, "Of another release.", release=7)
    assert degraded.tick() == "retrain"
    assert "drift" not in degraded.requests[0].tags
    write_drift(degraded.home, Cause.NEW_QUESTIONS, "The questions are Russian.")
    assert degraded.tick() == "retrain"
    assert degraded.requests[1].tags["reason"].count("Drift report: The questions are Russian.") == 1
