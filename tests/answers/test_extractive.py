"""What is quoted reads as the document does: rows with their columns, code in lines, steps in order, nothing twice."""

import pytest

from xnai_pipelines.answers.answer import Sentence
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.extractive import chosen_units, quoted
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.units import units

STEPS = (
    "Restart it like this.\n\n1. Stop the service.\n2. Delete the cache:\n\n   ```sh\n   rm cache\n   ```\n"
    "3. Start it again.\n\nThe log is in /var/log."
)
CODE = "def f(x):\n    if x:\n        return 1\n    return 2"
PLANS = "Plans and prices.\n\n| Plan | Price |\n|:--|--:|\n| Basic | $5 |\n| Pro | $20 \\| month |\n"


def answer(question: str, *texts: str, best: str, start: int = 100) -> list[Sentence]:
    """Return the answer whose best units are those that begin with the given texts, the best first."""
    evidence = [
        Evidence(f"d{n}", f"{n}.md", "", (f"c{n}",), start, start + len(text), text, (), None, 1.0)
        for n, text in enumerate(texts)
    ]
    found = []
    for n, text in enumerate(texts):
        for part in units(text):
            rank = next((at for at, one in enumerate(best.split("/")) if text.startswith(one, part.start)), None)
            score = 0.0 if rank is None else 1.0 - 0.01 * rank
            names = (start + part.names[0], start + part.names[1]) if part.names else None
            found.append(Unit(n, start + part.start, start + part.end, score, names))
    found.sort(key=lambda unit: -unit.score)
    sentences = [quoted(unit, evidence) for unit in chosen_units(question, found, evidence)]
    for sentence in sentences:
        (one,) = sentence.citations
        assert one.quote == texts[int(one.document_id[1:])][one.start - start : one.end - start]
    return sentences


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (PLANS, "Plan: Pro; Price: $20 | month"),
        ("Plan | Price\n--- | ---\nPro | $20", "Plan: Pro; Price: $20"),
        ("| Pro | $20 |\n| Basic | $5 |", "Pro; $20"),
        ("Pro\t$20\nBasic\t$5", "Pro $20"),
        (
            "def f(x):\n    if x:\n        return 1\n    return 2",
            "def f(x):\n    if x:\n        return 1\n    return 2",
        ),
        ("    host: db\n    port: 5432\n    user: anna", "host: db\nport: 5432\nuser: anna"),
        (
            "The pump was built in 1912 by Ada in the\nharbour of Malmö, where it lifts water.",
            "The pump was built in 1912 by Ada in the harbour of Malmö, where it lifts water.",
        ),
    ],
)
def test_a_quote_is_shown_as_it_reads(text: str, shown: str):
    best = "| Pro/Pro" if "Pro" in text else text.lstrip()[:3]
    assert answer("What?", text, best=best)[0].text == shown


@pytest.mark.parametrize(
    ("text", "brought"),
    [
        ("Data is never copied. The only exception is the safe. It is red.", "The only exception is the safe."),
        ("Orders need approval.\n\n**Exception**: pens.", "Exception: pens."),
        ("The fee is capped. The limit does not apply to intent.", "The limit does not apply to intent."),
        ("Daten bleiben hier. Ausgenommen ist der Tresor.", "Ausgenommen ist der Tresor."),
        ("Скидка 12 %. Она не распространяется на аренду.", "Она не распространяется на аренду."),
        ("Data is never copied. The safe is red.", None),
    ],
)
def test_a_rule_is_quoted_with_the_exception_right_after_it(text: str, brought: str | None):
    shown = [one.text for one in answer("What?", text, best=text[:8])]
    assert shown[1:] == ([brought] if brought else [])


def test_the_row_with_the_highest_price_is_quoted_though_another_one_has_more_of_the_words():
    plans = PLANS.replace(" \\| month", "")
    shown = [one.text for one in answer("What is the most expensive plan?", plans, best="| Basic")]
    assert shown == ["Plan: Pro; Price: $20"]


@pytest.mark.parametrize(
    ("code", "brought"),
    [("```sh\nmake stop\n```", True), (".. code-block:: bash\n\n    make stop", True), ("Then leave.", False)],
)
def test_a_line_with_a_colon_brings_the_code_below_it(code: str, brought: bool):
    shown = [one.text for one in answer("How is it stopped?", f"To stop it:\n\n{code}\n\nDone.", best="To stop")]
    assert any("make stop" in text for text in shown) == brought
    assert len(shown) == 1 + brought


