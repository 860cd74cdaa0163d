"""A question that means something said before is completed; one that stands alone stays as it is."""

import pytest

from xnai_pipelines.answers.conversation import MOST_TURNS, Turn, standalone
from xnai_pipelines.search.function_words import function_words
from xnai_pipelines.search.words import words

FUNCTION_WORDS = function_words(("en", "ru", "de", "fr", "es"))
TOWER = Turn("When was the lighthouse of Molde built?", "It was built in 1871 by Agnes Holm.")


def telling(text: str) -> list[str]:
    return [word.text for word in words(text) if word.text not in FUNCTION_WORDS]


@pytest.mark.parametrize(
    ("before", "question", "carried"),
    [
        ("When was the lighthouse of Molde built?", "How tall is it?", {"lighthouse", "molde"}),
        ("When was the lighthouse of Molde built?", "Who kept its lamp?", {"lighthouse", "molde"}),
        ("When was the lighthouse of Molde built?", "Why?", {"lighthouse", "molde", "built"}),
        ("What does shutil.copytree do?", "And with symlinks?", {"shutil.copytree"}),
        ("What does shutil.copytree do?", "Does it follow links?", {"shutil.copytree"}),
        ("How do I read a CSV file?", "What about writing?", {"csv", "file"}),
        ("Когда построили маяк в Молде?", "Какой он высоты?", {"маяк", "молде"}),
        ("Wann wurde der Leuchtturm gebaut?", "Wie hoch ist dieser?", {"leuchtturm"}),
        ("Quand le phare a-t-il été construit ?", "Et quelle est la hauteur ?", {"phare"}),
        ("¿Cuándo se construyó el faro de Molde?", "¿Y su altura?", {"faro", "molde"}),
        ("When was the lighthouse of Molde built?", "What is the height?", {"lighthouse", "molde"}),
        ("When was the lighthouse of Molde built?", "WHO KEPT IT?", {"lighthouse", "molde"}),
        ("When was the lighthouse of Molde built?", "What is it?", {"lighthouse", "molde"}),
        ("When was the lighthouse of Molde built?", "In winter?", {"lighthouse", "molde"}),
    ],
)
def test_a_follow_up_carries_what_the_question_before_was_about(before: str, question: str, carried: set[str]):
    asked = standalone(question, [Turn(before)], telling)
    assert asked.startswith(question)
    assert carried <= set(telling(asked))


@pytest.mark.parametrize(
    "question",
    [
        "What does a boat trip cost in summer?",
        "What does Decimal do when it overflows?",
        "Which functions join parts of a path?",
        "Кто построил маяк в Бергене?",
        "What is Kubernetes?",
        "What is a harbour?",
        "Who was Caesar?",
        "What was the Hindenburg?",
        "Was ist Kubernetes?",
        "Что такое рекурсия?",
        "Who leads the IT department of the town?",
        "What does the su command do?",
        "When was ESA founded by its members?",
        "En quelle année la tour a-t-elle été construite ?",
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(question: str):
    assert standalone(question, [TOWER], telling) == question


def test_what_was_carried_is_carried_on_and_said_once():
    second = standalone("How tall is it?", [TOWER], telling)
    third = standalone("Who kept its lamp?", [TOWER, Turn(second)], telling)
    assert "molde" in telling(third)
    assert telling(third).count("lighthouse") == 1


def test_without_a_history_nothing_is_completed():
    assert standalone("How tall is it?", [], telling) == "How tall is it?"


def test_a_long_history_costs_no_more_than_its_end():
    asked = standalone("Why?", [Turn("x" * 1_000_000), *[TOWER] * MOST_TURNS], telling)
    assert asked == standalone("Why?", [TOWER], telling)
    assert len(standalone("Why?", [Turn("word " * 1_000_000)], telling)) < 3_000


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("How tall is the lighthouse of Molde?", False),  # the model adds "tall" only if it was said
        ("When was the lamp of the lighthouse lit?", False),
        ("Was the lighthouse built by Agnes Holm?", True),
        ("", False),
        ("word " * 10_000, False),
        (None, False),
    ],
)
def test_a_models_question_is_taken_only_if_all_of_it_was_said(written: str | None, taken: bool):
    asked = standalone("Was it by Agnes?", [TOWER], telling, lambda question, history: written)
    assert (asked == written) is taken
    assert taken or asked.startswith("Was it by Agnes?")
