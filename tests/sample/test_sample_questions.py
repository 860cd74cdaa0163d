"""Every accuracy figure of the demo rests on these questions: they must be fair, their labels exist."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from xnai_pipelines.sample.documents import questions_path

QUESTIONS = [json.loads(line) for line in questions_path().read_text(encoding="utf-8").splitlines()]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_there_are_enough_questions_over_enough_modules() -> None:
    assert len(QUESTIONS) >= 200
    assert len({name for line in QUESTIONS for name in line["documents"]}) >= 100


def test_every_line_has_one_question_and_at_least_one_document() -> None:
    for line in QUESTIONS:
        assert set(line) == {"question", "documents"}
        assert line["question"].strip() == line["question"] != ""
        assert line["documents"]
        assert len(set(line["documents"])) == len(line["documents"]), line["question"]


@pytest.mark.slow
def test_every_document_of_a_label_is_in_the_sample(sample: Path) -> None:
    missing = {name for line in QUESTIONS for name in line["documents"] if not (sample / name).is_file()}
    assert not missing


def test_no_question_names_a_module_that_answers_it() -> None:
    for line in QUESTIONS:
        for name in line["documents"]:
            parts = set(name.removesuffix(".md").lower().split("."))
            assert not parts & set(words(line["question"])), f"{line['question']} names {name}"


def test_no_question_is_asked_twice() -> None:
    counts = Counter(" ".join(words(line["question"])) for line in QUESTIONS)
    assert [question for question, count in counts.items() if count > 1] == []


def test_no_question_copies_a_sentence_of_the_documents(sample: Path) -> None:
    """Seven words in a row are a copy: a keyword search would find them without understanding anything."""
    for line in QUESTIONS:
        asked = words(line["question"])
        runs = {" ".join(asked[at : at + 7]) for at in range(len(asked) - 6)}
        for name in line["documents"]:
            text = " ".join(words((sample / name).read_text(encoding="utf-8")))
            assert not [run for run in runs if f" {run} " in text], f"{line['question']} copies {name}"


def test_no_document_answers_a_large_share_of_the_questions() -> None:
    counts = Counter(name for line in QUESTIONS for name in line["documents"])
    assert max(counts.values()) <= len(QUESTIONS) // 10
