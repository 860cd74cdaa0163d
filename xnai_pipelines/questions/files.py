"""The two file formats of labelled questions, read line by line so that an error can name its line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xnai_pipelines.errors import LabelledQuestionsError
from xnai_pipelines.questions.question import Split

_SPLIT_NAMES = {
    "train": Split.TRAIN,
    "dev": Split.VALIDATION,
    "val": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "test": Split.TEST,
}


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One judgement as the file gives it: a question, the name of a document, and how well that answers it.

    `question` is None where a qrels file names a question that queries.jsonl does not hold.
    """

    where: str
    given_id: str
    question: str | None
    document: str
    grade: int
    split: Split | None


def read_jsonl(path: Path) -> Iterator[LabelledRow]:
    """Yield a row for each document of each line `{"question": ..., "documents": [...]}`.

    Raises:
        LabelledQuestionsError: The file cannot be read, or a line is malformed or repeats a question.
    """
    seen: dict[str, str] = {}
    for where, line in _lines(path):
        fields = _json_object(where, line)
        question = _text(where, fields, "question")
        given_id = question if fields.get("id") is None else str(fields["id"])
        if given_id in seen:
            raise LabelledQuestionsError(
                f"{where}: repeats the question of {seen[given_id]}. Name all its documents on one line, "
                'or give the two different values of "id".'
            )
        seen[given_id] = where
        documents = fields.get("documents")
        if not isinstance(documents, list) or not documents or not all(isinstance(name, str) for name in documents):
            raise LabelledQuestionsError(
                f'{where}: "documents" must be a list with at least one source, like ["guide/install.md"].'
            )
        grade = _grade(where, fields.get("grade", 1))
        split = None if fields.get("split") is None else _split(where, str(fields["split"]))
        for document in documents:
            yield LabelledRow(where, given_id, question, document, grade, split)


def read_beir(folder: Path) -> Iterator[LabelledRow]:
    """Yield a row for each line of `qrels/*.tsv`: question id, document id, grade; the file names the split.

    Raises:
        LabelledQuestionsError: A file is missing or a line is malformed.
    """
    questions: dict[str, str] = {}
    for where, line in _lines(folder / "queries.jsonl"):
        fields = _json_object(where, line)
        if not isinstance(fields.get("_id"), str | int):
            raise LabelledQuestionsError(f'{where}: "_id" is missing.')
        questions[str(fields["_id"])] = _text(where, fields, "text")
    qrels = sorted((folder / "qrels").glob("*.tsv"))
    if not qrels:
        raise LabelledQuestionsError(f"{folder / 'qrels'}: holds no train.tsv, dev.tsv or test.tsv.")
    for path in qrels:
        split = _split(str(path), path.stem)
        for number, (where, line) in enumerate(_lines(path)):
            columns = line.split("\t")
            if len(columns) != 3:
                raise LabelledQuestionsError(
                    f"{where}: expected 3 columns with tabs between (question id, document id, grade), "
                    f"found {len(columns)}."
                )
            given_id, document, grade = (column.strip() for column in columns)
            if number == 0 and not grade.lstrip("-").isdigit():
                continue  # the heading "query-id corpus-id score"
            yield LabelledRow(where, given_id, questions.get(given_id), document, _grade(where, grade), split)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                where = f"{path}:{number}"
                try:
                    line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise LabelledQuestionsError(f"{where}: not UTF-8 (byte {error.start + 1} of the line).") from error
                if line.strip():
                    yield where, line
    except OSError as error:
        raise LabelledQuestionsError(
            f"{path}: cannot be read ({error.strerror}). Expected a JSONL file of questions or a BEIR folder "
            "with queries.jsonl and qrels/."
        ) from error


def _json_object(where: str, line: str) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise LabelledQuestionsError(f"{where}: not JSON ({error.msg} at character {error.colno}).") from error
    if not isinstance(fields, dict):
        raise LabelledQuestionsError(f"{where}: expected a JSON object, found {type(fields).__name__}.")
    return fields


def _text(where: str, fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise LabelledQuestionsError(f'{where}: "{name}" must be a text that is not empty.')
    return value.strip()


def _grade(where: str, value: object) -> int:
    try:
        grade = int(str(value))
    except ValueError:
        grade = -1
    if grade < 0:
        raise LabelledQuestionsError(
            f"{where}: the grade must be a whole number, 0 (no answer) or more, not {value!r}."
        )
    return grade


def _split(where: str, name: str) -> Split:
    if name.lower() not in _SPLIT_NAMES:
        raise LabelledQuestionsError(f"{where}: the split {name!r} is not one of {', '.join(_SPLIT_NAMES)}.")
    return _SPLIT_NAMES[name.lower()]
