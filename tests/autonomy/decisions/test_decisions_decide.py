"""The sensor's cases: what a tick asks for, and what it says of why it asks for nothing."""

from dataclasses import replace

import pytest

from tests.support.degradation_nights import (
    BELOW,
    DAY,
    ENGLISH,
    FALLEN,
    RELEASED,
    RUSSIAN,
    THRESHOLDS,
    Sensor,
    attempt,
    fallen,
    night,
    sensor_after_two_bad_nights,
    steady,
)
from xnai_pipelines.autonomy.decisions.decide import DriftSummary
from xnai_pipelines.autonomy.decisions.memory import Action, Memory

INDEX = DriftSummary("index", Action.MAINTAIN, "The index finds 61 % of what exact search finds.")
SLOW = replace(ENGLISH, latency_ms=150.0)
RAISING = replace(ENGLISH, raised=24)


def test_before_the_first_evaluation_nothing_is_asked_for():
    decision = Sensor().tick(0)
    assert (decision.action, decision.cause, decision.tags) == (Action.NONE, None, {})
    assert decision.reason == "No evaluation has been logged yet."


def test_the_champions_own_evaluation_is_not_compared_with_itself():
    baseline = night(0, ENGLISH)
    decision = Sensor(baseline).tick(0.1, baseline)
    assert decision.action is Action.NONE
    assert decision.reason == "The last evaluation (2026-03-01 02:00 UTC) shows no degradation."


def test_without_the_champions_evaluation_the_floor_alone_is_judged():
    sensor = Sensor(None)
    worse = replace(ENGLISH, ndcg=fallen(steady(120), 60))
    first = sensor.tick(1.1, night(1, worse))
    assert first.reason.startswith("There is no evaluation from the time of release 1")
    second = sensor.tick(2.1, night(2, worse))
    assert (second.action, second.cause) == (Action.RETRAIN, "floor:all@release1")
    assert second.tags["metric"] == "success_at_10"


def test_no_change_is_no_cause():
    sensor = Sensor(night(0, ENGLISH))
    for day in range(1, 5):
        decision = sensor.tick(day + 0.1, night(day, ENGLISH))
        assert decision.action is Action.NONE
        assert decision.reason.endswith("shows no degradation.")


def test_one_degraded_evaluation_is_seen_and_waited_for_and_the_second_retrains():
    sensor = Sensor(night(0, ENGLISH))
    first = sensor.tick(1.1, night(1, FALLEN))
    assert first.action is Action.NONE
    assert "below the champion at release" in first.reason
    assert first.reason.endswith("found in 1 of 2 required consecutive evaluations.")
    second = sensor.tick(2.1, night(2, FALLEN))
    assert (second.action, second.cause, second.attempt) == (Action.RETRAIN, BELOW, 1)
    assert second.tags == {
        "cause": BELOW,
        "metric": "ndcg_at_10",
        "champion": "1",
        "slice": "all questions",
        "mode": "vector",
        "attempt": "1",
    }
    assert second.reason.startswith("Retraining requested: all questions, vector: nDCG@10 0.")
    assert second.reason.endswith("; found in 2 consecutive evaluations; attempt 1 of 3.")


def test_two_degraded_evaluations_in_one_tick_are_two():
    decision = Sensor(night(0, ENGLISH)).tick(2.1, night(1, FALLEN), night(2, FALLEN))
    assert decision.action is Action.RETRAIN


def test_the_same_evaluation_is_never_read_twice():
    sensor = Sensor(night(0, ENGLISH))
    for _ in range(5):
        decision = sensor.tick(1.1, night(1, FALLEN))
        assert decision.action is Action.NONE
        assert "found in 1 of 2" in decision.reason
    dated_anew = night(3, FALLEN, run_id="run1")
    assert "found in 1 of 2" in sensor.tick(3.1, dated_anew).reason


def test_a_good_evaluation_starts_the_count_anew():
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(1.1, night(1, FALLEN))
    assert sensor.tick(2.1, night(2, ENGLISH)).reason.startswith(f"Recovered: {BELOW}. The last evaluation (")
    assert sensor.tick(3.1, night(3, FALLEN)).action is Action.NONE
    assert sensor.tick(4.1, night(4, FALLEN)).action is Action.RETRAIN


def test_while_a_retraining_runs_no_other_starts():
    sensor = sensor_after_two_bad_nights()
    decision = sensor.tick(
        3.1, night(3, FALLEN), attempts=[attempt(2.1, "running", cause="floor:language=ru@release1")]
    )
    assert decision.action is Action.NONE
    assert "a retraining has been running since 2026-03-03 04:24 UTC (for floor:language=ru@release1)" in (
        decision.reason
    )


