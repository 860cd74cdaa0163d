"""What a run did not carry into the index, it says: counts, and names as they are."""

from xnai_pipelines.cli.left_out import left_out

DOCUMENTS = {
    "deleted": 0, "deleted_examples": [], "refused": 0, "refused_examples": [], "skipped": {}, "unlisted": {},
    "incomplete": 0, "left_out": {},
}  # fmt: skip
QUESTIONS = {"without_answer": 0, "unresolved_rows": 0, "unresolved_examples": [], "by_origin": {"labelled": 3}}


def test_a_run_that_left_out_nothing_says_nothing() -> None:
    assert left_out({"documents": DOCUMENTS, "embeddings": {"truncated": 0}, "questions": QUESTIONS}) == []


def test_deletions_quarantines_unread_folders_and_parts_are_named() -> None:
    report = {
        **DOCUMENTS,
        "deleted": 7,
        "deleted_examples": ["a[1].md", "b.md"],
        "refused": 1,
        "refused_examples": ["c.pdf: The PDF needs a password."],
        "unlisted": {"private/": "the folder cannot be listed: Permission denied"},
        "incomplete": 2,
        "left_out": {"page without text": 1_200, "attachment": 1},
    }
    assert left_out({"documents": report}) == [
        "Deleted: 7 documents: a[1].md, b.md, and 5 more.",
        "Quarantined: 1. c.pdf: The PDF needs a password.",
        "Not read: private/: the folder cannot be listed: Permission denied.",
        "Left out of the text of 2 documents: page without text 1,200, attachment 1.",
    ]


def test_skipped_entries_are_counted_by_every_reason() -> None:
    skipped = {
        "PNG image": 1_200,
        "empty or only whitespace": 3,
        "hidden": 2,
        "the access rules": 1,
        "not a regular file": 1,
    }
    assert left_out({"documents": {**DOCUMENTS, "skipped": skipped}}) == [
        "Skipped: 1,200 (PNG image), 3 (empty or only whitespace), 2 (hidden), 1 (not a regular file)."
    ]


def test_cut_passages_and_labels_without_a_document_are_counted() -> None:
    questions = {
        **QUESTIONS,
        "without_answer": 6,
        "unresolved_rows": 6,
        "unresolved_examples": ["q.jsonl, line 2: no document is named 'gone.md'"],
    }
    assert left_out({"embeddings": {"truncated": 1}, "questions": questions}) == [
        "1 passage cut off at the encoder's limit: vectors do not know their ends, keyword search does.",
        "6 of 9 labelled questions left out of the evaluation: no stored document answers them.",
        "6 labels of no stored document or question: q.jsonl, line 2: no document is named 'gone.md'; and 5 more.",
    ]


def test_code_that_no_grammar_reads_is_counted_by_language() -> None:
    report = {"code_as_text": {"Go": 1, "Java": 1_200}}
    assert left_out({"mentions": report, "entities": {}}) == [
        "1 code passage in Go read as text: install the extra `code`.",
        "1,200 code passages in Java read as text: install the extra `code`.",
    ]
    assert left_out({"mentions": {"code_as_text": {}}}) == []


def test_passages_that_wait_for_a_recogniser_are_counted_with_the_reason() -> None:
    done = {"extractor": "token-classifier@1", "waiting": 0, "why": ""}
    waits = {"extractor": "language-model@small/1", "waiting": 1_200, "why": "the budget of 500,000 tokens is spent"}
    assert left_out({"mentions": {"recognisers": [done, waits]}}) == [
        "1,200 passages wait for language-model@small/1: the budget of 500,000 tokens is spent."
    ]
