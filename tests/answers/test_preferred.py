"""Of parts that answer nearly as well, that one goes first which does what the question asks for."""

import pytest

from xnai_pipelines.answers.belonging import text_of
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.extractive import chosen_units, quotes
from xnai_pipelines.answers.landmarks import Landmark
from xnai_pipelines.answers.preferred import preferred
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.units import units

CHAPTER = ("csv", "This module reads and writes CSV files. Files may be large.")
READER = ("csv/reader", "`reader(lines)`\n\nIt returns the rows of a file.")
ERROR = ("csv/Error", "It tells what a file lacks.")
KERNEL = (
    "kernel",
    "You need the target of the build. Configure it first. Then run this:\n\n```\nmake deb-pkg\n```\n\nIt takes long.",
)


def weighed(sections: list[tuple[str, str]], scores: dict[str, float]) -> tuple[list[Unit], list[Evidence]]:
    """Return the units of sections, the best first, and the evidence; a part scores what its beginning is given."""
    evidence, found = [], []
    for place, (path, text) in enumerate(sections):
        start = 1_000 * place
        marks = (Landmark(start, tuple(path.split("/")), None),)
        name = path.partition("/")[0]
        whole = f"## {path.rpartition('/')[2]}\n\n{text}"
        evidence.append(
            Evidence(name, name, "", ("c",), start, start + len(whole), whole, (), None, 1.0, landmarks=marks)
        )
        for part in units(whole):
            said = whole[part.start : part.end]
            score = next((score for begin, score in scores.items() if said.startswith(begin)), 0.0)
            names = (start + part.names[0], start + part.names[1]) if part.names else None
            found.append(Unit(place, start + part.start, start + part.end, score, names))
    return sorted(found, key=lambda unit: -unit.score), evidence


def first(question: str, sections: list[tuple[str, str]], **scores: float) -> str:
    found, evidence = weighed(sections, {begin.replace("_", " "): score for begin, score in scores.items()})
    return text_of(preferred(question, found, evidence)[0], evidence)


@pytest.mark.parametrize(
    ("question", "score", "begins"),
    [
        ("How do I read a CSV file?", 0.8, "It returns"),
        ("How do I read a CSV file?", 0.7, "This module"),
        ("What reads a CSV file?", 0.8, "This module"),
    ],
)
def test_what_a_call_does_goes_before_what_heads_the_chapter_if_the_question_asks_how(
    question: str, score: float, begins: str
):
    assert first(question, [CHAPTER, READER], This_module=0.9, It_returns=score).startswith(begins)


def test_what_stands_in_a_section_of_its_own_does_not_yield_to_another_call():
    assert (
        first("How do I find errors?", [ERROR, READER], It_tells=0.9, It_returns=0.85) == "It tells what a file lacks."
    )


@pytest.mark.parametrize(
    ("command", "goes_first"),
    [
        ("Call `stop()`.", True),
        ("Use -d for it.", True),
        ("Stop it with --now.", True),
        ("Stop it:\n\n```\nkill 1\n```", True),
        ("Stop it well-known.", False),
        ("Stop it - soon.", False),
    ],
)
def test_a_command_goes_before_prose_that_answers_nearly_as_well(command: str, goes_first: bool):
    sections = [("a", "Stopping is dangerous."), ("b", command)]
    found, evidence = weighed(sections, {"Stopping": 0.9, command[:4]: 0.88})
    assert (preferred("How do I stop it?", found, evidence)[0].evidence == 1) is goes_first


def test_what_tells_of_the_relation_goes_before_what_has_more_of_the_words():
    life = ("a", "Ada Lowe was born in Hull. She lived in Leeds.")
    assert first("Where did Ada Lowe live?", [life], Ada_Lowe=0.9, She_lived=0.8) == "She lived in Leeds."
    assert first("Where was Ada Lowe born?", [life], Ada_Lowe=0.9, She_lived=0.8) == "Ada Lowe was born in Hull."
    other = ("b", "Tom lived in Bath.")
    assert first("Where did Ada Lowe live?", [life, other], Ada_Lowe=0.9, Tom=0.8) == "Ada Lowe was born in Hull."