def test_after_a_retraining_it_cools_down_and_then_waits_for_an_evaluation():
    sensor = sensor_after_two_bad_nights()
    done = [attempt(2.1)]
    assert (
        "the cooldown after the last retraining ends at 2026-03-04 00:34 UTC" in sensor.tick(2.5, attempts=done).reason
    )
    held = sensor.tick(2.99, attempts=done)
    assert held.action is Action.NONE
    assert "there is no evaluation since the last retraining ended" in held.reason
    again = sensor.tick(3.1, night(3, FALLEN), attempts=done)
    assert (again.action, again.attempt) == (Action.RETRAIN, 2)


def test_a_failed_retraining_is_tried_again_after_a_time_that_doubles_without_a_new_evaluation():
    sensor = sensor_after_two_bad_nights()
    failed = [attempt(2.1, "failed", minutes=6)]
    hour = 1 / 24
    held = sensor.tick(2.1 + hour, attempts=failed)
    assert "the last retraining failed, and the next attempt waits until 2026-03-03 05:30 UTC" in held.reason
    second = sensor.tick(2.1 + 1.2 * hour, attempts=failed)
    assert (second.action, second.attempt, second.tags["attempt"]) == (Action.RETRAIN, 2, "2")
    failed.append(attempt(2.2, "failed", number=2, minutes=6))
    assert "the last 2 retrainings failed" in sensor.tick(2.2 + 1.9 * hour, attempts=failed).reason
    assert sensor.tick(2.2 + 2.2 * hour, attempts=failed).attempt == 3


def test_when_all_attempts_failed_it_is_reported_once_and_left():
    sensor = sensor_after_two_bad_nights()
    failed = [attempt(2.1 + number / 10, "failed", number=number) for number in (1, 2, 3)]
    reported = sensor.tick(2.5, attempts=failed)
    assert (reported.action, reported.cause, reported.attempt) == (Action.ALERT, BELOW, None)
    assert "3 retrainings did not fix it, and no further one is tried" in reported.reason
    for day in (3, 4, 5):
        decision = sensor.tick(day + 0.1, night(day, FALLEN), attempts=failed)
        assert decision.action is Action.NONE
        assert "it was reported and now needs a person" in decision.reason


def test_when_all_attempts_ended_well_and_mended_nothing_it_is_reported_after_the_next_evaluation():
    sensor = sensor_after_two_bad_nights()
    rejected = [attempt(2.1), attempt(3.1, number=2), attempt(4.1, number=3)]
    assert sensor.tick(4.2, night(3, FALLEN), night(4, FALLEN), attempts=rejected).action is Action.NONE
    assert sensor.tick(5.1, night(5, FALLEN), attempts=rejected).action is Action.ALERT


def test_slices_that_fell_together_use_up_their_attempts_together():
    sensor = Sensor(night(0, ENGLISH))
    nights = [night(day, ENGLISH, RUSSIAN) for day in (1, 2)]
    cause = sensor.tick(2.1, *nights).cause
    assert cause == "below_champion:language=ru@release1"
    failed = [attempt(2.1 + number / 10, "failed", cause=cause, number=number) for number in (1, 2, 3)]
    assert sensor.tick(2.5, attempts=failed).action is Action.ALERT
    assert sensor.tick(2.6, attempts=failed).action is Action.NONE


def test_a_cause_that_comes_back_goes_on_counting_where_it_was():
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(2.1, night(1, FALLEN), night(2, FALLEN))
    made = [attempt(2.1, cause="below_champion:folder=a@release1"), attempt(3.1, number=2)]
    assert sensor.tick(4.5, night(4, ENGLISH), attempts=made).reason.startswith(f"Recovered: {BELOW}.")
    decision = sensor.tick(6.1, night(5, FALLEN), night(6, FALLEN), attempts=made)
    assert (decision.action, decision.attempt) == (Action.RETRAIN, 3)


