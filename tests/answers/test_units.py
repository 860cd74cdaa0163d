"""The units of a text are its sentences, list items, table rows and blocks of code, and nothing of it is made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.answers.units import LONGEST, units


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Smith came at 9. He left.", ["Dr. Smith came at 9.", "He left."]),
        ("- one apple\n- two pears\n", ["- one apple", "- two pears"]),
        ("| name | age |\n|---|---|\n| Ada | 36 |\n", ["| name | age |", "| Ada | 36 |"]),
        ("Run it:\n\n```sh\nmake\n\nmake test\n```\n\nDone.", ["Run it:", "```sh\nmake\n\nmake test\n```", "Done."]),
        ("# Title\n\nIt works.", ["It works."]),
        ("これは本です。あれはペンです。", ["これは本です。", "あれはペンです。"]),
        ("هذا كتاب. هل هذا قلم؟ نعم.", ["هذا كتاب.", "هل هذا قلم؟", "نعم."]),
        ("यह किताब है। वह कलम है।", ["यह किताब है।", "वह कलम है।"]),
        ("", []),
        ("* * *", []),
    ],
)
def test_a_text_is_taken_apart_where_a_reader_would(text: str, expected: list[str]):
    assert [text[start:end] for start, end in units(text)] == expected


def test_a_megabyte_without_a_full_stop_gives_short_units():
    found = units("word " * 200_000)
    assert max(end - start for start, end in found) <= LONGEST
    assert sum(end - start for start, end in found) > 900_000


@given(st.text(alphabet="ab. \n|`#-1。", max_size=200))
def test_units_are_in_order_and_do_not_overlap(text: str):
    edges = [edge for span in units(text) for edge in span]
    assert edges == sorted(edges)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in units(text))
