"""An evaluation keeps labelled and generated questions apart, counts errors, and survives a round trip."""

import json

import pytest
from pydantic import TypeAdapter

from xnai_pipelines.evaluation.evaluate import evaluate, evaluation_fingerprint
from xnai_pipelines.evaluation.markdown import summary_markdown, worst_questions_markdown
from xnai_pipelines.evaluation.per_question import PER_QUESTION
from xnai_pipelines.evaluation.report import EvaluationReport, Level, tracked_metrics
from xnai_pipelines.evaluation.slices import DocumentFacts
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.state.records import json_bytes

MODES = ["vector", "keyword", "hybrid"]


def ask(name, split=Split.TEST, origin=Origin.LABELLED):
    chunk_id = f"{name}/1" if origin is Origin.GENERATED else None
    return Question(name, f"about {name}?", (Relevant(name, chunk_id, 1),), origin, split)


def search(query, mode, k):
    """Find the document at rank 1 (hybrid), at rank 2 (vector), or not at all (keyword)."""
    name = query.removeprefix("about ").removesuffix("?")
    others = [("x/0", "x", 0.9), ("x/1", "x", 0.8)]
    mine = [(f"{name}/0", name, 0.7), (f"{name}/1", name, 0.6)]
    return {"hybrid": mine + others, "vector": others + mine, "keyword": others}[mode][:k]


def run(questions, search=search, **options):
    given = {
        "fingerprint": "f",
        "splits_given": True,
        "documents": {"a": DocumentFacts("guide/a.md", "en", "text/markdown")},
        "settings": {"precision": "fp32"},
    }
    return evaluate(questions=questions, modes=MODES, search=search, **(given | options))


def figures(report, origin, level, split=Split.TEST):
    return {
        section.mode: section
        for section in report.sections
        if (section.origin, section.level, section.split) == (origin, level, split)
    }


def test_documents_are_ranked_by_their_best_chunk_and_chunks_by_themselves():
    report = run([ask("a", origin=Origin.GENERATED)]).report
    documents = figures(report, Origin.GENERATED, Level.DOCUMENT)
    chunks = figures(report, Origin.GENERATED, Level.CHUNK)
    assert documents["hybrid"].metrics["mrr_at_10"].mean == 1
    assert documents["vector"].metrics["mrr_at_10"].mean == 1 / 2
    assert documents["keyword"].metrics["recall_at_100"].mean == 0
    assert chunks["hybrid"].metrics["mrr_at_10"].mean == 1 / 2
    assert chunks["vector"].metrics["mrr_at_10"].mean == 1 / 4


def test_labelled_and_generated_questions_are_never_in_one_figure():
    questions = [ask("a"), ask("b"), *(ask(f"g{n}", origin=Origin.GENERATED) for n in range(7))]
    report = run(questions).report
    assert {(s.origin, s.questions) for s in report.sections} == {(Origin.LABELLED, 2), (Origin.GENERATED, 7)}
    assert not figures(report, Origin.LABELLED, Level.CHUNK)
    assert [headline.origin for headline in report.headlines] == [Origin.LABELLED, Origin.GENERATED]
    assert tracked_metrics(report)["labelled.questions"] == 2
    assert tracked_metrics(report)["generated.questions"] == 7


def test_the_headline_is_the_test_split_and_says_whose():
    questions = [ask("a"), ask("b", Split.TRAIN)]
    report = run(questions).report
    assert report.headline.statement == "1 labelled question of the test split (as given)"
    assert [section.questions for section in report.sections_of(report.headline)] == [1, 1, 1]
    assert figures(report, Origin.LABELLED, Level.DOCUMENT, None)["hybrid"].questions == 2
    some_lost = run(questions, unanswered=6).report.headline.statement
    assert some_lost.endswith("(as given); 6 of 8 left out, no stored document answers them")
    by_document = run(questions, splits_given=False).report.headline.statement
    assert by_document == "1 labelled question of the test split (split by document)"
    none_held_out = run([ask("b", Split.TRAIN)]).report.headline.statement
    assert none_held_out == "all 1 labelled question (none is in the test split)"


