"""Demand: questions land on documents; what nobody can answer is named."""

from datetime import UTC, datetime

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.questions.feedback import Feedback, FeedbackFolder
from xnai_pipelines.search.demand import measure_demand
from xnai_pipelines.search.index import SearchIndex

NONE_JUDGED = FeedbackFolder((), (), ())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> SearchIndex:
    work = Workplace(tmp_path_factory.mktemp("demand"), built_encoder)
    work.write("pump.md", "# Pump\n\nThe pump is cleaned with warm water.\n")
    work.write("filter.md", "# Filter\n\nThe filter is changed every spring.\n")
    work.ingest()
    return work.search()


def judged(question: str, *, right: bool) -> FeedbackFolder:
    judgement = Feedback(question, "pump.md", right, datetime(2026, 1, 1, tzinfo=UTC), None)
    return FeedbackFolder((judgement,), (), ())


def test_the_first_result_counts_whole_and_the_second_half(index: SearchIndex):
    demand = measure_demand(index, ["how is the pump cleaned?"], NONE_JUDGED)
    assert demand.landings == {document_id("pump.md"): 1.0, document_id("filter.md"): 0.5}
    assert (demand.questions, demand.unanswered) == (1, ())


def test_a_question_of_unknown_words_is_unanswered_and_lands_nowhere(index: SearchIndex):
    demand = measure_demand(index, ["zeppelin moorings"], NONE_JUDGED)
    assert demand.unanswered == ("zeppelin moorings",)
    assert demand.landings == {}


def test_a_question_whose_documents_people_found_wrong_is_unanswered(index: SearchIndex):
    question = "pump pressure"
    assert measure_demand(index, [], judged(question, right=False)).unanswered == (question,)
    assert measure_demand(index, [], judged(question, right=True)).unanswered == ()


def test_a_question_that_cannot_be_asked_is_passed_over(index: SearchIndex):
    demand = measure_demand(index, ["", "?!"], NONE_JUDGED)
    assert (demand.landings, demand.unanswered) == ({}, ())
