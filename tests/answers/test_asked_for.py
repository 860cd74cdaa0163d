"""A question that asks for a number, a time or a name is told from others, and a text without one from those with."""

import pytest

from xnai_pipelines.answers.asked_for import Thing, asked_for, has_one


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("How many bolts are there?", Thing.NUMBER),
        ("For how long does it run?", Thing.NUMBER),
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
    ],
)
def test_what_a_question_asks_for(question: str, thing: Thing | None):
    found = asked_for(question)
    assert (found and found[0]) == thing


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
    ],
)
def test_a_text_has_what_is_asked_for(question: str, text: str, has: bool):
    thing, language = asked_for(question) or (Thing.NAME, "en")
    assert has_one(text, thing, language, question) is has