def test_a_search_that_raises_counts_as_nothing_found_and_is_shown():
    def failing(query, mode, k):
        if mode == "hybrid" and query == "about b?":
            raise RuntimeError("index is gone")
        return search(query, mode, k)

    evaluation = run([ask("a"), ask("b")], failing)
    hybrid = figures(evaluation.report, Origin.LABELLED, Level.DOCUMENT)["hybrid"]
    assert (hybrid.errors, hybrid.metrics["ndcg_at_10"].mean) == (1, 0.5)
    calls = {calls.mode: calls for calls in evaluation.report.calls}
    assert (calls["hybrid"].errors, calls["hybrid"].calls) == (1, 2)
    assert calls["hybrid"].first_error == "RuntimeError: index is gone"
    assert calls["vector"].errors == 0
    assert tracked_metrics(evaluation.report)["hybrid.error_rate"] == 0.5
    assert "RuntimeError: index is gone" in evaluation.per_question["error"].to_pylist()
    assert "index is gone" in worst_questions_markdown(evaluation.report)


def test_when_every_search_raises_there_is_no_latency_and_a_report_all_the_same():
    def failing(query, mode, k):
        raise OSError("no table")

    report = run([ask("a")], failing).report
    assert all(calls.p50_ms is None and calls.errors == calls.calls for calls in report.calls)
    assert TypeAdapter(EvaluationReport).validate_json(json_bytes(report)) == report
    assert "OSError: no table" in summary_markdown(report)


def test_a_search_that_returns_a_chunk_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        run([ask("a", origin=Origin.GENERATED)], lambda query, mode, k: [("c", "a", 1.0), ("c", "a", 0.5)])


def test_no_questions_are_refused():
    with pytest.raises(ValueError, match="at least one question"):
        run([])


def test_every_question_has_a_row_for_each_mode_with_sources_that_people_know():
    table = run([ask("a"), ask("b", origin=Origin.GENERATED)]).per_question
    assert table.schema == PER_QUESTION
    assert table.num_rows == 9  # a: 3 modes; b: 3 modes at 2 levels
    row = next(row for row in table.to_pylist() if (row["question_id"], row["mode"]) == ("a", "vector"))
    assert row["relevant_sources"] == ["guide/a.md"]
    assert row["top_sources"] == ["x", "guide/a.md"]
    assert row["first_relevant_rank"] == 2
    assert row["latency_ms"] > 0


def test_the_worst_questions_come_first_and_perfect_ones_not_at_all():
    def found_at(query, mode, k):
        rank = int(query.removeprefix("about ").removesuffix("?"))
        others = [(f"x{n}", f"x{n}", 0.5) for n in range(rank)]
        return [*others, (f"c{rank}", str(rank), 0.1)]

    report = run([ask(str(number)) for number in range(30)], found_at).report
    assert report.worst_mode == "hybrid"
    assert len(report.worst) == 20
    assert [worst.first_relevant_rank for worst in report.worst] == list(range(30, 10, -1))
    assert [worst.question for worst in run([ask("0"), ask("1")], found_at).report.worst] == ["about 1?"]


def test_progress_counts_every_search():
    seen = []
    run([ask("a"), ask("b")], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(number, 6) for number in range(1, 7)]


def test_a_report_is_the_same_after_json_and_json_holds_plain_names():
    report = run([ask("a"), ask("b", Split.TRAIN), ask("g", origin=Origin.GENERATED)]).report
    assert TypeAdapter(EvaluationReport).validate_json(json_bytes(report)) == report
    assert json.loads(json_bytes(report))["sections"][0]["origin"] == "labelled"


def test_the_fingerprint_changes_with_what_changes_the_figures_and_with_nothing_else():
    questions = [ask("a"), ask("b")]
    same = evaluation_fingerprint("t", questions, {"modes": "hybrid", "depth": 200})
    assert evaluation_fingerprint("t", questions[::-1], {"depth": 200, "modes": "hybrid"}) == same
    others = {
        evaluation_fingerprint("u", questions, {"modes": "hybrid", "depth": 200}),
        evaluation_fingerprint("t", questions[:1], {"modes": "hybrid", "depth": 200}),
        evaluation_fingerprint("t", [ask("a", Split.TRAIN), ask("b")], {"modes": "hybrid", "depth": 200}),
        evaluation_fingerprint("t", questions, {"modes": "hybrid", "depth": 100}),
    }
    assert same not in others
    assert len(others) == 4


def test_the_summary_shows_each_headline_with_intervals():
    text = summary_markdown(run([ask("a"), ask("g", origin=Origin.GENERATED)]).report)
    assert "1 labelled question of the test split (as given), by document" in text
    assert "1 generated question of the test split (split by document), by chunk" in text
    assert "1.000 [1.000, 1.000]" in text
