"""A snippet is a part of its passage, with exactly the words marked that keyword search matched."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.search.snippet import snippet
from xnai_pipelines.search.words import fold, words


def wanted(question: str) -> list[str]:
    return [word.text for word in words(question)]


def marked(text: str) -> list[str]:
    return re.findall(r"\*\*(.+?)\*\*", text)


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("The cats were running in the houses.", "cat runs", ["cats", "running"]),
        ("In the beginning the xylophone was alone.", "xylophones", ["xylophone"]),
        ("It is what it is: of the_snake_case and the naïve café.", "naive cafe snake", ["snake", "naïve", "café"]),
        ("x" * 60 + " and " + "y" * 60 + " are long; cats are not.", "cat", ["cats"]),
        ("नमस्ते दुनिया, the cat and شَمْس then a cat.", "cat", ["cat", "cat"]),
        ("½ cup, ② cats, x² and 7 cats", "cat 7", ["cats", "7", "cats"]),
        ("Ⓐ cats a̐e cats", "cat", ["cats", "cats"]),
        ("No such thing here.", "elephant", []),
        ("", "cat", []),
    ],
)
def test_words_are_marked_by_stem(text: str, question: str, expected: list[str]):
    assert marked(snippet(text, wanted(question), "en")) == expected


def test_words_of_writing_without_spaces_are_marked():
    assert marked(snippet("我爱北京天安门。Lance 很快。", wanted("北京 lance"), "zh")) == ["北京", "Lance"]
    assert marked(snippet("我爱北京天安门。", wanted("上海"), "zh")) == []
    assert marked(snippet("京都也很好。北方。", wanted("京都 北京"), "zh")) == ["京都"]
    assert marked(snippet("税法", wanted("税"), "zh")) == ["税"]
    assert marked(snippet("데이터베이스를 백업", wanted("데이터베이스"), "ko")) == ["데이터베이스"]


def test_words_with_signs_on_their_letters_are_marked():
    assert marked(snippet("डेटाबेस का बैकअप", wanted("बैकअप"), "hi")) == ["बैकअप"]


def test_a_long_text_is_cut_around_the_words():
    text = "alpha beta. " * 100 + "The needle lies in the hay. " + "gamma delta. " * 100
    shown = snippet(text, wanted("needle hay"), "en")
    assert marked(shown) == ["needle", "hay"]
    assert shown.startswith("... ")
    assert shown.endswith(" ...")
    assert len(shown) < 270


@given(
    st.text(alphabet="ab cd\n\t.,*é\u0301猫😀²_", max_size=600),
    st.text(alphabet="ab cdé猫", max_size=20),
    st.integers(80, 240),
)
def test_a_snippet_is_a_part_of_its_text(text: str, question: str, length: int):
    shown = snippet(text.replace("*", ""), wanted(question), None, length)
    plain = shown.replace("**", "").removeprefix("... ").removesuffix(" ...").strip()
    plain = "" if plain == "..." else plain
    assert plain in " ".join(text.replace("*", "").split())
    assert all(any(part in word for part in wanted(question)) for word in map(fold, marked(shown)))


@pytest.mark.parametrize("language", ["en", "ru", "zh", None])
def test_any_language_marks_nothing_but_words_of_the_question(language):
    for text in ("The 2 cats; коты спят, кошка нет. 猫が好き", "и в не the and 0 cats"):
        assert {word.casefold() for word in marked(snippet(text, ["cats", "коты"], language))} <= {"cats", "коты"}
