"""Agreement with full precision: cosine, neighbours and rank correlation are those of the definitions."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from xnai_pipelines.models.card.agreement import agreement, cosines, spearman


def unit(rows, seed, dimension=16):
    vectors = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def noisy(vectors, by, seed):
    moved = vectors + by * unit(len(vectors), seed)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)


def test_the_same_vectors_agree_fully():
    vectors = unit(50, 0)
    for queries in (None, unit(7, 1)):
        same = agreement(vectors, vectors, queries, queries)
        assert same.cosine_mean == pytest.approx(1)
        assert same.cosine_p5 == pytest.approx(1)
        assert same.top10_overlap == 1
        assert same.spearman == pytest.approx(1)


def test_every_figure_falls_with_the_noise():
    vectors, queries = unit(60, 0), unit(20, 1)
    near = agreement(vectors, noisy(vectors, 0.1, 2), queries, noisy(queries, 0.1, 3))
    far = agreement(vectors, noisy(vectors, 1.0, 2), queries, noisy(queries, 1.0, 3))
    assert near.texts == 80
    for figure in ("cosine_mean", "cosine_p5", "top10_overlap", "spearman"):
        assert getattr(far, figure) < getattr(near, figure) < 1
    assert near.cosine_p5 < near.cosine_mean


def test_neighbours_among_the_passages_leave_the_passage_itself_out():
    first = np.eye(4, dtype=np.float32)[[0, 0, 1, 1]]
    # the third passage moved to the first two; each still has the other three as its 3 nearest
    other = np.eye(4, dtype=np.float32)[[0, 0, 0, 1]]
    assert agreement(first, other).top10_overlap == 1
    assert agreement(first, other).cosine_mean == pytest.approx(0.75)


def test_neighbours_of_queries_are_counted_by_hand():
    passages = np.eye(12, dtype=np.float32)
    before = np.linspace(1, 0.1, 12, dtype=np.float32)[None]  # passages 0 to 9 are the ten nearest
    after = np.roll(before, 2, axis=1)  # 2 to 11 are: eight of them the same
    assert agreement(passages, passages, before, after).top10_overlap == pytest.approx(0.8)


def test_rank_correlation_is_that_of_scipy_with_ties_too():
    random = np.random.default_rng(5)
    for values in (random.standard_normal((2, 200)), random.integers(0, 5, (2, 200))):
        assert spearman(*values) == pytest.approx(spearmanr(*values).statistic)
    assert spearman([1, 2, 3], [3, 2, 1]) == -1


def test_a_series_without_an_order_correlates_with_nothing():
    assert spearman([1, 1, 1], [1, 2, 3]) == 0


def test_vectors_that_cannot_be_compared_are_refused():
    vectors = unit(5, 0)
    broken = vectors.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="1 of 5 vectors are zero or not finite, the first in row 3"):
        cosines(vectors, broken)
    with pytest.raises(ValueError, match="zero or not finite"):
        cosines(vectors, np.zeros_like(vectors))
    with pytest.raises(ValueError, match="cannot be compared"):
        cosines(vectors, vectors[:4])
    with pytest.raises(ValueError, match="in pairs"):
        agreement(vectors, vectors, vectors)
    with pytest.raises(ValueError, match="at least 3"):
        agreement(vectors[:2], vectors[:2])
