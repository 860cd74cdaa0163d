"""A threshold keeps its stated risk, weights follow a corpus' own questions, and one with too few gets the defaults."""

from dataclasses import replace

import numpy as np
import pytest

from xnai_pipelines.answers.confidence import FEATURES, NOTHING, SPREADS, Confidence, fitted
from xnai_pipelines.answers.refusal import DEFAULT_THRESHOLD, FEWEST, NO_POLICY, RISK, choose_policy


def drawn(random: np.random.Generator, centre: float, number: int) -> list[tuple[float, ...]]:
    """Features of questions, independent of each other."""
    found = random.normal(centre, 1, (number, len(FEATURES))) * SPREADS
    return [tuple(one) for one in found.tolist()]


def test_a_threshold_refuses_few_of_the_questions_it_was_chosen_on_and_most_that_nothing_answers():
    random = np.random.default_rng(0)
    policy = choose_policy(drawn(random, 3, 400), drawn(random, 0, 400), release=2)
    assert policy.wrongly_refused is not None
    assert policy.rightly_refused is not None
    assert 0 < policy.wrongly_refused <= RISK
    assert policy.rightly_refused > 0.99
    assert (policy.questions, policy.release) == (400, 2)


def test_the_risk_holds_for_other_questions_on_average():
    random = np.random.default_rng(0)
    refused = []
    for _ in range(100):
        policy = choose_policy(drawn(random, 1, 100), drawn(random, 0, 100), release=1)
        refused.append(np.mean([policy.refuses(one) for one in drawn(random, 1, 200)]))
    assert np.mean(refused) <= 1.15 * RISK  # the weights have seen the same questions


def test_too_few_questions_leave_the_default_and_say_how_many_are_needed():
    some = drawn(np.random.default_rng(0), 1, FEWEST)
    few = choose_policy(some[:-1], some[:-1], release=1)
    assert (few.threshold, few.confidence, FEWEST) == (DEFAULT_THRESHOLD, Confidence(), 39)
    assert "39 labelled questions are needed" in few.basis
    enough = choose_policy(some, some, release=1)
    assert enough.basis == "chosen on 39 labelled questions"
    assert sum(enough.refuses(one) for one in some) == 1


def test_what_tells_nothing_in_a_corpus_loses_its_weight_and_what_nobody_asked_keeps_the_default():
    random = np.random.default_rng(0)
    related = FEATURES.index("related")
    answered, removed = (np.array(drawn(random, centre, 500)) for centre in (1, 0))
    answered[:, related] = random.permutation(removed[:, related])

    found = fitted(answered.tolist(), removed.tolist())
    assert abs(found.weights[related]) < 0.2 * Confidence().weights[related]

    constant = FEATURES.index("form")
    answered[:, constant] = removed[:, constant] = 1.0
    found = fitted(answered.tolist(), removed.tolist())
    assert found.weights[constant] == pytest.approx(Confidence().weights[constant])
    assert fitted([], []) == Confidence()


def test_what_is_below_the_threshold_is_refused_and_what_is_likely_not_there_is_doubted():
    sure, unsure = (1.0, 0.9, 1.0, 0.9, 0.0), (0.4, 0.5, 1.0, 0.4, 0.0)
    assert (NO_POLICY.refuses(sure), NO_POLICY.doubts(sure)) == (False, False)
    assert (NO_POLICY.refuses(unsure), NO_POLICY.doubts(unsure)) == (False, True)
    assert NO_POLICY.refuses(NOTHING)
    assert replace(NO_POLICY, threshold=float("-inf")).doubts(NOTHING)
