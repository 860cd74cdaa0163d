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


MINILM, MULTILINGUAL = "space_of_minilm", "space_of_multilingual"


def test_the_best_encoder_of_the_card_is_tried(degraded: Decision):
    assert encoder_to_try(degraded, BETTER, current=MINILM, judged=(), failed=()) == "multilingual"


@pytest.mark.parametrize(
    ("measured", "current", "judged", "failed"),
    [
        (None, MINILM, (), ()),
        (WORSE, MINILM, (), ()),
        (UNKNOWN, MINILM, (), ()),
        (BETTER, MINILM, (MULTILINGUAL,), ()),
        (BETTER, MINILM, (), ("multilingual",)),
        (BETTER, "space_of_minilm with an adapter", (), ()),  # the card is of an earlier release
    ],
)
def test_else_an_adapter_is_next(
    degraded: Decision,
    measured: EncoderCard | None,
    current: str,
    judged: tuple[str, ...],
    failed: tuple[str, ...],
):
    assert encoder_to_try(degraded, measured, current=current, judged=judged, failed=failed) is None


def test_a_tick_that_asks_for_no_retraining_tries_nothing():
    decision = Sensor(night(0, ENGLISH)).tick(1.1, night(1, ENGLISH, RUSSIAN))
    assert decision.action is Action.NONE
    assert encoder_to_try(decision, BETTER, current=MINILM, judged=(), failed=()) is None
