"""A sentence may leave words out of the document's, but none that turns what it keeps, and may add none."""

import pytest

from tests.support.claims import objects
from xnai_pipelines.answers.verification.turned import anything_dropped, cues_added, cues_dropped, units_dropped

BUDGET = "The board approved the budget of 1,500 euros, which no auditor had read."


@pytest.mark.parametrize(("claim", "refused"), [
    ("The board approved the budget.", False),
    ("The board never approved the budget.", True),
    ("The board approved all of the budget.", True),
    ("The board must approve the budget.", True),
])  # fmt: skip
def test_a_cue_is_not_added(claim: str, refused: bool):
    assert objects(cues_added, claim, BUDGET) is refused


@pytest.mark.parametrize(("passage", "claim", "refused"), [
    (BUDGET, "The board approved the budget.", False),  # "no" is in a clause that is left out
    ("The pump does not run in winter.", "The pump runs in winter.", True),
    ("The pump does not run in winter.", "In winter the pump doesn't run.", False),
    ("The pump is supported in no version.", "The pump is supported.", True),
    ("The pump is required only on ships.", "The pump is required.", True),
    ("The pump was sold to a man who only kept boats.", "The pump was sold to a man.", False),
    ("The pump stops if the tank is full.", "The pump stops.", True),
    ("The pump stops, except on Sundays, at noon.", "The pump stops at noon.", True),
    ("If the tank is full, the pump stops.", "The pump stops.", True),
    ("The pump stops, and the bell rings if the tank is full.", "The pump stops.", False),
    ("The pump runs as long as the tank is full.", "The pump runs.", True),
    ("In case of fire, the pump runs.", "The pump runs.", True),
    ("It takes more than 40 days to dry.", "It takes 40 days to dry.", True),
    ("The price rose in the north and fell in the south.", "The price rose in the north.", False),
])  # fmt: skip
def test_a_cue_is_not_dropped_from_what_it_bears_on(passage: str, claim: str, refused: bool):
    assert objects(cues_dropped, claim, passage) is refused


@pytest.mark.parametrize(("language", "passage", "claim"), [
    ("de", "Die Pumpe läuft im Winter bei Frost nicht.", "Die Pumpe läuft im Winter."),
    ("fr", "La pompe marche seulement en été.", "La pompe marche."),
    ("es", "La bomba funciona si hay agua.", "La bomba funciona."),
    ("it", "La pompa non funziona in inverno.", "La pompa funziona in inverno."),
    ("pt", "A bomba não funciona no inverno.", "A bomba funciona no inverno."),
    ("nl", "De pomp werkt alleen in de zomer.", "De pomp werkt."),
    ("ru", "Насос работает, если бак полон.", "Насос работает."),
    ("uk", "Насос не працює взимку.", "Насос працює взимку."),
    ("bg", "Помпата не работи през зимата.", "Помпата работи през зимата."),
    ("pl", "Pompa nie działa zimą.", "Pompa działa zimą."),
    ("cs", "Čerpadlo pracuje pouze v zimě.", "Čerpadlo pracuje."),
    ("sv", "Pumpen fungerar inte på vintern.", "Pumpen fungerar på vintern."),
    ("da", "Pumpen virker ikke om vinteren.", "Pumpen virker om vinteren."),
    ("no", "Pumpen virker bare om sommeren.", "Pumpen virker."),
])  # fmt: skip
def test_each_language_has_its_cues(language: str, passage: str, claim: str):
    assert objects(cues_dropped, claim, passage, language)
    assert not objects(cues_dropped, passage, passage, language)


@pytest.mark.parametrize("language", ["bg", "de", "no", "xx"])
def test_a_negation_counts_in_a_text_that_is_taken_for_another_language(language: str):
    assert objects(cues_dropped, "Компания платит налог.", "Компания не платит налог.", language)


@pytest.mark.parametrize(("claim", "refused"), [
    ("The default is 10 minutes.", False),
    ("The default is 10.", True),
    ("The limit is 5 tonnes.", False),
    ("The limit is 5.", True),
    ("In 1990, 3 of 5 pumps ran.", False),
    ("In 1990, 3 pumps ran.", True),
])  # fmt: skip
def test_a_number_keeps_what_it_measures_or_counts_and_what_it_is_bound_to(claim: str, refused: bool):
    passage = "The default is 10 minutes and the limit is 5 tonnes. In 1990, 3 of 5 pumps ran."
    assert objects(units_dropped, claim, passage) is refused


@pytest.mark.parametrize(("language", "refused"), [("fi", True), ("tr", True), ("en", False)])
def test_nothing_is_left_out_in_a_language_whose_cues_are_not_known(language: str, refused: bool):
    assert objects(anything_dropped, "Pumppu toimii.", "Pumppu toimii talvella.", language) is refused
    assert not objects(anything_dropped, "Talvella pumppu toimii.", "Pumppu toimii talvella.", language)