def test_an_answer_goes_before_a_question():
    asked = ("a", "Can I undo it?\n\nOnly with revert.")
    sections = [("b", "How should I undo it?"), asked]
    assert first("May I undo it?", sections, How_should=0.9, Only_with=0.8) == "Only with revert."
    assert first("May I undo it?", sections, How_should=0.9, Only_with=0.7) == "How should I undo it?"


DECODER = ("json/Decoder", "`Decoder(strict=True)`\n\nSimple decoder of text.")
LOADS = ("json/loads", "`loads(s)`\n\nIt reads text of a kind.")


@pytest.mark.parametrize(
    ("question", "sections", "says"),
    [
        ("How do I parse text?", [DECODER, LOADS], "It reads text"),
        ("How do I write a decoder?", [DECODER, LOADS], "Simple decoder"),
        ("What parses text?", [DECODER, LOADS], "Simple decoder"),
        (
            "How do I parse text?",
            [("json/Decoder/__init__", "`Decoder.__init__(strict=True)`\n\nSimple decoder."), LOADS],
            "It reads text",
        ),
        ("How do I parse text?", [("json/Decoder/loads", "`loads(s)`\n\nSimple decoder."), LOADS], "It reads text"),
        ("How do I parse text?", [("json/Decoder/read", "`read(s)`\n\nSimple decoder."), LOADS], "Simple decoder"),
    ],
)
def test_a_function_goes_before_a_class_that_the_question_does_not_name(
    question: str, sections: list[tuple[str, str]], says: str
):
    assert first(question, sections, Simple_decoder=0.9, It_reads=0.8).startswith(says)


@pytest.mark.parametrize(
    ("question", "remark", "says"),
    [
        ("How do I parse a string?", "``parse_float``, if specified, parses a string.", "It reads text"),
        ("How do I parse a string?", "If the optional flag parse_float is true, so is it.", "It reads text"),
        ("How do I parse a string?", "The optional *parse_float* parses a string.", "It reads text"),
        ("How do I parse a string?", "All strings are parsed.", "All strings"),
        (
            "How do I parse a string with parse_float?",
            "``parse_float``, if specified, parses a string.",
            "``parse_float",
        ),
        ("What parses a string?", "``parse_float``, if specified, parses a string.", "``parse_float"),
    ],
)
def test_what_a_call_does_goes_before_a_remark_on_a_parameter(question: str, remark: str, says: str):
    sections = [("json/loads", f"`loads(s, *, parse_float=None, **kw)`\n\nIt reads text of a kind.\n\n{remark}")]
    found, evidence = weighed(sections, {remark: 0.9})
    assert text_of(preferred(question, found, evidence)[0], evidence).startswith(says)


def test_a_class_that_is_named_before_its_module_is_no_function_of_that():
    sections = [
        ("re/Pattern/match", "`match(s)`\n\nAt the start of it."),
        ("re/match", "`match(p, s)`\n\nAt the start."),
    ]
    assert first("What does re.match do?", sections, At_the_start_of=0.9) == "At the start."
    assert first("What does Pattern.match do?", sections, At_the_start_of=0.9) == "At the start of it."


def test_without_evidence_nothing_is_preferred():
    assert preferred("How do I stop it?", [], []) == []


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("How do I build a kernel?", ["You need the target", "Then run this:", "```\nmake deb-pkg\n```"]),
        ("What does a kernel need?", ["You need the target"]),
    ],
)
def test_the_command_that_a_section_goes_on_to_is_quoted_if_the_question_asks_how(question: str, shown: list[str]):
    found, evidence = weighed([KERNEL], {"You need": 0.9})
    said = [text_of(unit, evidence) for unit in chosen_units(question, found, evidence)]
    assert len(said) == len(shown)
    assert all(map(str.startswith, said, shown))


def test_what_an_option_does_is_quoted_with_the_option():
    text = "-d\n\n--depth <n>\n\nCut the history. It is short.\n\nEnd."
    found, evidence = weighed([("clone", text)], {"Cut": 0.9, "It is": 0.89})
    first, second = quotes("What cuts it?", found[:2], evidence)
    assert (first.text, second.text) == ("-d, --depth <n>: Cut the history.", "It is short.")
    assert [one.quote for one in first.citations] == ["Cut the history.", "-d\n\n--depth <n>"]
