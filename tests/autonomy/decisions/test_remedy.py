"""An encoder at hand is tried once, before an adapter is trained, if a language degraded."""

import pytest

from tests.support.degradation_nights import ENGLISH, FALLEN, RUSSIAN, Sensor, night
from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action
from xnai_pipelines.autonomy.decisions.remedy import encoder_to_try

AT_HAND = ("multilingual", "other")


@pytest.fixture(scope="module")
def russian_fell() -> Decision:
    sensor = Sensor(night(0, ENGLISH))
    for day in (1, 2):
        decision = sensor.tick(day + 0.1, night(day, ENGLISH, RUSSIAN))
    return decision


def test_the_first_encoder_that_was_not_tried_is(russian_fell: Decision):
    assert russian_fell.action is Action.RETRAIN
    assert encoder_to_try(russian_fell, at_hand=AT_HAND, tried={"minilm"}) == "multilingual"
    assert encoder_to_try(russian_fell, at_hand=AT_HAND, tried={"minilm", "multilingual"}) == "other"


def test_an_adapter_is_trained_if_no_encoder_is_left(russian_fell: Decision):
    assert encoder_to_try(russian_fell, at_hand=AT_HAND, tried=set(AT_HAND)) is None
    assert encoder_to_try(russian_fell, at_hand=(), tried=set()) is None


def test_a_tick_that_asks_for_no_retraining_tries_nothing():
    decision = Sensor(night(0, ENGLISH)).tick(1.1, night(1, ENGLISH, RUSSIAN))
    assert decision.action is Action.NONE
    assert encoder_to_try(decision, at_hand=AT_HAND, tried=set()) is None


def test_an_adapter_is_trained_if_one_language_degraded_in_a_corpus_of_that_language():
    sensor = Sensor(night(0, ENGLISH))
    for day in (1, 2):
        decision = sensor.tick(day + 0.1, night(day, FALLEN))
    assert decision.action is Action.RETRAIN
    assert encoder_to_try(decision, at_hand=AT_HAND, tried=set()) is None
