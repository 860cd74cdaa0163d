"""The story of `make demo-retrain` rests on these paragraphs and questions: they must be right and fair."""

import importlib
import json
import re
import sys
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from xnai_pipelines.questions.labelled import read_labelled
from xnai_pipelines.questions.question import Split
from xnai_pipelines.sample.documents import questions_path
from xnai_pipelines.sample.modules import module_names
from xnai_pipelines.sample.shift import ShiftReport, write_shift, write_shift_questions


def shipped(name: str) -> list[dict[str, Any]]:
    file = resources.files("xnai_pipelines.sample").joinpath("shift", name)
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


PARAGRAPHS = shipped("paragraphs.jsonl")
QUESTIONS = shipped("questions.jsonl")
PARAGRAPH_OF = {f"ru/{paragraph['id']}.md": paragraph for paragraph in PARAGRAPHS}


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def without_code(text: str) -> str:
    return re.sub(r"`[^`]*`", "", text)


def cyrillic_share(text: str) -> float:
    letters = [letter for letter in text if letter.isalpha()]
    return sum("Ѐ" <= letter <= "ӿ" for letter in letters) / len(letters)


def exists(module: str, name: str) -> bool:
    """Whether a dotted name such as `pathlib.Path.mkdir` can be reached from its module."""
    found = importlib.import_module(module)
    for part in name.removeprefix(module).split(".")[1:]:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def test_there_are_eighty_paragraphs_and_three_hundred_questions() -> None:
    assert len(PARAGRAPHS) == len(PARAGRAPH_OF) == 80
    assert len(QUESTIONS) == len({line["id"] for line in QUESTIONS}) == 300
    for line in PARAGRAPHS:
        assert set(line) == {"id", "title", "module", "text"}
    for line in QUESTIONS:
        assert set(line) == {"id", "question", "documents", "split"}
        assert line["question"].strip() == line["question"] != ""


def test_every_label_names_a_paragraph_and_every_paragraph_has_three_or_four_questions() -> None:
    counts = Counter(source for line in QUESTIONS for source in line["documents"])
    assert counts.keys() == PARAGRAPH_OF.keys()
    assert set(counts.values()) <= {3, 4}


def test_no_paragraph_of_a_test_question_has_a_training_question() -> None:
    sources = {
        split: {source for line in QUESTIONS if line["split"] == split for source in line["documents"]}
        for split in ("train", "test")
    }
    assert Counter(line["split"] for line in QUESTIONS) == {"train": 204, "test": 96}
    assert (len(sources["train"]), len(sources["test"])) == (54, 26)
    assert not sources["train"] & sources["test"]


def test_paragraphs_are_russian_and_of_sixty_to_a_hundred_and_ten_words() -> None:
    for line in PARAGRAPHS:
        assert 60 <= len(line["text"].split()) <= 110, line["id"]
        assert cyrillic_share(without_code(line["text"])) > 0.95, line["id"]
        assert cyrillic_share(line["text"]) > 0.55, line["id"]
        assert line["text"].count("`") % 2 == 0, line["id"]
        assert "  " not in line["text"], line["id"]


def test_questions_are_russian() -> None:
    assert cyrillic_share(" ".join(line["question"] for line in QUESTIONS)) > 0.9
    for line in QUESTIONS:
        assert re.search(r"[а-яё]{3}", line["question"]), line["id"]


def test_no_question_and_no_text_is_there_twice() -> None:
    for texts in (
        [line["question"] for line in QUESTIONS],
        [line["text"] for line in PARAGRAPHS],
        [line["title"] for line in PARAGRAPHS],
    ):
        counts = Counter(" ".join(words(text)) for text in texts)
        assert [text for text, count in counts.items() if count > 1] == []


def test_no_question_copies_six_words_in_a_row_of_its_paragraph() -> None:
    for line in QUESTIONS:
        asked = words(line["question"])
        runs = {" ".join(asked[at : at + 6]) for at in range(len(asked) - 5)}
        for source in line["documents"]:
            text = " ".join(words(PARAGRAPH_OF[source]["text"]))
            assert not [run for run in runs if f" {run} " in f" {text} "], line["id"]


def test_few_questions_name_the_module_that_answers_them() -> None:
    """A keyword search finds a name without understanding anything."""
    named = [
        line["id"]
        for line in QUESTIONS
        for source in line["documents"]
        if set(PARAGRAPH_OF[source]["module"].lower().split(".")) & set(words(line["question"]))
    ]
    assert len(named) <= len(QUESTIONS) // 20, named


def test_every_module_is_one_of_the_sample() -> None:
    modules = {line["module"] for line in PARAGRAPHS}
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names
    assert modules <= set(module_names())
    assert len(modules) >= 60


def test_every_name_that_a_paragraph_gives_exists() -> None:
    checked = 0
    for line in PARAGRAPHS:
        for name in re.findall(r"`([A-Za-z_][\w.]*)(?:\([^`]*\))?`", line["text"]):
            module = line["module"]
            if name.startswith(f"{module}."):
                assert exists(module, name), f"{line['id']} names {name}"
                checked += 1
    assert checked > 300


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    assert write_shift(tmp_path) == ShiftReport(written=80, unchanged=0)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert {path.relative_to(tmp_path).as_posix() for path in before} == {"ru", *PARAGRAPH_OF}
    assert write_shift(tmp_path) == ShiftReport(written=0, unchanged=80)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_document_is_its_title_and_its_text(tmp_path: Path) -> None:
    write_shift(tmp_path)
    for source, paragraph in PARAGRAPH_OF.items():
        whole = (tmp_path / source).read_bytes().decode()
        assert whole == f"# {paragraph['title']}\n\n{paragraph['text']}\n"


def test_only_what_differs_is_written_again_and_other_files_stay(tmp_path: Path) -> None:
    write_shift(tmp_path)
    (tmp_path / "ru" / "json-01.md").write_text("# Damaged\n", encoding="utf-8")
    (tmp_path / "ru" / "csv-01.md").unlink()
    (tmp_path / "ru" / "notes.md").write_text("# My notes\n", encoding="utf-8")
    assert write_shift(tmp_path) == ShiftReport(written=2, unchanged=78)
    assert (tmp_path / "ru" / "json-01.md").read_text(encoding="utf-8") != "# Damaged\n"
    assert (tmp_path / "ru" / "notes.md").read_text(encoding="utf-8") == "# My notes\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shift") / "labels" / "questions.jsonl"
    write_shift_questions(path)
    return path


def test_the_written_questions_are_the_samples_own_followed_by_the_russian_ones(written: Path) -> None:
    own = questions_path().read_bytes()
    assert written.read_bytes().startswith(own)
    assert [json.loads(line) for line in written.read_bytes()[len(own) :].decode().splitlines()] == QUESTIONS


def test_the_written_questions_are_read_with_their_splits_and_without_a_loss(written: Path, sample: Path) -> None:
    sources = [path.name for path in sample.iterdir()] + list(PARAGRAPH_OF)
    read = read_labelled(written, {source: f"id of {source}" for source in sources})
    assert read.unresolved.rows == read.without_answer == 0
    splits = Counter(question.split for question in read.questions)
    own = len(questions_path().read_text(encoding="utf-8").splitlines())
    assert splits == {None: own, Split.TRAIN: 204, Split.TEST: 96}
    assert {id_ for question in read.questions[own:] for id_ in question.document_ids} == {
        f"id of {source}" for source in PARAGRAPH_OF
    }
