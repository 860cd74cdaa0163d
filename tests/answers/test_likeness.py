"""The best similarities of parts of a passage are those that comparing token by token gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.answers.likeness import Likeness
from xnai_pipelines.encoders.token_codes import TokenCodes

RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: tuple(sorted(ends))), min_size=1)


@given(
    st.lists(st.integers(0, 60), max_size=12).map(sorted),
    st.integers(0, 3),
    st.lists(RANGES, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_parts_are_compared_by_the_tokens_whose_middles_are_in_their_ranges(middles, questions, parts, seed):
    similarities = np.random.default_rng(seed).uniform(-1, 1, (questions, len(middles))).astype(np.float32)
    likeness = Likeness(np.array(middles, np.int64), similarities)
    best, compared = likeness.best_within(parts)
    assert len(best) == len(compared) == len(parts)
    for found, has_tokens, ranges in zip(best, compared, parts, strict=True):
        inside = [at for at, twice in enumerate(middles) if any(2 * a <= twice <= 2 * b for a, b in ranges)]
        assert has_tokens == bool(inside and questions)
        assert found.tolist() == (similarities[:, inside].max(axis=1).tolist() if has_tokens else [0.0] * len(found))


def test_tokens_of_passages_that_overlap_are_read_in_the_order_of_the_text():
    vectors = np.eye(8, dtype=np.float32)
    first = TokenCodes.of(vectors[:3], [(0, 2), (3, 5), (6, 8)])
    second = TokenCodes.of(vectors[3:5], [(3, 5), (10, 12)])
    likeness = Likeness.of(vectors, [first, second])
    assert likeness.middles.tolist() == [2, 8, 8, 14, 22]
    together = np.concatenate([first.similarities(vectors), second.similarities(vectors)], axis=1)
    assert likeness.similarities.tolist() == together[:, [0, 1, 3, 2, 4]].tolist()
    assert likeness.best().tolist() == together.max(axis=1).tolist()
