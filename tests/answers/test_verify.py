"""A sentence is a quote, supported by its evidence, or neither with the reason; what changes a claim is noticed."""

import unicodedata

import pytest

from xnai_pipelines.answers.answer import Sentence, State
from xnai_pipelines.answers.draft import DraftSentence
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.verify import verify

BOARD = (
    "The board did not approve the budget of 1,500 euros for the harbour. In spring the crane lifted 40 tonnes at the "
    "old quay, while the ferry carried 12 cars to Molde. The pump may cause leaks in the northern tank. Nearly all "
    "sensors were replaced on 4 July 2019."
)
CREW = (
    "Captain Larsen trained Pilot Berg before the storm. Berg later sold 3½ boats. The mayor called it “a quiet year”."
)
RUSSIAN = "Завод в Туле выпустил 1 500 станков. Инженер Орлов не подписал договор с директором Зайцевым."


def evidence(text: str, name: str = "a", start: int = 100) -> Evidence:
    return Evidence(name, f"{name}.md", "Harbour", (f"{name}-1",), start, start + len(text), text, (), None, 1.0)


def verdict(text: str, *texts: str, cited: int = 0) -> Sentence:
    pieces = [evidence(each, f"d{at}") for at, each in enumerate(texts or (BOARD, CREW))]
    (sentence,) = verify((DraftSentence(text, (cited,)),), pieces)
    return sentence


@pytest.mark.parametrize(
    "text",
    [
        "The pump may cause leaks in the northern tank.",
        "the  pump may cause\nleaks in the northern tank",
        'The mayor called it "a quiet year".',
        unicodedata.normalize("NFD", "Berg later sold 3½ boats."),
    ],
)
def test_a_quote_is_found_in_any_form_and_cited_by_its_characters(text: str):
    found = verdict(text)
    assert found.state is State.VERBATIM
    (citation,) = found.citations
    source = BOARD if citation.document_id == "d0" else CREW
    assert source[citation.start - 100 : citation.end - 100] == citation.quote


@pytest.mark.parametrize(
    "text",
    [
        "The crane lifted 40 tonnes at the old quay.",
        "The board didn't approve the budget of 1500 euros.",
        "The board did not approve the budget of 1.500 euros for the harbour.",
        "According to the document, the ferry carried twelve cars to Molde.",
        "Nearly all sensors were replaced on July 4, 2019.",
        "Captain Larsen trained Pilot Berg.",
        "Berg sold 3.5 boats.",
    ],
)
def test_a_shortened_or_reordered_sentence_is_supported(text: str):
    assert verdict(text).state is not State.UNSUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "The crane lifted 41 tonnes at the old quay.",
        "The crane lifted 12 tonnes at the old quay.",
        "The crane lifted 40 miles at the old quay.",
        "The board approved the budget of 1,500 euros for the harbour.",
        "The crane did not lift 40 tonnes at the old quay.",
        "The pump causes leaks in the northern tank.",
        "The pump may cause leaks in the southern tank.",
        "All sensors were replaced on 4 July 2019.",
        "Nearly all sensors were replaced on 7 April 2019.",
        "Captain Berg trained Pilot Larsen before the storm.",
        "Larsen later sold 3½ boats.",
        "The ferry lifted 40 tonnes at the old quay.",
        "The mayor called it “a loud year”.",
        "The harbour was founded by monks.",
        "!!!",
    ],
)
def test_a_sentence_with_another_claim_is_unsupported_with_a_reason(text: str):
    found = verdict(text)
    assert (found.state, found.citations) == (State.UNSUPPORTED, ())
    assert found.reason


def test_a_quote_that_leaves_out_the_negation_before_it_is_none():
    assert verdict("approve the budget of 1,500 euros for the harbour").state is State.UNSUPPORTED


def test_a_number_is_no_quote_from_a_longer_number():
    assert verdict("5", "It weighs 1.5 kg, or 250 g.").state is State.UNSUPPORTED


@pytest.mark.parametrize(("text", "supported"), [
    ("Завод в Туле выпустил 1500 станков.", True),
    ("Завод в Туле выпустил 1600 станков.", False),
    ("Инженер Орлов подписал договор с директором Зайцевым.", False),
    ("Инженер Зайцев не подписал договор с директором Зайцевым.", False),
])  # fmt: skip
def test_another_language_has_the_same_rules(text: str, supported: bool):
    assert (verdict(text, RUSSIAN).state is not State.UNSUPPORTED) is supported


def test_a_wrong_citation_is_replaced_by_the_right_one():
    found = verdict("Captain Larsen trained Pilot Berg.", cited=0)
    assert [citation.document_id for citation in found.citations] == ["d1"]


@pytest.mark.parametrize("cited", [(), (7,), (-1,), (0, 0)])
def test_a_citation_of_nothing_does_no_harm(cited: tuple[int, ...]):
    (found,) = verify((DraftSentence("Berg later sold 3½ boats.", cited),), [evidence(CREW)])
    assert found.state is State.VERBATIM


def test_without_evidence_nothing_is_supported():
    assert verify((DraftSentence("Berg sold boats.", ()),), [])[0].state is State.UNSUPPORTED
