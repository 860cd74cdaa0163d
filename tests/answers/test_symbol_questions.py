"""A question that names a symbol of the documents is told from others, with what it asks of it."""

import pytest

from xnai_pipelines.answers.symbol_questions import Aspect, Symbol, SymbolQuestion, symbol_question, tells

WALK = Symbol("walk", ("os",))


@pytest.mark.parametrize(
    ("question", "symbol", "aspect", "only"),
    [
        ("What does os.walk do?", WALK, Aspect.DOES, True),
        ("os.walk", WALK, Aspect.DOES, True),
        ("What is the `os.walk()` function?", WALK, Aspect.DOES, True),
        ("Was macht os.walk?", WALK, Aspect.DOES, True),
        ("Что делает os.walk?", WALK, Aspect.DOES, True),
        ("What does os.walk return?", WALK, Aspect.RETURNS, True),
        ("What does os.walk return if a folder is empty?", WALK, Aspect.RETURNS, False),
        ("What does os.walk raise?", WALK, Aspect.RAISES, True),
        ("What is the default of topdown in os.walk?", WALK, Aspect.DEFAULT, False),
        ("What arguments does os.walk take?", WALK, Aspect.ARGUMENTS, True),
        ("When is queue.Empty raised?", Symbol("Empty", ("queue",)), Aspect.DOES, True),
        ("What is the default of max_connections?", Symbol("max_connections"), Aspect.DEFAULT, False),
        ("What does git clone --bare do?", Symbol("--bare", of=("does", "git", "clone")), Aspect.DOES, True),
        ("What does push.default do?", Symbol("default", ("push",)), Aspect.DOES, True),
        ("What does git stash pop do?", Symbol("pop", ("git", "stash")), Aspect.DOES, True),
    ],
)
def test_a_question_tells_a_symbol_and_what_it_asks_of_it(question: str, symbol: Symbol, aspect: Aspect, only: bool):
    assert symbol_question(question) == SymbolQuestion(symbol, aspect, only)


@pytest.mark.parametrize(
    "question",
    [
        "How do I use os.walk to list what open() returns?",
        "What does the Board of Trinity House do?",
        "Who is J.R. Smith?",
        "What happened in 2.5.1?",
        "Where is the default kept?",
    ],
)
def test_a_question_without_a_symbol_or_how_to_do_something_asks_nothing_of_one(question: str):
    assert symbol_question(question) is None


@pytest.mark.parametrize(
    ("aspect", "text", "told"),
    [
        (Aspect.RETURNS, "For each folder, yields a tuple.", True),
        (Aspect.RETURNS, "Any object that\nreturns a line will do.", False),
        (Aspect.RETURNS, "Gibt die Liste zurück.", True),
        (Aspect.DEFAULT, "It defaults to 3.", True),
        (Aspect.RAISES, "It never fails.", False),
        (Aspect.DOES, "Anything.", False),
    ],
)
def test_a_text_tells_what_is_asked(aspect: Aspect, text: str, told: bool):
    assert tells(aspect, text) is told
