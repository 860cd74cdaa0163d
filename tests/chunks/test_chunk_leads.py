"""A chunk from within a table or a list is searched with the line that says what it is about."""

import pytest

from xnai_pipelines.chunks.leads import LONGEST_HEADER, LONGEST_LEAD, leads
from xnai_pipelines.chunks.passage import passage
from xnai_pipelines.chunks.spec import Chunk


def leads_at(text: str, *marks: str) -> list[str]:
    """The leads of chunks that start at these words; the first starts with the text."""
    starts = [0, *(text.index(mark) for mark in marks)]
    return leads(text, [Chunk(at, start, start + 1, 1, ()) for at, start in enumerate(starts)])


TABLE = "# Pay\n\n| name | pay |\n| --- | --- |\n| Ann | 1 |\n| Ben | 2 |\n\nAfter | it.\n"


def test_each_part_of_a_table_has_the_names_of_its_columns() -> None:
    assert leads_at(TABLE, "| name", "| Ann", "| Ben", "After") == ["", "", "| name | pay |", "| name | pay |", ""]


def test_two_tables_have_names_of_their_own_and_one_without_a_rule_has_none() -> None:
    text = "a | b\n--- | ---\n1 | 2\n\n|c|d|\n|---|:-:|\n|3|4|\n\n| 5 | 6 |\n| 7 | 8 |\n"
    assert leads_at(text, "1 |", "|3", "| 7") == ["", "a | b", "|c|d|", ""]


def test_each_part_of_a_list_has_the_line_that_leads_to_it() -> None:
    text = "Open ports:\n\n- 80\n  for the web\n\n- 22\n\nClosed.\n- 21\n"
    assert leads_at(text, "for the", "- 22", "Closed", "- 21") == ["", "Open ports:", "Open ports:", "", ""]


def test_a_wide_row_of_names_is_cut_after_a_column_and_a_long_line_anywhere() -> None:
    names = "| " + " | ".join(f"column {at:02}" for at in range(40)) + " |"
    [_, lead] = leads_at(f"{names}\n| --- |\n| a |\n| b |\n", "| b")
    assert LONGEST_HEADER - 12 < len(lead) <= LONGEST_HEADER
    assert names.startswith(f"{lead}|")
    [_, lead] = leads_at(f"{'w' * 300}：\n- a\n- b\n", "- b")
    assert len(lead) == LONGEST_LEAD


@pytest.mark.parametrize(
    ("lead", "expected"), [("| a |", "Pay\n| a |\n| 1 |"), ("| 1 |", "Pay\n| 1 |"), ("", "Pay\n| 1 |")]
)
def test_a_lead_stands_between_headings_and_text_unless_the_text_has_it(lead: str, expected: str) -> None:
    assert passage("Pay", (), "| 1 |", lead) == expected
