"""A threshold keeps its stated risk, and a corpus with too few questions gets the default."""

import numpy as np

from xnai_pipelines.answers.refusal import DEFAULT_THRESHOLD, FEWEST, RISK, choose_policy


def test_a_threshold_refuses_few_of_the_questions_it_was_chosen_on_and_most_that_nothing_answers():
    random = np.random.default_rng(0)
    policy = choose_policy(random.normal(3, 1, 400).tolist(), random.normal(-3, 1, 400).tolist(), release=2)
    assert 0 < policy.wrongly_refused <= RISK
    assert policy.rightly_refused > 0.99
    assert (policy.questions, policy.release) == (400, 2)


def test_the_risk_holds_for_other_questions_in_nearly_all_draws():
    random = np.random.default_rng(0)
    kept = 0
    for _ in range(200):
        policy = choose_policy(random.normal(0, 1, 200).tolist(), [0.0], release=1)
        kept += np.mean(random.normal(0, 1, 4_000) < policy.threshold) <= RISK
    assert kept >= 180


def test_too_few_questions_leave_the_default_and_say_how_many_are_needed():
    few = choose_policy([1.0] * (FEWEST - 1), [-1.0], release=1)
    assert (few.threshold, FEWEST) == (DEFAULT_THRESHOLD, 59)
    assert "59 labelled questions are needed to hold 5% with 95% certainty" in few.basis
    enough = choose_policy([1.0] * FEWEST, [-1.0], release=1)
    assert (enough.threshold, enough.basis) == (1.0, "chosen on 59 labelled questions")
