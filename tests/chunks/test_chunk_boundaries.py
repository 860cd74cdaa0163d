"""Sentences end where a reader ends them, in several scripts; a cut never splits a grapheme."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.chunks.boundaries import grapheme_interiors, sentence_starts


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in pairwise([0, *sentence_starts(text, 0, len(text)), len(text)])]


@pytest.mark.parametrize(
    "expected",
    [
        ["One. ", "Two! ", "Three? ", "Four… ", "Five"],
        ["He said: “Stop.” ", "Then (he left.) ", "Fine."],
        ["Dr. Smith met J. R. Jones, e.g. in Paris. ", "See Fig. 3 and pp. 4. ", "Done."],
        ["Version 3.11 has os.path.join, cf. the docs. ", "Next."],
        ["It ends etc. and goes on. ", "Here etc. ", "A new one."],
        ["A hard-wrapped\nline ends here.\n", "The next."],
        ["A title without a stop\n\n", "A paragraph."],
        ["Such as:\n", "- one\n", "- two\n", "  * nested\n", "1. number. ", "Text."],
        ["1. First point. ", "More of it.\n", "2. Second point."],
        ["それは本です。", "「そうです。」", "次！", "終"],
        ["هل أنت هنا؟ ", "نعم. ", "حسنا"],
        ["یہ ایک ہے۔ ", "دوسرا"],
        ["यह एक है। ", "दूसरा॥ ", "तीसरा"],
        ["Это т.е. пример, см. рис. 3. ", "Новое. ", "Да!"],
        ["Das ist z.B. gut. ", "Ja."],
        ["Yahoo! is a name. ", "Wow!! ", "Yes."],
        ["Wait... what? ", "So... ", "Yes."],
    ],
)
def test_sentences(expected):
    assert sentences("".join(expected)) == expected


@given(st.text(alphabet="aB1.!? \n-。\u0301\"')", max_size=200))
def test_starts_ascend_inside_the_span_and_never_stand_on_white_space_after_a_stop(text):
    starts = sentence_starts(text, 0, len(text))
    assert starts == sorted(set(starts))
    assert all(0 < start < len(text) for start in starts)


def test_only_the_span_asked_for_is_divided():
    text = "One. Two. Three. Four."
    assert sentence_starts(text, 5, 17) == [10]


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
