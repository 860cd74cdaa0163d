"""Before an adapter is trained, the best encoder of the card is tried, then one at hand, alone and as a companion."""

from typing import Any

import pytest

from tests.support.defs_automation import SPACE, release
from tests.support.degradation_nights import ENGLISH, FALLEN, RUSSIAN, Group, Sensor, night
from tests.support.encoder_cards import BETTER, UNKNOWN, WORSE
from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action
from xnai_pipelines.autonomy.decisions.remedy import Trial, Trials, encoder_to_try
from xnai_pipelines.encoders.source import joined_name
from xnai_pipelines.state.manifest import Release

AT_HAND, BESIDE = "e5", "+e5"
MINILM = release()


def degraded(*groups: Group) -> Decision:
    sensor = Sensor(night(0, ENGLISH))
    for day in (1, 2):
        decision = sensor.tick(day + 0.1, night(day, *groups))
    assert decision.action is Action.RETRAIN
    return decision


@pytest.fixture(scope="module")
def in_russian() -> Decision:
    return degraded(ENGLISH, RUSSIAN)


def found(decision: Decision, champion: Release = MINILM, **given: Any) -> Trial | None:
    """Return the encoder to try: by default of no card, with one at hand that may know the languages, nothing tried."""
    usual = {"card": None, "at_hand": (AT_HAND,), "unknown": ("fr", "ru"), "trials": Trials()}
    return encoder_to_try(decision, champion, **{**usual, **given})


def tried(decision: Decision, champion: Release = MINILM, **given: Any) -> str | None:
    """Return its name."""
    candidate = found(decision, champion, **given)
    return candidate.encoder if candidate else None


class TestTheBestOfTheCard:
    def test_comes_first(self, in_russian: Decision):
        assert tried(in_russian, card=BETTER) == "multilingual"

    @pytest.mark.parametrize(
        "trials",
        [
            Trials(spaces={"space_of_multilingual"}),
            Trials(encoders={"multilingual"}),
            Trials(failed={"multilingual": 2}),
        ],
        ids=["judged", "judged elsewhere", "failed twice"],
    )
    def test_is_tried_once_and_then_the_one_at_hand(self, in_russian: Decision, trials: Trials):
        assert tried(in_russian, card=BETTER, trials=trials) == AT_HAND

    @pytest.mark.parametrize("card", [None, WORSE, UNKNOWN])
    def test_is_none_if_no_other_is_better(self, in_russian: Decision, card: Any):
        assert tried(in_russian, card=card, at_hand=()) is None

    def test_is_none_if_the_card_is_of_an_earlier_release(self, in_russian: Decision):
        adapted = release(2, vector_space=f"{SPACE} with an adapter")
        assert tried(in_russian, adapted, card=BETTER, at_hand=()) is None


class TestOneAtHand:
    def test_is_tried_if_the_releases_does_not_know_the_degraded_language(self, in_russian: Decision):
        assert found(in_russian) == Trial(AT_HAND, "it is at hand, and minilm does not know ru")

    def test_is_tried_for_any_unknown_language_if_no_slice_names_one(self):
        assert found(degraded(FALLEN)) == Trial(AT_HAND, "it is at hand, and minilm does not know fr, ru")

    @pytest.mark.parametrize("unknown", [(), ("fr",)])
    def test_is_not_tried_if_the_degraded_language_is_known(self, in_russian: Decision, unknown: tuple[str, ...]):
        assert tried(in_russian, unknown=unknown) is None

    def test_is_tried_once_more_after_a_failure_and_then_an_adapter_is_next(self, in_russian: Decision):
        assert tried(in_russian, trials=Trials(failed={AT_HAND: 1})) == AT_HAND
        assert tried(in_russian, trials=Trials(failed={AT_HAND: 2})) is None

    def test_that_was_judged_becomes_a_companion_and_then_an_adapter_is_next(self, in_russian: Decision):
        assert tried(in_russian, trials=Trials(encoders={"another"})) == AT_HAND
        assert tried(in_russian, trials=Trials(encoders={AT_HAND})) == BESIDE
        assert tried(in_russian, trials=Trials(encoders={AT_HAND, joined_name("minilm", AT_HAND)})) is None
        assert tried(in_russian, trials=Trials(encoders={AT_HAND}, failed={AT_HAND: 2})) is None


def test_a_tick_that_asks_for_no_retraining_tries_nothing():
    decision = Sensor(night(0, ENGLISH)).tick(1.1, night(1, ENGLISH, RUSSIAN))
    assert decision.action is Action.NONE
    assert tried(decision, card=BETTER) is None
