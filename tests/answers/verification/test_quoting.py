"""A quote is found up to white space and marks, and cut to whole words and numbers."""

import pytest

from xnai_pipelines.answers.verification.quoting import find_quote, normalised


def found(quote: str, document: str) -> str | None:
    span = find_quote(quote, document, normalised(document))
    return None if span is None else document[slice(*span)]


@pytest.mark.parametrize(("quote", "document", "range_"), [
    ('He called it "a quiet year".', "Then he called it “a quiet year”. It rained.", "he called it “a quiet year”."),
    ("`cp` copies a file", "See: `cp` copies a file. It is old.", "`cp` copies a file."),
    ("Is it open?", "Is it open? It is.", "Is it open?"),
    ("Open the file", "Open the file.txt now.", "Open the file"),
    ("Open the file", "Open the file, then read.", "Open the file"),
    (".gitignore is read", "First .gitignore is read…", ".gitignore is read…"),
    ("he waited", "He waited... And left.", "He waited..."),
    ("5", "It weighs 1.5 kg.", None),
    ("leak", "It leaks.", None),
])  # fmt: skip
def test_a_range_has_the_marks_of_the_quote_and_the_one_that_ends_the_sentence(
    quote: str, document: str, range_: str | None
):
    assert found(quote, document) == range_
