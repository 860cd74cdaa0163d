"""Vectors in one bit per dimension: what they leave to be compared."""

import numpy as np

from xnai_pipelines.search.bits import Bits

VECTORS = np.random.default_rng(0).standard_normal((2_000, 48)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)


def test_the_nearest_vectors_are_among_those_whose_bits_differ_least():
    bits = Bits.of(VECTORS)
    for vector in VECTORS[:20]:
        near = np.argsort(-(VECTORS @ vector))[:5]
        left = bits.nearest(vector, 600)
        assert 600 <= len(left) < 1_200
        assert np.isin(near, left).mean() >= 0.8
        assert np.array_equal(left, np.sort(left))


def test_all_vectors_are_left_if_as_many_are_asked_for():
    assert np.array_equal(Bits.of(VECTORS).nearest(VECTORS[0], 5_000), np.arange(2_000))


def test_the_mean_does_not_hide_what_tells_vectors_apart():
    apart = VECTORS + np.float32(10)
    assert np.array_equal(Bits.of(apart).nearest(apart[3], 1), [3])
