"""A question that names a symbol of the documents is told from others, with what it asks of it."""

import pytest

from xnai_pipelines.answers.symbol_questions import Aspect, symbol_question, tells

WALK = ("walk", ("os",))


@pytest.mark.parametrize(
    ("question", "symbol", "aspect", "only"),
    [
        ("What does os.walk do?", WALK, Aspect.DOES, True),
        ("os.walk", WALK, Aspect.DOES, True),
        ("What is the `os.walk()` function?", WALK, Aspect.DOES, True),
        ("Was macht os.walk?", WALK, Aspect.DOES, True),
        ("Что делает os.walk?", WALK, Aspect.DOES, True),
        ("os.walk とは何ですか？", WALK, Aspect.DOES, True),
        ("os.walk是什么？", WALK, Aspect.DOES, True),
        ("os.walkの戻り値は何ですか？", WALK, Aspect.RETURNS, True),
        ("What does os.walk return?", WALK, Aspect.RETURNS, True),
        ("What does os.walk return if a folder is empty?", WALK, Aspect.RETURNS, False),
        ("What does os.walk raise?", WALK, Aspect.RAISES, True),
        ("What is the default of topdown in os.walk?", WALK, Aspect.DEFAULT, False),
        ("What arguments does os.walk take?", WALK, Aspect.ARGUMENTS, True),
        ("When is queue.Empty raised?", ("Empty", ("queue",)), Aspect.DOES, True),
        ("What is the default of max_connections?", ("max_connections", ()), Aspect.DEFAULT, False),
        ("What does git clone --bare do?", ("--bare", ()), Aspect.DOES, True),
        ("What does pg_dump --jobs do?", ("--jobs", ()), Aspect.DOES, True),
        ("What does the option -k of debmake do?", ("-k", ()), Aspect.DOES, True),
        ("Was bewirkt die Option --reflink bei cp?", ("--reflink", ()), Aspect.DOES, True),
        ("What does push.default do?", ("default", ("push",)), Aspect.DOES, True),
        ("What does git stash pop do?", ("pop", ("git", "stash")), Aspect.DOES, True),
        ("What is debian/watch used for?", ("watch", ()), Aspect.DOES, True),
        ("What is the file source/local-options?", ("local-options", ()), Aspect.DOES, True),
        ("What does the boot parameter rescue/enable do?", ("enable", ()), Aspect.DOES, True),
        ("What is pkg-info.mk for?", ("pkg-info.mk", ()), Aspect.DOES, True),
        ("What is the \u201cUploaders\u201d field?", ("Uploaders", ()), Aspect.DOES, True),
        ("compat ファイルは何ですか？", ("compat", ()), Aspect.DOES, True),
        ("What does the seek method of UploadFile do?", ("seek", ()), Aspect.DOES, True),
        ("What does the UploadFile class of fastapi do?", ("UploadFile", ()), Aspect.DOES, True),
    ],
)
def test_a_question_tells_a_symbol_and_what_it_asks_of_it(
    question: str, symbol: tuple[str, tuple[str, ...]], aspect: Aspect, only: bool
):
    found = symbol_question(question)
    assert found is not None
    assert (found.symbols[0].name, found.symbols[0].above) == symbol
    assert (found.aspect, found.only) == (aspect, only)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What is a conffile?", [("conffile", True)]),
        ("What is the compat file for?", [("compat", False), ("compat", True)]),
        ("What does the option mtime of find do?", [("mtime", False), ("mtime of find", True)]),
        ("Что означает поле Maintainer?", [("Maintainer", False), ("Maintainer", True)]),
        ("What is a stable release?", [("stable release", True)]),
        ("What is stable release?", [("release", False), ("stable release", True)]),
        ("Was ist die Voreinstellung?", [("Voreinstellung", True)]),
    ],
)
def test_a_word_like_any_other_may_be_a_term_and_beside_a_noun_such_as_file_it_is_a_name(
    question: str, names: list[tuple[str, bool]]
):
    found = symbol_question(question)
    assert found is not None
    assert [(one.name, one.is_word) for one in found.symbols] == names


@pytest.mark.parametrize(
    "question",
    [
        "How do I use os.walk to list what open() returns?",
        "What does the Board of Trinity House on Tower Hill do?",
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
