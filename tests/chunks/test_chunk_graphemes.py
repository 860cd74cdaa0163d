"""A cut never falls inside what a reader sees as one character."""

from itertools import pairwise

import pytest

from xnai_pipelines.chunks.graphemes import grapheme_interiors


def graphemes(text: str) -> list[str]:
    interior = grapheme_interiors(text)
    starts = [0, *(at for at in range(1, len(text)) if interior is None or not interior[at]), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


@pytest.mark.parametrize(
    "expected",
    [
        ["a", "b"],
        ["e\u0301", "x"],
        ["👨‍👩‍👧‍👦", "👍🏽", "❤️"],
        ["🇫🇷", "🇩🇪", "🇯🇵", "a", "🇫🇷"],
        ["🇫🇷", "🇩"],
        ["🏴󠁧󠁢󠁳󠁣󠁴󠁿", "!"],
        ["\u1112\u1161\u11ab", "한"],
        ["กำ"[:1], "ำ"],
        ["שָׁ", "ל"],
        ["ｶﾞ", "漢"],
        ["1️⃣", "2"],
    ],
)
def test_graphemes_stay_whole(expected):
    assert graphemes("".join(expected)) == expected
