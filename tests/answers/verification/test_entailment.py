"""A sentence is supported if nothing speaks against it and the document has most of its words."""

import pytest

from tests.support.claims import objects, supported
from xnai_pipelines.answers.verification.entailment import missing

BERG = "Berg joined the European Coal Board in 1952 and he led it for 5 years."


@pytest.mark.parametrize(("claim", "refused"), [
    ("Berg joined the ECB in 1952.", False),
    ("Berg joined the EEC in 1952.", True),
    ("Berg joined the European Coal Board in 1953.", True),
    ("Berg joined the European Coal Board in Oslo.", True),
])  # fmt: skip
def test_every_number_and_name_is_in_the_document(claim: str, refused: bool):
    assert objects(missing, claim, BERG) is refused


def test_a_name_from_before_may_stand_for_a_pronoun():
    assert not objects(missing, "In 1952 Berg led it for 5 years.", "In 1952 he led it for 5 years.", names="Mr Berg")
    assert objects(missing, "In 1952 Berg led it for 5 years.", "In 1952 he led it for 5 years.")


@pytest.mark.parametrize(("claim", "is_supported"), [
    ("Berg joined the European Coal Board.", True),
    ("Berg joined the board with quite some hesitation in 1952.", False),
    ("is it", False),
])  # fmt: skip
def test_most_words_are_in_the_document(claim: str, is_supported: bool):
    assert supported(claim, BERG) is is_supported
