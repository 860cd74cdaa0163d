"""Plots are small PNG files for whatever history there is."""

from datetime import UTC, datetime, timedelta

import pytest

from xnai_pipelines.evaluation.evaluate import evaluate
from xnai_pipelines.evaluation.plots import modes_plot
from xnai_pipelines.evaluation.report import PastEvaluation
from xnai_pipelines.evaluation.slices import DocumentFacts
from xnai_pipelines.evaluation.timeline import slice_figures, slices_plot, timeline_plot
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split

MODES = ("hybrid", "vector", "keyword")


def past(night, release="1", question_set="q", modes=MODES):
    metrics = {}
    for number, mode in enumerate(modes):
        for end, change in (("", 0.0), ("_low", -0.05), ("_high", 0.05)):
            metrics[f"labelled.{mode}.ndcg_at_10{end}"] = 0.8 - 0.1 * number + change + 0.001 * (night % 7)
    evaluated_at = datetime(2026, 1, 1, 2, tzinfo=UTC) + timedelta(days=night)
    return PastEvaluation(str(night), evaluated_at, metrics, {"release": release, "question_set": question_set})


def is_small_png(data):
    return data.startswith(b"\x89PNG\r\n") and len(data) < 60_000


@pytest.mark.slow
@pytest.mark.parametrize("found", [True, False])
def test_modes_plot_is_a_small_png(found):
    questions = [Question(str(n), str(n), (Relevant("d", None, 1),), Origin.LABELLED, Split.TEST) for n in range(20)]
    report = evaluate(
        questions=questions,
        modes=[*MODES, "a mode of tomorrow"],
        search=lambda query, mode, k: [("c", "d", 1.0)] if found else [],
        fingerprint="f",
        splits_given=False,
        documents={},
        settings={},
    ).report
    assert is_small_png(modes_plot(report, report.headline))


@pytest.mark.parametrize(
    "history",
    [
        [past(1)],
        [past(1), past(1)],
        [past(1), past(400, release="2", question_set="r")],
        [past(night, release=str(night // 40)) for night in range(200)],
        [past(1, modes=["vector"]), past(2)],
    ],
    ids=["first", "at once", "two, a year apart", "200 nights", "a mode more"],
)
def test_a_timeline_without_events_is_a_small_png(history):
    assert is_small_png(timeline_plot(history, [], Origin.LABELLED, MODES))


def test_slices_are_told_apart_over_time():
    facts = {"a": DocumentFacts("a.md", "en", "text/markdown"), "b": DocumentFacts("b.md", "ru", "text/markdown")}
    asked = [
        Question(f"{name}{split}", name, (Relevant(name, None, 1),), Origin.LABELLED, split)
        for name in "ab"
        for split in (Split.TRAIN, Split.TEST)
    ]
    rows = evaluate(
        questions=asked,
        modes=["vector", "hybrid"],
        search=lambda query, mode, k: [("c", "a" if query == "a" else "x", 1.0)],
        fingerprint="f",
        splits_given=True,
        documents=facts,
        settings={},
    ).per_question
    assert slice_figures(rows, "language") == {
        f"{name} {mode}": float(name == "en") for name in ("en", "ru") for mode in ("vector", "hybrid")
    }
    assert is_small_png(slices_plot([(past(1), rows), (past(2), rows)], [], "language"))
