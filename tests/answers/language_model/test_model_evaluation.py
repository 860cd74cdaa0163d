"""A language model is measured on a few questions beside quotes: once, whatever its server does."""

import json
from collections.abc import Callable

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support.piers import with_piers
from tests.support.waiting import NEVER_SECONDS
from tests.support.workplace import Workplace
from xnai_pipelines.answers.ask import ANSWERS_VERSION
from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
from xnai_pipelines.answers.language_model.evaluation import ModelReport, model_markdown
from xnai_pipelines.answers.language_model.make import (
    ModelOutcome,
    ModelToMeasure,
    chosen_questions,
    evaluate_language_model,
    last_model_report,
)
from xnai_pipelines.answers.policy import KeptPolicy
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.language_model.local import local_model, packaged_model
from xnai_pipelines.language_model.server import LEFT_ALONE, ChatServer
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.state.records import write_record
from xnai_pipelines.state.tracker import Experiment, Tracker

NO_ANSWER = "NO ANSWER"
WITH_DOCUMENT = {
    "Basalt": "The pier of Basalt is closed in winter. The pier of Basalt is made of glass.",
    "Coral": NO_ANSWER,
    "Dolomite": None,  # the server fails
}
WITHOUT = {"Basalt": NO_ANSWER, "Coral": "The pier of Agate was built in 1870.", "Dolomite": NO_ANSWER}


@pytest.fixture
def piers(work: Workplace) -> Workplace:
    """A home with three test questions that refuses nothing, so that the model is asked twice about each."""
    with_piers(work)
    write_record(work.home.refusal_policy(1), KeptPolicy("", RefusalPolicy(threshold=-1e9), ANSWERS_VERSION))
    return work


def says(request: Request) -> Response:
    """Answer by what is asked, and by whether the document that answers is in the passages."""
    user = json.loads(request.data)["messages"][-1]["content"]
    passages, _, question = user.rpartition("Question: ")
    name = next(name for name in WITHOUT if name in question)
    reply = (WITH_DOCUMENT if f"The pier of {name} was built" in passages else WITHOUT)[name]
    if reply is None:
        return Response(status=500)
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    return Response(json.dumps({"choices": [{"message": {"content": reply}}], "usage": usage}))


def serving(httpserver: HTTPServer, path: str, handler: Callable[[Request], Response]) -> str:
    """Return the address of a server of this test alone: a circuit breaker remembers addresses."""
    httpserver.expect_request(f"/{path}/v1/chat/completions", method="POST").respond_with_handler(handler)
    return httpserver.url_for(f"/{path}/v1")


def measured(
    work: Workplace, tracker: Tracker, url: str, which: str = "a", most: int = 50, *, force: bool = False
) -> ModelOutcome:
    model = ModelToMeasure(
        "small", (which,), lambda: LanguageModelAnswerer(ChatServer(url, "small", seconds=NEVER_SECONDS)), most
    )
    labels = work.documents.parent / "questions.jsonl"
    outcome = evaluate_language_model(work.context(), tracker, labels, model, threads=1, force=force)
    assert outcome is not None
    return outcome


def differences(report: ModelReport) -> dict[str, float]:
    return {name: round(found.difference.mean, 3) for name, found in report.compared.items() if name != "seconds"}


