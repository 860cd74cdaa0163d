"""A sentence about a function is quoted with its signature, and with another sentence only if that adds something."""

import re

import pytest

from xnai_pipelines.answers.belonging import text_of
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.extractive import CLOSE_OF_A_SENTENCE, chosen_units
from xnai_pipelines.answers.landmarks import Landmark
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.units import units

HOW = "How do I copy a folder?"
COPY = "## copy\n\n`copy(src, dst)`\n\nCopy a file. The destination may be a directory."
TREE = "## copytree\n\n`copytree(src, dst)`\n\nCopy a folder recursively. Links are an option."
CUT = "It raises FileExistsError. Folders that exist are kept."
WORDS = ("copy", "folder", "directory", "recursively")


def quotes(question: str, *texts: str, scores: dict[str, float], cut_from: str = "") -> list[str]:
    """Return what an answer quotes of a document, each of whose sections is a piece of evidence.

    Args:
        question: The question.
        texts: The sections in order, with their headings.
        scores: Score of the parts that begin so; that of others is 0.
        cut_from: Heading that a text without one stands below.
    """
    evidence, found, start = [], [], 100
    for place, text in enumerate(texts):
        heading = re.match(r"#+ (.+)", text)
        marks = (Landmark(start, ("shutil", heading[1] if heading else cut_from), None),)
        evidence.append(
            Evidence("d", "d.md", "", ("c",), start, start + len(text), text, (), None, 1.0, landmarks=marks)
        )
        for part in units(text):
            said = text[part.start : part.end]
            score = next((score for begin, score in scores.items() if said.startswith(begin)), 0.0)
            words = frozenset(at for at, word in enumerate(WORDS) if word in said.casefold())
            found.append(Unit(place, start + part.start, start + part.end, score, None, words))
        start += len(text) + 2
    found.sort(key=lambda unit: -unit.score)
    return [text_of(unit, evidence) for unit in chosen_units(question, found, evidence)]


@pytest.mark.parametrize("question", [HOW, "How to copy a folder", "Wie kann ich einen Ordner kopieren?"])
def test_what_to_call_is_quoted_after_the_sentence_that_answers(question: str):
    assert quotes(question, COPY, TREE, scores={"Copy a folder": 1.0}) == [
        "Copy a folder recursively.",
        "`copytree(src, dst)`",
    ]


@pytest.mark.parametrize("question", ["Does copytree copy a folder recursively?", "What is copied?"])
def test_a_question_that_does_not_ask_how_to_do_something_gets_no_signature(question: str):
    assert quotes(question, COPY, TREE, scores={"Copy a folder": 1.0}) == ["Copy a folder recursively."]


def test_the_signature_of_a_section_cut_in_two_is_that_of_its_first_part():
    assert quotes(HOW, COPY, TREE, CUT, scores={"Folders that": 1.0}, cut_from="copytree") == [
        "Folders that exist are kept.",
        "`copytree(src, dst)`",
    ]
    assert quotes(HOW, COPY, CUT, scores={"Folders that": 1.0}, cut_from="copytree") == ["Folders that exist are kept."]


def test_of_two_sections_with_one_heading_the_signature_is_the_nearest_one_above():
    other = TREE.replace("(src, dst)", "(src, dst, ignore)").replace("a folder", "some of a folder")
    assert quotes(HOW, TREE, other, scores={"Copy some": 1.0})[1] == "`copytree(src, dst, ignore)`"
    assert quotes(HOW, TREE, other, scores={"Copy a folder": 1.0})[1] == "`copytree(src, dst)`"


def test_a_signature_that_answers_itself_is_quoted_once():
    assert quotes(HOW, TREE, scores={"`copytree": 1.0, "Copy a folder": 0.99}) == [
        "`copytree(src, dst)`",
        "Copy a folder recursively.",
    ]


def test_code_that_is_not_at_the_head_of_its_section_is_no_signature():
    text = TREE.replace("`copytree(src, dst)`\n\n", "") + "\n\n`copytree(src, dst)`"
    assert quotes(HOW, text, scores={"Copy a folder": 1.0}) == ["Copy a folder recursively."]


@pytest.mark.parametrize(
    ("best", "another", "behind", "is_added"),
    [
        ("Copy a folder", "The destination", 0.001, True),  # says "directory"
        ("Copy a folder", "The destination", CLOSE_OF_A_SENTENCE + 0.001, False),
        ("Copy a folder", "Copy a file", 0.001, False),  # another section, less of the question
        ("Copy a file", "The destination", 0.001, True),  # the same section, another word
        ("The destination", "Copy a file", CLOSE_OF_A_SENTENCE - 0.001, True),
    ],
)
def test_another_sentence_is_quoted_only_if_it_adds_something(best: str, another: str, behind: float, is_added: bool):
    shown = quotes("What is copied?", COPY, TREE, scores={best: 1.0, another: 1.0 - behind})
    assert [text.startswith(begin) for text, begin in zip(shown, (best, another), strict=False)] == [True] * len(shown)
    assert len(shown) == 1 + is_added


def test_what_the_same_section_says_besides_is_left_out_if_its_signature_is_quoted():
    scores = {"Copy a folder": 1.0, "Links are": 0.99}
    assert len(quotes("What is copied?", TREE, scores=scores)) == 2
    assert quotes(HOW, TREE, scores=scores)[1:] == ["`copytree(src, dst)`"]


def test_several_things_are_quoted_if_several_are_asked_for_though_they_add_no_word():
    scores = {"Copy a folder": 1.0, "Copy a file": 0.9, "Links are": 0.9}
    assert len(quotes("List all that is copied.", COPY, TREE, scores=scores)) == 3
