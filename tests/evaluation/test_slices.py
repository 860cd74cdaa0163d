"""A slice is the questions whose answer is of one language, folder or media type, or that have one origin."""

import pyarrow as pa

from xnai_pipelines.evaluation.evaluate import evaluate
from xnai_pipelines.evaluation.slices import OVERALL, DocumentFacts, Slice, folder_of, in_slice, slices
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split


def table() -> pa.Table:
    facts = {
        "a": DocumentFacts("guide/a.md", "en", "text/markdown"),
        "b": DocumentFacts("guide/b.md", "ru", "text/markdown"),
        "c": DocumentFacts("notes.jsonl#c", "ru", "application/jsonl"),
    }
    asked = [
        Question(name, f"about {name}?", (Relevant(name, None, 1),), Origin.LABELLED, Split.TEST)
        for name in ("a", "b", "c", "gone")
    ]
    found = evaluate(
        questions=asked,
        modes=["vector", "hybrid"],
        search=lambda query, mode, k: [],
        fingerprint="f",
        splits_given=True,
        documents=facts,
        settings={},
    )
    return found.per_question


def test_questions_are_counted_once_whatever_the_modes_and_a_slice_of_all_questions_is_none():
    found = slices(table(), min_questions=1)
    assert found == [
        Slice("language", "en"),
        Slice("language", "ru"),
        Slice("folder", "."),
        Slice("folder", "guide"),
        Slice("media_type", "application/jsonl"),
        Slice("media_type", "text/markdown"),
    ]
    assert slices(table(), min_questions=2) == [
        Slice("language", "ru"),
        Slice("folder", "guide"),
        Slice("media_type", "text/markdown"),
    ]


def test_a_slice_has_its_rows_of_every_mode_and_an_unknown_document_is_in_none():
    rows = table()
    assert in_slice(rows, OVERALL).num_rows == 8
    assert in_slice(rows, Slice("language", "ru"))["question_id"].to_pylist() == ["b", "c", "b", "c"]
    assert set(rows.filter(rows["language"].is_null())["question_id"].to_pylist()) == {"gone"}


def test_a_record_lies_where_its_file_lies():
    assert [folder_of(s) for s in ("a.md", "x/y/a.md", "corpus.jsonl#en/1")] == [".", "x", "."]
    assert [folder_of(s) for s in ("a.zip!x/a.md", "x/a.zip!y/a.md", "Wow!/a.md")] == [".", "x", "Wow!"]
