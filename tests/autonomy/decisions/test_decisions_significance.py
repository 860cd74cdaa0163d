"""The tests of a fall reject a true "no fall" as often as they say, and a real one more often."""

import itertools
import math

import numpy as np
import pytest

from tests.support.degradation_nights import steady
from xnai_pipelines.autonomy.decisions.significance import (
    difference_of_means,
    floor_p_value,
    holm,
    mean_of_differences,
    paired_p_value,
    unpaired_p_value,
)


def test_the_randomisation_test_counts_the_signs_that_give_so_large_a_fall():
    differences = np.array([-0.5, -0.25, 0.125, 0.0, -1.0, 0.0])
    signs = np.array(list(itertools.product([-1, 1], repeat=6)))
    exact = np.mean(signs @ np.abs(differences) <= differences.sum())
    assert paired_p_value(differences) == pytest.approx(exact)


@pytest.mark.parametrize("fallen", [1, 5, 11])
def test_questions_that_did_not_change_count_for_nothing(fallen):
    differences = np.array([-0.63] * fallen + [0.0] * 400)
    assert paired_p_value(differences) == pytest.approx(0.5**fallen)


def test_no_difference_is_no_fall():
    assert paired_p_value(np.zeros(40)) == 1
    assert paired_p_value(np.array([0.5, 0.5, 0.5, 0.5])) == 1


def test_with_many_differences_the_normal_law_agrees_with_random_signs():
    random = np.random.default_rng(0)
    sizes = random.choice([0.37, 0.63, 1.0, 0.13], size=200)
    signs = random.choice([-1, 1], size=(20_000, 200))
    sums = signs @ sizes
    for share in (0.01, 0.05, 0.3):
        differences = signs[np.argsort(sums)[int(share * len(sums))]] * sizes
        assert paired_p_value(differences) == pytest.approx(share, rel=0.2)


def test_welch_gives_every_p_value_as_often_where_nothing_fell():
    random = np.random.default_rng(1)
    found = [
        unpaired_p_value(steady(150, int(a)), steady(40, int(b)), margin=0.0)
        for a, b in random.integers(1 << 30, size=(1500, 2))
    ]
    for alpha in (0.01, 0.05):
        assert np.mean(np.array(found) <= alpha) == pytest.approx(alpha, abs=3 * math.sqrt(alpha / 1500))


def test_a_fall_within_the_margin_is_no_proof_and_values_that_are_all_equal_prove_little():
    before = steady(2000)
    assert unpaired_p_value(before, np.clip(before - 0.02, 0, 1), margin=0.05) > 0.5
    assert unpaired_p_value(np.ones(3), np.zeros(3), margin=0.02) == pytest.approx(0.025, abs=0.001)
    assert unpaired_p_value(np.ones(30), np.zeros(30), margin=0.02) < 1e-6


def test_intervals_hold_the_mean_of_the_population_as_often_as_they_say():
    inside = []
    for seed in range(400):
        before, after = steady(150, seed), steady(60, seed + 10_000)
        interval = difference_of_means(before, after)
        inside.append(interval.low <= 0 <= interval.high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.035)
    changes = mean_of_differences(np.array([-0.1, 0.1, -0.3, -0.1]))
    assert (changes.mean, changes.low, changes.high) == pytest.approx((-0.1, -0.36, 0.16), abs=0.002)


def test_the_floor_is_tested_by_the_binomial_law():
    assert floor_p_value(20, 30, 0.7) == pytest.approx(
        sum(math.comb(30, k) * 0.7**k * 0.3 ** (30 - k) for k in range(21))
    )
    assert floor_p_value(30, 30, 1.0) == 1
    assert floor_p_value(29, 30, 1.0) == 0
    assert floor_p_value(0, 30, 0.0) == 1


def test_holm_asks_more_of_the_first_of_many():
    assert holm([0.01, 0.04, 0.03], 0.05) == [True, False, False]
    assert holm([0.01, 0.02, 0.03], 0.05) == [True, True, True]
    assert holm([0.02, 0.9, 0.9], 0.05) == [False, False, False]
    assert holm([], 0.05) == []
