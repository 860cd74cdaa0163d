"""The metrics are trec_eval's, and an interval holds the mean that it is about."""

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, R, Success, nDCG

from xnai_pipelines.evaluation.intervals import bootstrap_mean, bootstrap_means, paired_difference
from xnai_pipelines.evaluation.metrics import METRICS, best_first, first_relevant_rank, measure

REFERENCE = {
    "recall_at_1": R @ 1,
    "recall_at_5": R @ 5,
    "recall_at_10": R @ 10,
    "recall_at_100": R @ 100,
    "mrr_at_10": RR @ 10,
    "ndcg_at_10": nDCG @ 10,
    "map_at_100": AP @ 100,
    "success_at_10": Success @ 10,
}


def random_judgements(questions, seed):
    """Rankings of 0 to 130 of 150 documents, with 1 to 20 relevant ones of grades 0 to 3."""
    random = np.random.default_rng(seed)
    names = np.array([f"d{number}" for number in range(150)])
    rankings, judgements = [], []
    for number in range(questions):
        rankings.append(random.permutation(names)[: 0 if number == 0 else random.integers(1, 131)].tolist())
        judged = random.permutation(names)[: random.integers(1, 21)]
        judgements.append({str(name): int(random.integers(0, 4)) for name in judged} | {str(judged[0]): 1})
    return rankings, judgements


def test_metrics_are_those_of_ir_measures_on_random_graded_rankings():
    rankings, judgements = random_judgements(200, seed=5)
    ours = measure(rankings, judgements)
    assert set(ours) == set(METRICS) == set(REFERENCE)
    qrels = {str(number): grades for number, grades in enumerate(judgements)}
    # Distinct falling scores: no ties, so that the reference ranks as we do.
    run = {
        str(number): {name: 1000.0 - rank for rank, name in enumerate(ranking)}
        for number, ranking in enumerate(rankings)
    }
    reference = {
        (result.measure, int(result.query_id)): result.value
        for result in ir_measures.iter_calc(REFERENCE.values(), qrels, run)
    }
    for name, theirs in REFERENCE.items():
        expected = [reference.get((theirs, number), 0.0) for number in range(200)]
        np.testing.assert_allclose(ours[name], expected, atol=1e-9, err_msg=name)


def test_a_small_ranking_by_hand():
    values = measure([["x", "a", "y", "b"]], [{"a": 2, "b": 1, "c": 0}])
    assert values["recall_at_1"][0] == 0
    assert values["recall_at_5"][0] == 1
    assert values["mrr_at_10"][0] == 0.5
    assert values["map_at_100"][0] == (1 / 2 + 2 / 4) / 2
    assert values["success_at_10"][0] == 1
    gain, ideal = 2 / np.log2(3) + 1 / np.log2(5), 2 + 1 / np.log2(3)
    assert values["ndcg_at_10"][0] == pytest.approx(gain / ideal)


def test_no_questions_give_empty_metrics():
    assert all(len(values) == 0 for values in measure([], []).values())


def test_rankings_that_cannot_be_measured_are_refused():
    with pytest.raises(ValueError, match="has an id twice"):
        measure([["a", "a"]], [{"a": 1}])
    with pytest.raises(ValueError, match="has no relevant id"):
        measure([["a"]], [{"a": 0}])


def test_documents_rank_by_their_best_chunk():
    assert best_first(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


def test_the_first_relevant_rank_counts_from_1():
    assert first_relevant_rank(["x", "y", "a"], {"a": 1, "x": 0}) == 3
    assert first_relevant_rank(["x"], {"a": 1}) is None


def test_the_interval_is_that_of_the_normal_approximation_where_that_holds():
    values = np.random.default_rng(1).random(1000)
    estimate = bootstrap_mean(values, seed=2)
    error = 1.96 * values.std() / np.sqrt(1000)
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - error, abs=0.003)
    assert estimate.high == pytest.approx(values.mean() + error, abs=0.003)


def test_intervals_cover_the_true_mean_about_as_often_as_they_say():
    answered = np.random.default_rng(3).random((60, 200)) < 0.7
    estimates = bootstrap_means(answered.astype(float), seed=1)
    covered = sum(estimate.low <= 0.7 <= estimate.high for estimate in estimates)
    assert 0.88 <= covered / 200 <= 0.99


def test_intervals_are_the_same_for_the_same_seed_and_column_by_column():
    values = np.random.default_rng(4).random((80, 3))
    together = bootstrap_means(values, seed=1)
    assert together == bootstrap_means(values, seed=1)
    assert together[1] == bootstrap_mean(values[:, 1], seed=1)


def test_one_question_has_an_interval_of_no_width_and_none_has_no_interval():
    one = bootstrap_mean([0.4], seed=0)
    assert one.low == one.mean == one.high == pytest.approx(0.4)
    with pytest.raises(ValueError, match="at least one question"):
        bootstrap_mean([], seed=0)


def test_a_paired_difference_is_narrower_than_two_intervals():
    random = np.random.default_rng(6)
    hard = random.random(200)
    before, after = hard, np.clip(hard + 0.02 + 0.01 * random.standard_normal(200), 0, 1)
    difference = paired_difference(before, after, seed=0)
    assert 0 < difference.low < difference.mean < difference.high < 0.04
    assert bootstrap_mean(before, seed=0).high > bootstrap_mean(after, seed=0).low
    with pytest.raises(ValueError, match="the same questions"):
        paired_difference([1, 0], [1], seed=0)
