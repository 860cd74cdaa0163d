"""Numbers and names stay beside the words that they have beside them in the document."""

import pytest

from tests.support.claims import aligned, objects, supported
from xnai_pipelines.answers.verification.moved import exchanged, moved, other_subject, passive_added, spliced

RACE = "Captain Larsen sailed 40 miles and Pilot Berg drove 90 miles to Oslo."
QUAY = "In spring the crane lifted 40 tonnes at the quay, while the ferry carried 12 cars to Molde."
TRAINED = "In May Larsen trained Berg."


@pytest.mark.parametrize(("claim", "refused"), [
    ("In spring the crane lifted 40 tonnes.", False),
    ("The ferry carried 12 cars to Molde.", False),
    ("In spring the crane lifted 12 tonnes.", True),
    ("The ferry of Molde carried 12 cars.", True),
])  # fmt: skip
def test_a_number_or_name_does_not_move_to_other_words(claim: str, refused: bool):
    assert objects(moved, claim, QUAY) is refused


@pytest.mark.parametrize(("passage", "claim", "refused"), [
    (RACE, "Captain Larsen sailed 40 miles.", False),
    (RACE, "Captain Larsen sailed 90 miles.", True),
    (RACE, "Captain Larsen drove 90 miles.", True),
    ("Larsen sailed 40 miles, and the pilot drove 90.", "Larsen drove 90.", True),
    ("Larsen sailed 40 miles and then drove 90 miles.", "Larsen drove 90 miles.", False),
    ("Larsen sailed 40 miles and then drove 90 miles.", "Larsen sailed 90 miles.", True),
    ("The ferry carried 12 cars and 40 boats.", "The ferry carried 40 boats.", False),
    ("Larsen and the pilot drove 90 miles.", "Larsen drove 90 miles.", False),
    ("Larsen, the captain of the old ship, drove 90 miles.", "Larsen drove 90 miles.", False),
])  # fmt: skip
def test_two_words_do_not_say_together_what_others_between_them_say(passage: str, claim: str, refused: bool):
    assert objects(spliced, claim, passage) is refused


@pytest.mark.parametrize(("claim", "refused"), [
    ("In May Berg was trained by Larsen.", False),
    ("In May Larsen was trained by Berg.", True),
])  # fmt: skip
def test_two_names_change_places_only_in_the_passive_voice(claim: str, refused: bool):
    assert objects(exchanged, claim, TRAINED) is refused


@pytest.mark.parametrize(("claim", "refused"), [
    ("The captain met the crew.", False),
    ("The captain left early.", True),
])  # fmt: skip
def test_a_verb_keeps_its_subject(claim: str, refused: bool):
    assert objects(other_subject, claim, "The captain met the crew, which they left early.") is refused


@pytest.mark.parametrize(("passage", "same", "other", "language"), [
    ("Ostrava supplies the laptops.", "The laptops are supplied by Ostrava.",
     "Ostrava is supplied by the laptops.", "en"),
    ("Ada Berg designed the pier in 1901.", "The pier was designed by Ada Berg in 1901.",
     "Ada Berg was designed by the pier in 1901.", "en"),
    ("Frau Holm hat den Antrag geprüft.", "Frau Holm hat den Antrag geprüft.",
     "Frau Holm wurde vom Antrag geprüft.", "de"),
    ("Комиссия проверила заявку.", "Комиссия проверила заявку.", "Комиссия проверена заявкой.", "ru"),
    ("Острава поставляет ноутбуки.", "Острава поставляет ноутбуки.", "Острава поставляется ноутбуками.", "ru"),
])  # fmt: skip
def test_active_and_passive_say_the_same_only_if_the_doer_stays(passage: str, same: str, other: str, language: str):
    assert supported(same, passage, language)
    assert not supported(other, passage, language)


def test_it_is_said_plainly_whom_something_is_done_to():
    turned = aligned("Ostrava is supplied by the laptops.", "Ostrava supplies the laptops.")
    assert list(passive_added(turned)) == ['In the evidence, this is done to "laptops", not by "laptops".']
