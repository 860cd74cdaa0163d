"""The answer of an FAQ is read with its question, and the items of a list with the line that leads to them."""

import pytest

from xnai_pipelines.answers.leads import term_above
from xnai_pipelines.answers.units import units

OPTIONS = "-d\n\n--depth <depth>\n\nCut the history. It is short.\n\nmax_connections (integer)\n\nHow many may connect."
FAQ = "**Do you ship abroad?**\nNo.\n\n**Is it free?**\nYes. From 60 euros.\n\n# Other\n\nWrite to us."
MINUTES = "- **Canteen.** It is shut. Ada objected.\n- None."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FAQ, {"No.": "**Do you ship abroad?**", "Yes.": "**Is it free?**", "From 60 euros.": "**Is it free?**"}),
        (FAQ, {"Write to us.": ""}),
        ("Q: Is it free?\nA: Yes.", {"A: Yes.": "Q: Is it free?"}),
        (MINUTES, {"It is shut.": "- **Canteen.**", "Ada objected.": "- **Canteen.**"}),
        ("Formats:\n\n- CSV\n- TSV\n\nEnd.", {"- CSV": "Formats:", "- TSV": "Formats:", "End.": ""}),
        ("步骤:\n1. 打开\n2. 关闭", {"1. 打开": "步骤:", "2. 关闭": "步骤:"}),
        ("But why? Nobody knows.", {"But why?": "", "Nobody knows.": ""}),
        ("- How old are you?\n- How tall are you?", {"- How old are you?": "", "- How tall are you?": ""}),
        ("Who are we?\n\n# Team\n\nAda.", {"Who are we?": "", "Ada.": ""}),
        ("Ask this:", {"Ask this:": ""}),
        (OPTIONS, {"Cut the history.": "-d\n\n--depth <depth>", "It is short.": "-d\n\n--depth <depth>"}),
        (OPTIONS, {"How many may connect.": "max_connections (integer)"}),
        ("new_session (POSIX only)\n\ngroup\n\numask", {"new_session (POSIX only)": "", "group": ""}),
        ("--depth <depth>\n\n# Notes\n\nIt is slow.", {"--depth <depth>": "", "It is slow.": ""}),
        ("It broke. Why?\n\nNobody knows.", {"It broke.": "", "Nobody knows.": "Why?"}),
    ],
)
def test_what_leads_to_an_answer_is_read_with_it_and_is_none_itself(text: str, expected: dict[str, str]):
    found = {text[part.start : part.end]: " ".join(text[slice(*lead)] for lead in part.leads) for part in units(text)}
    assert found.items() >= expected.items()
    assert not found.keys() & set(expected.values())


@pytest.mark.parametrize(
    ("place", "above"),
    [
        ("Cut", "-d\n\n--depth <depth>"),
        ("short", "-d\n\n--depth <depth>"),
        ("many", "max_connections (integer)"),
        ("-d", ""),
    ],
)
def test_the_option_that_a_text_says_something_of_is_found_above_it(place: str, above: str):
    found = term_above(OPTIONS, OPTIONS.index(place))
    assert (OPTIONS[slice(*found)] if found else "") == above


def test_a_heading_ends_what_is_said_of_an_option():
    text = "--depth <depth>\n\nCut.\n\n# Notes\n\nIt is slow."
    assert term_above(text, text.index("Cut"))
    assert not term_above(text, text.index("slow"))


def test_a_long_name_that_is_no_option_is_read_in_no_time():
    text = "a_" * 5_000 + "!\n\nIt is."
    assert [text[part.start : part.end] for part in units(text)][-1] == "It is."
    assert term_above(text, len(text) - 1) is None
