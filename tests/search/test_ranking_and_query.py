"""Rankings are fused in one fixed order; questions and filters that cannot be asked never reach a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.errors import QueryError
from xnai_pipelines.search.query import LONGEST_QUESTION, Filters, checked_question
from xnai_pipelines.search.ranking import Candidate, best_per_document, reciprocal_rank_fusion


def ranking(*ids: str) -> list[Candidate]:
    return [candidate(key, 1.0 - place / 100) for place, key in enumerate(ids)]


def candidate(key: str, score: float) -> Candidate:
    return make(key, key.rstrip("0123456789"), score)


def make(chunk_id: str, document_id: str, score: float) -> Candidate:
    values = {"chunk_id": chunk_id, "document_id": document_id, "score": score, "row_id": 0}
    return Candidate(**{name: values[name] for name in Candidate.__dataclass_fields__})


IDS = st.lists(st.from_regex(r"[a-c][0-9]", fullmatch=True), unique=True, max_size=12)


def test_fusion_sums_reciprocal_ranks():
    fused = reciprocal_rank_fusion([ranking("a1", "b1"), ranking("b1", "c1")])
    scores = {found.chunk_id: found.score for found in fused}
    assert [found.chunk_id for found in fused] == ["b1", "a1", "c1"]
    assert scores == pytest.approx({"b1": 1 / 62 + 1 / 61, "a1": 1 / 61, "c1": 1 / 62})


@given(IDS, IDS)
def test_fusion_holds_each_passage_once_and_does_not_depend_on_the_order_of_rankings(one, other):
    fused = reciprocal_rank_fusion([ranking(*one), ranking(*other)])
    assert {found.chunk_id for found in fused} == {*one, *other}
    assert len(fused) == len({*one, *other})
    assert [found.score for found in fused] == sorted((found.score for found in fused), reverse=True)
    turned = reciprocal_rank_fusion([ranking(*other), ranking(*one)])
    assert [found.chunk_id for found in turned] == [found.chunk_id for found in fused]


@given(IDS)
def test_one_ranking_keeps_its_order(ids):
    assert [found.chunk_id for found in reciprocal_rank_fusion([ranking(*ids)])] == ids


@given(IDS)
def test_the_best_passage_of_each_document_stays_in_order(ids):
    best = best_per_document(ranking(*ids))
    documents = [found.document_id for found in best]
    assert len(set(documents)) == len(documents)
    assert documents == list(dict.fromkeys(key.rstrip("0123456789") for key in ids))
    assert [found.chunk_id for found in best] == [
        next(key for key in ids if key.startswith(document)) for document in documents
    ]


def test_no_filter_is_no_condition():
    assert Filters().sql() is None
    assert Filters(source_prefix="").sql() is None


def test_filters_are_joined_and_their_quotes_are_doubled():
    sql = Filters("it's/", "text/plain", "en").sql()
    assert sql == "starts_with(source, 'it''s/') AND media_type = 'text/plain' AND language = 'en'"


@pytest.mark.parametrize("question", ["", "  ", "...", "\ud800", "word \udcff", "x" * (LONGEST_QUESTION + 1)])
def test_what_is_no_question_is_refused(question: str):
    with pytest.raises(QueryError):
        checked_question(question)


@pytest.mark.parametrize("question", ["7", " 猫 ", "a" * LONGEST_QUESTION, "C++?"])
def test_a_question_loses_surrounding_white_space_alone(question: str):
    assert checked_question(question) == question.strip()