@pytest.mark.parametrize("question", ["How do I restart the service?", "Как перезапустить?"])
def test_steps_are_shown_whole_and_in_their_order(question: str):
    shown = [sentence.text for sentence in answer(question, STEPS, best="3. Start")]
    assert shown == [
        "1. Stop the service.",
        "2. Delete the cache:\n\n   ```sh\n   rm cache\n   ```",
        "3. Start it again.",
    ]


def test_two_steps_that_answer_bring_the_one_between_them():
    shown = answer("What restarts the service?", STEPS, best="3. Start/1. Stop")
    assert [sentence.text[:2] for sentence in shown] == ["1.", "2.", "3."]
    assert [sentence.text for sentence in answer("What starts it?", STEPS, best="3. Start")] == ["3. Start it again."]


def test_the_steps_of_what_to_do_are_shown_though_a_sentence_beside_them_answers_better():
    text = "Descale it every three months.\n\n1. Empty the tray.\n2. Fill the tank."
    shown = answer("How do I descale it?", text, best="Descale it/1. Empty")
    assert [sentence.text for sentence in shown] == ["1. Empty the tray.", "2. Fill the tank."]
    shown = answer("When is it descaled?", text, best="Descale it/1. Empty")
    assert shown[0].text == "Descale it every three months."


@pytest.mark.parametrize(("above", "items"), [("These are read:", 3), ("Colours.", 2)])
def test_a_list_below_a_line_with_a_colon_is_shown_whole(above: str, items: int):
    shown = answer("What is read?", f"{above}\n\n- red\n- green\n- blue", best="- red/- blue")
    assert len(shown) == items


def test_two_sentences_of_long_numbered_items_do_not_bring_the_others():
    text = "1. Fees. They rise. Ada objected.\n2. Rooms. They are new. Bo agreed.\n3. Rest."
    assert len(answer("Who objected?", text, best="Ada/Bo")) < 4


def test_of_many_steps_the_first_ones_up_to_the_best_are_shown():
    text = "".join(f"{n}. Do part {n}.\n" for n in range(1, 31))
    assert [one.text[:2] for one in answer("How do I do it?", text, best="3. ")] == [f"{n}." for n in range(1, 9)]
    assert answer("How do I do it?", text, best="20. ")[-1].text == "20. Do part 20."


def test_the_same_sentence_is_quoted_once():
    texts = ("The crane lifts 40 tonnes.\nIt is old.", "It is tall. The crane  lifts 40 tonnes.")
    shown = answer("What?", *texts, best="The crane/It is")
    assert [sentence.text for sentence in shown].count("The crane lifts 40 tonnes.") == 1


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("List the ways to compare two numbers", True),
        ("Please list all colours.", True),
        ("What are the colours of the flag?", True),
        ("Перечислите цвета", True),
        ("Назовите три цвета", True),
        ("How do I reverse a list?", False),
        ("What is a linked list?", False),
        ("How do I append to a list in Python?", False),
        ("What is the name the user gave?", False),
        ("Назовите столицу Франции", False),
        ("What are you?", False),
    ],
)
def test_several_things_are_quoted_only_if_several_are_asked_for(question: str, several: bool):
    text = "Red is one. Blue is two. Green is three. White is four. Black is five."
    assert len(answer(question, text, best="Red/Blue/Green/White/Black")) == (5 if several else 3)


@pytest.mark.parametrize(
    ("others", "shown"), [((), ["2. Set the water."]), ((3,), ["1. Stir it.", "2. Set the water."])]
)
def test_of_several_ways_the_one_that_alone_says_what_is_asked_is_shown(others: tuple[int, ...], shown: list[str]):
    text = "1. Stir it.\n2. Set the water.\n"
    evidence = [Evidence("d", "d.md", "", ("c",), 0, len(text), text, (), None, 1.0)]
    stir, water = units(text)
    found = [
        Unit(0, water.start, water.end, 0.9, words=frozenset({0, 1, 2})),
        Unit(0, stir.start, stir.end, 0.5, words=frozenset({0, *others})),
    ]
    said = chosen_units("How do I set the water?", found, evidence)
    assert [text[unit.start : unit.end] for unit in said] == shown