def test_a_new_release_starts_afresh():
    sensor = sensor_after_two_bad_nights()
    failed = [attempt(2.1 + number / 10, "failed", number=number) for number in (1, 2, 3)]
    assert sensor.tick(2.5, attempts=failed).action is Action.ALERT
    sensor.baseline = night(3, ENGLISH, release=2)
    decision = sensor.tick(3.1, sensor.baseline, attempts=failed)
    assert decision.reason.startswith("Release 2 replaced release 1: the count of evaluations starts again.")
    assert sensor.tick(4.1, night(4, FALLEN, release=2), attempts=failed).action is Action.NONE
    decision = sensor.tick(5.1, night(5, FALLEN, release=2), attempts=failed)
    assert (decision.action, decision.cause, decision.attempt) == (Action.RETRAIN, "below_champion:all@release2", 1)


def test_the_minutes_of_a_day_are_bounded():
    sensor = sensor_after_two_bad_nights()
    long = [attempt(2.1, "failed", minutes=240)]
    held = sensor.tick(2.5, attempts=long)
    assert held.action is Action.NONE
    assert "retraining took 240 of 240 minutes allowed per day" in held.reason
    assert sensor.tick(3.2, attempts=long).action is Action.RETRAIN


def test_an_evaluation_of_another_release_is_passed_over():
    sensor = Sensor(night(0, ENGLISH, release=2))
    sensor.tick(1.1, night(1, FALLEN, release=2))
    decision = sensor.tick(2.1, night(2, FALLEN, release=1))
    assert decision.action is Action.NONE
    assert decision.reason.startswith("Evaluation run2 is skipped: it is of release 1, not 2.")
    assert "skipped" not in sensor.tick(2.2, night(2, FALLEN, release=1)).reason


def test_an_evaluation_dated_before_the_last_one_is_passed_over():
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(2.1, night(2, FALLEN))
    decision = sensor.tick(2.2, night(1, FALLEN))
    assert decision.action is Action.NONE
    assert "it is dated 2026-03-02 02:00 UTC, before the last one that was read" in decision.reason


def test_when_the_clock_goes_back_evaluations_are_told_apart_by_their_runs():
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(300.1, night(300, FALLEN))
    decision = sensor.tick(1.1, night(300, FALLEN), night(1, FALLEN))
    assert "in the future: the clock was set back" in decision.reason
    assert decision.action is Action.RETRAIN


def test_an_evaluation_dated_after_now_does_not_shut_out_those_up_to_then():
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(1.1, night(300, FALLEN))
    assert sensor.tick(2.1, night(2, FALLEN)).action is Action.RETRAIN


def test_a_retraining_dated_after_now_cools_down_from_when_that_was_seen():
    sensor = sensor_after_two_bad_nights()
    ahead = [attempt(300)]
    held = sensor.tick(3.1, night(3, FALLEN), attempts=ahead)
    assert "the clock was set back, so the wait starts again" in held.reason
    assert sensor.tick(3.5, attempts=ahead).action is Action.NONE
    assert sensor.tick(4.1, night(4, FALLEN), attempts=ahead).action is Action.RETRAIN


@pytest.mark.parametrize("action", [Action.MAINTAIN, Action.INGEST, Action.ALERT])
def test_what_training_cannot_mend_has_its_own_action_once_and_the_drift_report_is_quoted(action):
    sensor = Sensor(night(0, ENGLISH))
    drift = replace(INDEX, action=action)
    sensor.tick(1.1, night(1, FALLEN), drift=drift)
    decision = sensor.tick(2.1, night(2, FALLEN), drift=drift)
    assert (decision.action, decision.cause, decision.attempt) == (action, BELOW, None)
    assert decision.reason.endswith("Drift report: The index finds 61 % of what exact search finds.")
    assert decision.tags["drift"] == "index"
    assert sensor.tick(2.2, drift=drift).action is Action.NONE


def test_what_its_own_action_did_not_mend_is_reported_once():
    sensor = Sensor(night(0, ENGLISH))
    actions = [sensor.tick(day + 0.1, night(day, FALLEN), drift=INDEX).action for day in range(1, 8)]
    assert actions == [Action.NONE, Action.MAINTAIN, Action.NONE, Action.ALERT, *[Action.NONE] * 3]


@pytest.mark.parametrize("action", [Action.RETRAIN, Action.NONE])
def test_drift_that_training_mends_is_trained_against_and_quoted(action):
    sensor = Sensor(night(0, ENGLISH))
    drift = DriftSummary("documents", action, "A third of the documents is Russian.")
    decision = sensor.tick(2.1, night(1, FALLEN), night(2, FALLEN), drift=drift)
    assert decision.action is Action.RETRAIN
    assert decision.reason.endswith("Drift report: A third of the documents is Russian.")


