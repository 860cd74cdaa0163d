"""A re-ranker is used only if it gains on the questions that choose, and within its time."""

import json

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.policy import PolicyOptions, last_policy, make_policy
from xnai_pipelines.evaluation.reranking import RerankerTrial, chosen_reranker
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.search.reranking import TOKENS


def trial(name: str, gain: float, low: float, p95_ms: float = 10.0) -> RerankerTrial:
    return RerankerTrial(name, 100, 0.7 + gain, Estimate(gain, low, 2 * gain - low), p95_ms / 2, p95_ms)


@pytest.mark.parametrize(
    ("trials", "chosen"),
    [
        ([], None),
        ([trial("a", 0.02, -0.001)], None),
        ([trial("a", 0.02, 0.001), trial("b", 0.03, 0.01)], "b"),
        ([trial("a", 0.02, 0.001), trial("b", 0.03, 0.01, p95_ms=61)], "a"),
        ([trial("a", -0.02, -0.03)], None),
    ],
)
def test_the_largest_gain_that_is_shown_and_fast_enough_is_chosen(trials: list[RerankerTrial], chosen: str | None):
    assert chosen_reranker(trials, 60.0) == chosen


def test_a_refusal_names_its_reason():
    assert trial("a", 0.02, -0.001).refusal(60.0) == "no gain beyond chance"
    assert trial("a", 0.02, 0.01, 80).refusal(60.0) == "takes 80 ms (95th percentile); the limit is 60 ms"


FIRST = ("bo", "ka", "mi", "ru", "ta", "zo", "le", "su", "ne", "hi")
SECOND = ("lan", "dor", "vek", "sil", "nim", "pur", "gat", "wor")
TOWNS = [f"{first}{second}".title() for first in FIRST for second in SECOND]


@pytest.fixture
def towns(work: Workplace) -> Workplace:
    """Questions that a search answers already, so that nothing can be gained."""
    for town in TOWNS:
        work.write(f"{town}.md", f"# {town}\n\nThe mayor of {town} opened a bridge.\n")
    questions = [{"question": f"What did the mayor of {town} open?", "documents": [f"{town}.md"]} for town in TOWNS]
    path = work.documents.parent / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, questions)))
    work.ingest()
    make_questions(work.context(), path)
    return work


def test_without_a_gain_there_is_no_reranker_and_the_report_has_the_figures(towns: Workplace):
    report = make_policy(towns.context(), PolicyOptions(), threads=1)
    (tried,) = report.rerankers
    assert report.policy.reranker is None
    assert (tried.name, tried.questions) == (TOKENS, report.policy.questions)
    assert tried.p95_ms >= tried.p50_ms > 0
    assert tried.refusal(60.0)
    assert last_policy(towns.home) == report
    assert make_policy(towns.context(), PolicyOptions(0.5, rerankers=()), threads=1).rerankers == (), "switched off"
