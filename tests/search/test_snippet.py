"""A snippet is a part of its passage, with exactly the words marked that the keyword index matched."""

import re
from pathlib import Path

import lancedb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.search.keyword_index import index_config
from xnai_pipelines.search.snippet import snippet


@pytest.fixture(scope="module", params=["en", "ru", "zh"])
def stems(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """The words of a text as LanceDB's own index of the language cuts them."""
    database = lancedb.connect(str(tmp_path_factory.mktemp(request.param)))
    table = database.create_table("passages", schema=pa.schema([("passage", pa.string())]))
    table.create_index("passage", config=index_config(request.param))
    return lambda text: {token.position: token.text for token in table.tokenize(text, column="passage")}


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory):
    database = lancedb.connect(str(tmp_path_factory.mktemp("english")))
    table = database.create_table("passages", schema=pa.schema([("passage", pa.string())]))
    table.create_index("passage", config=index_config("en"))
    return lambda text: {token.position: token.text for token in table.tokenize(text, column="passage")}


def marked(text: str) -> list[str]:
    return re.findall(r"\*\*(.+?)\*\*", text)


def simple(text: str) -> dict[int, str]:
    """An index that lowers the case of words and stems nothing."""
    return {at: word.casefold() for at, word in enumerate(re.findall(r"[^\W_]+", text))}


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("The cats were running in the houses.", "a cat runs", ["cats", "running"]),
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
def test_words_are_marked_by_stem(english, text: str, question: str, expected: list[str]):
    assert marked(snippet(text, question, english)) == expected


def test_words_of_writing_without_spaces_are_marked(tmp_path: Path):
    table = lancedb.connect(str(tmp_path)).create_table("passages", schema=pa.schema([("passage", pa.string())]))
    table.create_index("passage", config=index_config("zh"))

    def stems(text: str) -> dict[int, str]:
        return {token.position: token.text for token in table.tokenize(text, column="passage")}

    assert marked(snippet("我爱北京天安门。Lance 很快。", "北京 lance", stems)) == ["北京", "Lance"]
    assert marked(snippet("我爱北京天安门。", "上海", stems)) == []


def test_a_long_text_is_cut_around_the_words():
    text = "alpha beta. " * 100 + "The needle lies in the hay. " + "gamma delta. " * 100
    shown = snippet(text, "needle hay", simple)
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
    shown = snippet(text.replace("*", ""), question, simple, length)
    plain = shown.replace("**", "").removeprefix("... ").removesuffix(" ...").strip()
    plain = "" if plain == "..." else plain
    assert plain in " ".join(text.replace("*", "").split())
    wanted = set(simple(question).values())
    assert all(word.casefold() in wanted for word in marked(shown))


def test_any_language_marks_nothing_but_words_of_the_question(stems):
    for text in ("The 2 cats; коты спят, кошка нет. 猫が好き", "и в не the and 0 cats"):
        assert {word.casefold() for word in marked(snippet(text, "cats коты", stems))} <= {"cats", "коты"}