def test_of_several_causes_the_worst_is_acted_on():
    sensor = Sensor(night(0, ENGLISH))
    decision = sensor.tick(2.1, *(night(day, FALLEN, RUSSIAN) for day in (1, 2)))
    assert decision.cause == "below_champion:language=ru@release1"
    assert "milder findings too" in decision.reason


def test_searches_that_raise_are_reported_once_and_accuracy_is_not_judged_by_them():
    sensor = Sensor(night(0, ENGLISH))
    actions = [sensor.tick(day + 0.1, night(day, RAISING)).action for day in range(1, 6)]
    assert actions == [Action.NONE, Action.ALERT, *[Action.NONE] * 3]
    assert set(Memory.from_json(sensor.cursor).standing) == {"errors:all@release1"}


def test_an_evaluation_with_errors_neither_counts_for_a_fall_nor_against_it():
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(1.1, night(1, FALLEN))
    assert "found in 1 of 2" in sensor.tick(2.1, night(2, RAISING)).reason
    assert sensor.tick(3.1, night(3, FALLEN)).action is Action.RETRAIN


def test_slow_search_is_maintained_once_and_then_reported():
    sensor = Sensor(night(0, ENGLISH))
    ticks = [sensor.tick(day + 0.1, night(day, SLOW)) for day in range(1, 6)]
    assert [tick.action for tick in ticks] == [Action.NONE, Action.MAINTAIN, Action.NONE, Action.ALERT, Action.NONE]
    assert "p95 latency of 120 searches is 150 ms, above 100 ms" in ticks[1].reason
    assert ticks[1].tags["metric"] == "latency_ms"


def test_what_recovered_and_came_back_is_acted_on_again():
    sensor = Sensor(night(0, ENGLISH))
    kinds = [SLOW, SLOW, ENGLISH, SLOW, SLOW]
    actions = [sensor.tick(day + 0.1, night(day, kind)).action for day, kind in enumerate(kinds, start=1)]
    assert actions == [Action.NONE, Action.MAINTAIN, Action.NONE, Action.NONE, Action.MAINTAIN]


def test_a_running_retraining_does_not_keep_other_actions_back():
    sensor = Sensor(night(0, ENGLISH))
    slow = replace(FALLEN, latency_ms=150.0)
    decision = sensor.tick(2.1, night(1, slow), night(2, slow), attempts=[attempt(1.9, "running")])
    assert decision.action is Action.MAINTAIN


def test_a_memory_that_cannot_be_read_starts_anew_and_says_so():
    sensor = sensor_after_two_bad_nights()
    for text in ("{", '{"release": "three"}', "[]"):
        sensor.cursor = text
        decision = sensor.tick(3.1, night(3, FALLEN))
        assert decision.reason.startswith("The memory of earlier ticks could not be read")
        assert "found in 1 of 2" in decision.reason


def test_the_memory_survives_as_text():
    sensor = sensor_after_two_bad_nights()
    text = sensor.cursor
    assert Memory.from_json(text).to_json() == text
    assert Memory.from_json(None) == Memory.from_json("") == Memory()


def test_one_evaluation_suffices_where_the_settings_say_so():
    sensor = Sensor(night(0, ENGLISH), replace(THRESHOLDS, evaluations=1))
    assert sensor.tick(1.1, night(1, FALLEN)).action is Action.RETRAIN


@pytest.mark.slow
def test_a_tick_that_is_given_a_thousand_old_evaluations_reads_the_newest():
    shown = night(1, FALLEN)
    nights = [replace(shown, run_id=f"run{day}", evaluated_at=RELEASED + day * DAY) for day in range(1, 1001)]
    sensor = Sensor(night(0, ENGLISH))
    sensor.tick(1000.1, *nights[-60:])
    decision = sensor.tick(1000.2, *nights, attempts=[attempt(day, "failed") for day in range(900)])
    assert "948 more are skipped" in decision.reason
    assert len(Memory.from_json(sensor.cursor).runs) == 50


def test_while_a_challenger_awaits_a_person_no_other_is_trained_and_nothing_is_reported_as_failed():
    sensor = sensor_after_two_bad_nights()
    used_up = [attempt(2.2, number=number) for number in (1, 2, 3)]
    for attempts in ((), used_up):
        decision = sensor.tick(4, night(3, FALLEN), attempts=attempts, waiting="release 2 awaits approval")
        assert decision.action is Action.NONE
        assert decision.reason.endswith("release 2 awaits approval.")
    assert sensor.tick(4, attempts=()).action is Action.RETRAIN
