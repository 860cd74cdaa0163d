"""A word does not stand where the document has another one."""

import pytest

from tests.support.claims import objects
from xnai_pipelines.answers.verification.replaced import opposite, other_beginning, replaced

FERRY = "The old ferry carried twelve cars to Molde in spring."


@pytest.mark.parametrize(("claim", "refused"), [
    ("The ferry carried twelve cars in spring.", False),
    ("The new ferry carried twelve cars to Molde.", True),
    ("The old ferry carried twelve cars to Molde in autumn.", True),
])  # fmt: skip
def test_no_word_stands_in_the_place_of_another(claim: str, refused: bool):
    assert objects(replaced, claim, FERRY) is refused


@pytest.mark.parametrize(("claim", "refused"), [
    ("In spring the old ferry carried twelve cars.", False),
    ("Every navy ferry carried twelve cars.", True),
])  # fmt: skip
def test_no_new_word_begins_a_sentence(claim: str, refused: bool):
    assert objects(other_beginning, claim, FERRY) is refused


@pytest.mark.parametrize(("passage", "claim", "refused"), [
    ("Turn the pump on before you dive.", "Turn on the pump.", False),
    ("Turn the pump on before you dive.", "Turn the pump off before you dive.", True),
    ("Turn the pump on before you dive.", "Turn off the pump.", True),
    ("It is necessary to dive.", "It is unnecessary to dive.", True),
    ("Je nutné se potápět.", "Je nenutné se potápět.", True),
])  # fmt: skip
def test_no_word_is_the_opposite_of_one_that_the_document_has(passage: str, claim: str, refused: bool):
    assert objects(opposite, claim, passage) is refused