def test_the_figures_are_those_of_what_the_server_said(piers: Workplace, tracker: Tracker, httpserver: HTTPServer):
    report = measured(piers, tracker, serving(httpserver, "figures", says)).kept.report
    assert (report.questions, report.with_gold, report.requests) == (3, 3, 6)
    assert report.failures == {"answered with status 500": 1}
    assert not report.server_was_away
    assert report.compared["answer_said"].quotes.mean == 1.0
    assert differences(report) == {
        "answer_said": -0.333,  # Basalt's proven sentence does not answer; Coral and Dolomite are quoted
        "answer_in_first": -0.333,
        "token_f1": -0.333,  # the quotes mark the year alone
        "document_cited_first": 0.0,
        "citation_precision": 0.0,
        "citation_recall": 0.0,
        "quotes_exact": 0.0,
        "wrongly_refused": 0.333,  # Coral; a failure is no refusal
        "rightly_refused": 0.667,
    }
    assert {name: round(found.mean, 3) for name, found in report.model_alone.items()} == {
        "answered": 0.4,  # of five replies
        "verbatim": 0.75,
        "supported": 0.0,
        "unsupported": 0.25,
        "prompt_tokens": 100.0,
        "reply_tokens": 10.0,
    }
    shown = model_markdown(report)
    assert "small was asked 6 times about 3 test questions; failed: 1 answered with status 500." in shown
    assert "| rightly refused | 0.000 | 0.667 | +0.667 |" in shown


def test_a_model_is_asked_again_only_if_something_changed(piers: Workplace, tracker: Tracker, httpserver: HTTPServer):
    url = serving(httpserver, "once", says)
    assert measured(piers, tracker, url, most=1).measured
    asked = len(httpserver.log)
    again = measured(piers, tracker, url, most=1)
    assert (again.measured, len(httpserver.log)) == (False, asked)
    assert again.kept == last_model_report(piers.home)
    assert measured(piers, tracker, url, which="b", most=1).measured
    assert measured(piers, tracker, url, which="b", most=2).kept.report.questions == 2
    assert measured(piers, tracker, url, which="b", most=2, force=True).measured
    [newest, *before] = Experiment("xnai/answers", tracker).newest({"release": "1"}, 9)
    assert (newest.data.params["answerer"], len(before)) == ("small", 3)
    assert newest.data.metrics["requests"] == 4


def test_a_server_that_is_away_fails_no_run_and_is_asked_once_it_is_back(
    piers: Workplace, tracker: Tracker, httpserver: HTTPServer
):
    away = measured(piers, tracker, serving(httpserver, "away", lambda _: Response(status=500))).kept.report
    assert away.failures == {"answered with status 500": 5, LEFT_ALONE: 1}
    assert away.server_was_away
    assert set(differences(away).values()) == {0.0}  # every answer quotes
    back = measured(piers, tracker, serving(httpserver, "back", says))
    assert back.measured
    assert not back.kept.report.server_was_away


def test_no_model_and_no_questions_leave_no_figures(piers: Workplace, tracker: Tracker, httpserver: HTTPServer):
    measured(piers, tracker, serving(httpserver, "gone", says), most=1)
    assert evaluate_language_model(piers.context(), tracker, None, None, threads=1, force=False) is None
    assert last_model_report(piers.home) is None


def test_more_questions_are_asked_beside_the_same():
    questions = [
        Question(f"q{n}", f"question {n}", (Relevant("d", None, 1),), Origin.LABELLED, Split.TEST) for n in range(20)
    ]
    few = [one.question_id for one in chosen_questions(questions, 5)]
    assert few == [one.question_id for one in chosen_questions(questions[::-1], 9)][:5]
    assert few != [f"q{n}" for n in range(5)]
    assert chosen_questions(questions, 0) == []


@pytest.mark.slow
def test_a_small_model_is_measured(piers: Workplace, tracker: Tracker):
    from dataclasses import replace

    def load() -> LanguageModelAnswerer:
        model = local_model(packaged_model(), threads=1, seconds=NEVER_SECONDS)
        return LanguageModelAnswerer(replace(model, max_tokens=12))

    model = ModelToMeasure("small", ("file",), load, 1)
    outcome = evaluate_language_model(piers.context(), tracker, None, model, threads=1, force=False)
    assert outcome is not None
    report = outcome.kept.report
    assert (report.questions, report.requests, report.failures) == (1, 2, {})
    assert report.model_alone["prompt_tokens"].mean > report.model_alone["reply_tokens"].mean > 0
    assert report.compared["quotes_exact"].model.mean == 1.0
    assert report.compared["seconds"].difference.mean > 0
