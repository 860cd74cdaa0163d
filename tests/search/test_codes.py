"""A first look at vectors in 8 bits is never further off than it says, and the best by it are the best exactly."""

import numpy as np
import pytest

from xnai_pipelines.search.codes import Codes
from xnai_pipelines.search.ranking import Estimates, best_rows, estimated_sum, fused


def unit_vectors(number: int, dimension: int = 48, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(number, dimension)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def estimated(vectors: np.ndarray, question: np.ndarray) -> Estimates:
    return Estimates(*Codes.of(vectors).similarities(question), lambda rows: dots(vectors[rows], question))


def dots(vectors: np.ndarray, question: np.ndarray) -> np.ndarray:
    return np.einsum("ij,j->i", vectors, question)  # a matrix product rounds by the number of rows


@pytest.mark.parametrize("dimension", [3, 48, 384, 1_024])
def test_a_similarity_is_at_most_so_far_off_as_is_said(dimension: int):
    vectors = unit_vectors(5_000, dimension)
    question = vectors[7]
    similarities, error = Codes.of(vectors).similarities(question)
    assert similarities.dtype == np.float32
    assert 0 < np.abs(similarities - vectors @ question).max() <= error < 0.05


def test_codes_of_one_hot_vectors_are_exact():
    similarities, _ = Codes.of(np.eye(5, dtype=np.float32)).similarities(np.eye(5, dtype=np.float32)[3])
    assert similarities.tolist() == pytest.approx([0, 0, 0, 1, 0])


def test_no_vectors_have_no_similarities():
    assert Codes.of(np.empty((0, 8), np.float32)).similarities(unit_vectors(1, 8)[0])[0].tolist() == []


@pytest.mark.parametrize("most", [1, 10, 3_000])
def test_the_best_by_estimates_are_the_best_by_exact_scores(most: int):
    vectors = unit_vectors(2_000, 8)
    for question in unit_vectors(20, 8, seed=1):
        found = estimated(vectors, question)
        assert found.best(most).tolist() == best_rows(dots(vectors, question), most).tolist()
        assert np.array_equal(found.scores[found.best(most)], dots(vectors, question)[found.best(most)])


def test_a_row_without_a_score_stays_so():
    vectors = unit_vectors(50, 8)
    found = estimated(vectors, vectors[0])
    found.scores[:40] = -np.inf
    assert sorted(found.best(50).tolist()) == list(range(40, 50))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_sum_of_estimates_ranks_as_the_sum_of_exact_scores(weight: float):
    vectors = unit_vectors(2_000, 16)
    keyword = np.random.default_rng(2).exponential(size=2_000).astype(np.float32)
    added = np.zeros(2_000, np.float32)
    added[5] = 100
    for question in unit_vectors(10, 16, seed=3):
        exact = fused(dots(vectors, question), keyword, weight) + added
        found = estimated_sum(estimated(vectors, question), keyword, weight=weight, added=added)
        best = found.best(20)
        assert best[0] == 5
        assert best.tolist() == best_rows(exact, 20).tolist()
        assert found.at(best) == pytest.approx(exact[best], abs=1e-4)
