"""Terms of definition lists are read with what they mean, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.test_preferred import weighed
from xnai_pipelines.answers.belonging import text_of
from xnai_pipelines.answers.entries import entries, entry_at
from xnai_pipelines.answers.extractive import chosen_units, quotes
from xnai_pipelines.answers.preferred import preferred
from xnai_pipelines.answers.units import units

OPTIONS = (
    "It has options.\n\n-q\n--quiet\n: Say little. It is short.\n\n: Errors stay.\n\n- All of them.\n\n"
    "watch -x1\n: The control file of uscan.\n\nStable release\n: It is what users have.\n\nThe end."
)


def test_an_entry_has_its_terms_and_all_that_is_said_below_until_another_paragraph():
    found = [(OPTIONS[slice(*one.terms)], OPTIONS[one.start : one.end].strip()) for one in entries(OPTIONS)]
    assert found == [
        ("-q\n--quiet", "Say little. It is short.\n\n: Errors stay.\n\n- All of them."),
        ("watch -x1", "The control file of uscan."),
        ("Stable release", "It is what users have."),
    ]
    assert entry_at(OPTIONS, OPTIONS.index("The end")) is None


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("-q\n: Quiet.\n-v\n: Loud.", ["-q", "-v"]),
        ("-q\n\n: Quiet.", ["-q"]),
        ("# Options\n: Quiet.", []),
        (": Quiet.", []),
        ("-q\n: Say little,\nand late.\n\n: Errors stay.", ["-q"]),
        ("```\n-q\n: Quiet.\n```", []),
        ("- -q\n: Quiet.", []),
        ("\n".join("abcdefghi") + "\n: Nine.", []),
        ("用語\n: 説明。", ["用語"]),
    ],
)
def test_only_lines_right_above_a_marked_paragraph_are_terms(text: str, terms: list[str]):
    assert [text[slice(*one.terms)] for one in entries(text)] == terms


def test_a_term_is_no_answer_but_what_is_said_of_it_is_read_with_it():
    found = {OPTIONS[one.start : one.end]: [OPTIONS[slice(*lead)] for lead in one.leads] for one in units(OPTIONS)}
    assert found == {
        "It has options.": [],
        "Say little.": ["-q\n--quiet"],
        "It is short.": ["-q\n--quiet"],
        "Errors stay.": ["-q\n--quiet"],
        "- All of them.": ["-q\n--quiet"],
        "The control file of uscan.": ["watch -x1"],
        "It is what users have.": ["Stable release"],
        "The end.": [],
    }


@given(
    st.lists(
        st.sampled_from(["-q", ": Quiet. Really.", "", "- item", "# Head", "```", "Prose of a text.", "| a | b |"])
    )
)
def test_entries_are_in_order_and_apart_and_units_never_begin_with_their_mark(lines: list[str]):
    text = "\n".join(lines)
    edges = [edge for one in entries(text) for edge in (*one.terms, one.start, one.end)]
    assert edges == sorted(edges)
    code = "```" in lines
    assert code or not any(text[one.start : one.end].startswith(": ") for one in units(text))


TABLE = "| File | Meaning |\n| --- | --- |\n| rules | How it is built. |\n| `copyright` | Who may use it. |"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does the option --quiet do?", "-q, --quiet: Say little."),
        ("Was bewirkt --quiet?", "-q, --quiet: Say little."),
        ("What is debian/watch for?", "watch -x1: The control file of uscan."),
        ("What is the watch file?", "watch -x1: The control file of uscan."),
        ("watch ファイルは何ですか？", "watch -x1: The control file of uscan."),
        ("What is a stable release?", "Stable release: It is what users have."),
        ("What is the copyright file for?", "File: `copyright`; Meaning: Who may use it."),
        ("What is debian/rules?", "File: rules; Meaning: How it is built."),
    ],
)
def test_what_a_manual_defines_is_answered_from_its_entry_or_row(question: str, answer: str):
    sections = [("manual/OPTIONS", OPTIONS), ("manual/FILES", TABLE), ("other", "Quiet people watch copyright files.")]
    found, evidence = weighed(sections, {"Quiet people": 0.9})
    chosen = chosen_units(question, preferred(question, found, evidence), evidence)
    assert quotes(question, chosen, evidence)[0].text == answer


def test_a_word_that_is_a_part_of_a_term_is_not_defined_by_it():
    found, evidence = weighed([("manual/TERMS", OPTIONS), ("other", "A release is a state.")], {"A release": 0.9})
    assert text_of(preferred("What is a release?", found, evidence)[0], evidence) == "A release is a state."
