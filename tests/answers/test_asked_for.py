"""A question that asks for a number, a time or a name is told from others, and a text without one from those with."""

import pytest

from xnai_pipelines.answers.asked_for import asked_for
from xnai_pipelines.answers.things import Thing


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("How many bolts are there?", Thing.NUMBER),
        ("For how long does it run?", Thing.DURATION),
        ("In what year did the man who built it die?", Thing.TIME),
        ("Who built it?", Thing.NAME),
        ("To whom was it sold?", Thing.NAME),
        ("What happens when it rains?", None),
        ("How do I start it?", None),
        ("Wie viele Schrauben hat es?", Thing.NUMBER),
        ("Wer hat es gebaut?", Thing.NAME),
        ("En quelle année ?", Thing.TIME),
        ("¿Cuántos libros?", Thing.NUMBER),
        ("В каком году построен мост?", Thing.TIME),
        ("Кто построил мост?", Thing.NAME),
        ("塔高多少米?", Thing.NUMBER),
        ("Which version added tomllib?", Thing.VERSION),
        ("Ab welcher Version gibt es das Modul?", Thing.VERSION),
        ("В какой версии появился модуль?", Thing.VERSION),
        ("What does version 3 add?", None),
        ("How heavy is it?", Thing.WEIGHT),
        ("How loud is the pump?", Thing.LOUDNESS),
        ("How many weeks does it last?", Thing.DURATION),
        ("Wie viel Euro werden erstattet?", Thing.PRICE),
        ("Wie hoch ist die Kaution?", Thing.PRICE),
        ("How high is the tower?", Thing.NUMBER),
        ("Where is it stored?", Thing.PLACE),
        ("Pourquoi est-il fermé ?", Thing.REASON),
    ],
)
def test_what_a_question_asks_for(question: str, thing: Thing | None):
    found = asked_for(question)
    assert (found and found.thing) == thing


@pytest.mark.parametrize(
    ("question", "text", "has"),
    [
        ("How many bolts?", "It has six bolts.", True),
        ("How many bolts?", "2. It has bolts.", False),
        ("How many bolts?", "It has 6.", True),
        ("When did it close?", "It closed in March.", True),
        ("Who built the Eiffel Tower?", "The Eiffel Tower is tall.", False),
        ("Who built the Eiffel Tower?", "Its builder was Gustave Eiffel.", True),
        ("Who built it?", "Gustave Eiffel did.", True),
        ("塔高多少米?", "塔高三十八米。", True),
        ("How many steps does the tower have?", "The tower is 38 metres high and was built in 1903.", False),
        ("How many steps does the tower have?", "There are 120 of them.", True),
        ("How heavy is it?", "It is 3 metres long.", False),
        ("When did it open?", "It has 420 rooms.", False),
        ("When does it open?", "It opens once the snow has melted.", True),
        ("Who won the cup in May?", "The cup is played for in May.", False),
        ("Who approves it?", "The finance department approves it.", True),
        ("Wer genehmigt es?", "Die Belege werden als Datei hochgeladen.", False),
    ],
)
def test_a_text_has_what_is_asked_for(question: str, text: str, has: bool):
    wanted = asked_for(question)
    assert wanted
    assert (wanted.in_text(text) > 0) is has


@pytest.mark.parametrize(
    ("question", "answers", "not_"),
    [
        ("What is the phone number of Ada?", "Ada: +49 30 5550 117", "Ada, customer since 2023-01-10"),
        ("Какой номер телефона у Ады?", "Ада, 8 800 555 35 35", "Ада, комната 214"),
        ("Which e-mail address does Ada have?", "ada@harbour.example", "Ada has an e-mail address."),
        ("What does the boat cost?", "The boat costs 1,499 €.", "The boat has 12 seats."),
        ("Сколько стоит тариф?", "цена: 500", "тариф на 500 человек"),
        ("Which version added tomllib?", "New in version 3.11.", "The module reads TOML of up to 3.5 MB."),
        ("Which release brought --drain?", "v2: --drain", "--drain stops the worker after 30 seconds."),
    ],
)
def test_what_has_a_form_of_its_own_is_answered_by_nothing_else(question: str, answers: str, not_: str):
    wanted = asked_for(question)
    assert wanted
    assert wanted.is_exact
    assert wanted.in_text(answers) == 1
    assert wanted.in_text(not_) == 0


@pytest.mark.parametrize("question", ["How do I change my e-mail address?", "What happens to my phone number?"])
def test_a_question_that_only_speaks_of_an_address_does_not_ask_for_one(question: str):
    wanted = asked_for(question)
    assert wanted is None or not wanted.is_exact


def test_a_telephone_number_counts_nothing():
    wanted = asked_for("How many people work there?")
    assert wanted
    assert not wanted.in_text("People Operations: +49 30 5550 133")
