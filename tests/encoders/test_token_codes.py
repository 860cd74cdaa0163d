"""Token codes keep which tokens are alike, in one bit per dimension, and come back from bytes unchanged."""

import numpy as np

from xnai_pipelines.encoders.token_codes import TokenCodes, rotated_query


def test_similarities_are_estimated_and_special_tokens_left_out():
    vectors = np.random.default_rng(0).standard_normal((4, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    spans = [(0, 0), (0, 3), (4, 7), (0, 0)]
    codes = TokenCodes.read(TokenCodes.of(vectors, spans).write())

    assert codes.spans.tolist() == [[0, 3], [4, 7]]
    assert codes.bits.nbytes == 2 * 48
    found = codes.similarities(rotated_query(vectors, spans))
    assert np.allclose(found, vectors[1:3] @ vectors[1:3].T, atol=0.15)
    assert found.argmax(axis=1).tolist() == [0, 1]


def test_no_tokens_are_no_tokens():
    codes = TokenCodes.of(np.zeros((2, 12), np.float32), [(0, 0), (0, 0)])
    assert TokenCodes.read(codes.write()).similarities(np.ones((3, 12), np.float32)).shape == (3, 0)
