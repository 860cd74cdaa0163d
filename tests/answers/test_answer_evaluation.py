"""Answers are measured once per state, against known answers and without the documents that answer."""

import pytest

from tests.support.piers import with_piers
from tests.support.workplace import Workplace
from xnai_pipelines.answers.evaluation import token_f1
from xnai_pipelines.answers.make import answers_markdown, evaluate_release_answers, last_answers
from xnai_pipelines.answers.refusal import DEFAULT_THRESHOLD
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.state.tracker import Experiment, Tracker


def test_an_evaluation_is_logged_once_and_kept(work: Workplace, tracker: Tracker):
    with_piers(work)
    labels = work.documents.parent / "questions.jsonl"
    first = evaluate_release_answers(work.context(), tracker, labels, threads=1, force=False)
    again = evaluate_release_answers(work.context(), tracker, labels, threads=1, force=False)

    assert first is not None
    assert again is not None
    assert (first.measured, again.measured) == (True, False)
    report = first.kept.report
    assert (report.questions, report.with_gold) == (3, 3)
    assert report.policy.threshold == DEFAULT_THRESHOLD
    for name in ("document_cited_first", "answer_in_first", "answer_in_three", "quotes_exact"):
        assert report.figures[name].mean == 1.0, name
    assert report.figures["unsupported"].mean == 0.0
    assert last_answers(work.home) == again.kept == first.kept
    assert "| answer in first | 1.000 |" in answers_markdown(report, None)
    assert len(Experiment("xnai/answers", tracker).newest({"release": "1"}, 5)) == 1


def test_a_home_without_questions_has_nothing_to_measure(work: Workplace, tracker: Tracker):
    work.write("a.txt", "A pier.")
    work.ingest()
    (work.documents.parent / "questions.jsonl").write_text("", encoding="utf-8")
    make_questions(work.context(), work.documents.parent / "questions.jsonl")
    assert evaluate_release_answers(work.context(), tracker, None, threads=1, force=False) is None


@pytest.mark.parametrize(
    ("answer", "known", "f1"), [("in 1871", "1871", 2 / 3), ("1871", "1871", 1.0), ("never", "1871", 0.0)]
)
def test_token_f1_counts_shared_words(answer: str, known: str, f1: float):
    assert token_f1(answer, known) == pytest.approx(f1)
