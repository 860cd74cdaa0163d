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
        ("| name | age |\n|---|---|\n| Ada | 36 |\n", ["| Ada | 36 |"]),
        ("Run it:\n\n```sh\nmake\n\nmake test\n```\n\nDone.", ["Run it:", "```sh\nmake\n\nmake test\n```", "Done."]),
        (
            "x = 1\ny = 2\n```\n\nProse. More.\n\n```sh\nz\n```",
            ["x = 1\ny = 2\n```", "Prose.", "More.", "```sh\nz\n```"],
        ),
        ("x = 1\n```\n\nProse.", ["x = 1\n```", "Prose."]),
        ("Run:\n```\nmake\n```", ["Run:", "```\nmake\n```"]),
        ("Plan | Price\n--- | ---\nPro | $20\n\nIt is dear.", ["Pro | $20", "It is dear."]),
        ("Fees:\n\nPro\t$20\nBasic\t$5\n", ["Fees:", "Pro\t$20", "Basic\t$5"]),
        ("|---|---|\n| Ada | 36 |", ["| Ada | 36 |"]),
        ("Use a | b to join.", ["Use a | b to join."]),
        ("# Title\n\nIt works.", ["It works."]),
        ("# 2.1. Is it free?\n\nYes.", ["Yes."]),
        (
            "Stopping\n~~~~~~~~\n\nStop it:\n\n.. code-block:: sh\n\n    make a\n\n    make b\n\nDone.",
            ["Stop it:", "make a\n\n    make b", "Done."],
        ),
        (
            ".. _codes:\n\nCodes\n=====\n\nThere are:\n\n:Code 0: fine\n:Code 1: bad\n",
            [":Code 0: fine", ":Code 1: bad"],
        ),
        ("From: Ada\nSubject: Outage\n\nIt broke.", ["From: Ada", "Subject: Outage", "It broke."]),
        (
            "**Older**\ncall(...): Runs it, and\n    waits.\nstop(): Ends it.\n",
            ["call(...): Runs it, and\n    waits.", "stop(): Ends it."],
        ),
        ("Mode: fast\nSpeed: high\nand more.", ["Mode: fast\nSpeed: high\nand more."]),
        ("Note: it is\nold and grey.", ["Note: it is\nold and grey."]),
        ("これは本です。あれはペンです。", ["これは本です。", "あれはペンです。"]),
        ("هذا كتاب. هل هذا قلم؟ نعم.", ["هذا كتاب.", "هل هذا قلم؟", "نعم."]),
        ("यह किताब है। वह कलम है।", ["यह किताब है।", "वह कलम है।"]),
        ("", []),
        ("* * *", []),
    ],
)
def test_a_text_is_taken_apart_where_a_reader_would(text: str, expected: list[str]):
    assert [text[part.start : part.end] for part in units(text)] == expected


def test_a_megabyte_without_a_full_stop_gives_short_units():
    found = units("word " * 200_000)
    assert max(part.end - part.start for part in found) <= LONGEST
    assert sum(part.end - part.start for part in found) > 900_000


@given(st.text(alphabet="ab. \n|`#-1。", max_size=200))
def test_units_are_in_order_and_do_not_overlap(text: str):
    edges = [edge for part in units(text) for edge in (part.start, part.end)]
    assert edges == sorted(edges)
    assert all(text[part.start : part.end].strip() == text[part.start : part.end] != "" for part in units(text))
