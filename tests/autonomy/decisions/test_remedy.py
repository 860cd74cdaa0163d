"""The best encoder of a card of this release is tried once, before an adapter is trained."""

import pytest

from tests.support.degradation_nights import ENGLISH, RUSSIAN, Sensor, night
from tests.support.encoder_cards import BETTER, UNKNOWN, WORSE
from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action
from xnai_pipelines.autonomy.decisions.remedy import encoder_to_try
from xnai_pipelines.models.encoder_comparison.card import EncoderCard


@pytest.fixture(scope="module")
def degraded() -> Decision:
    sensor = Sensor(night(0, ENGLISH))
    for day in (1, 2):
        decision = sensor.tick(day + 0.1, night(day, ENGLISH, RUSSIAN))
    assert decision.action is Action.RETRAIN
    return decision


def test_the_best_encoder_of_the_card_is_tried(degraded: Decision):
    assert encoder_to_try(degraded, BETTER, current="minilm", judged=()) == "multilingual"


@pytest.mark.parametrize(
    ("measured", "current", "judged"),
    [
        (None, "minilm", ()),
        (WORSE, "minilm", ()),
        (UNKNOWN, "minilm", ()),
        (BETTER, "minilm", ("multilingual",)),
        (BETTER, "multilingual", ()),  # the card is of an earlier release
    ],
)
def test_else_an_adapter_is_next(degraded: Decision, measured: EncoderCard | None, current: str, judged: tuple[str]):
    assert encoder_to_try(degraded, measured, current=current, judged=judged) is None


def test_a_tick_that_asks_for_no_retraining_tries_nothing():
    decision = Sensor(night(0, ENGLISH)).tick(1.1, night(1, ENGLISH, RUSSIAN))
    assert decision.action is Action.NONE
    assert encoder_to_try(decision, BETTER, current="minilm", judged=()) is None
