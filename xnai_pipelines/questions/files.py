"""Reads the two file formats of labelled questions line by line, so that an error can name its line."""

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
    """One label as the file gives it: a question, the name of a document, and its grade.

    `question` is None if a qrels file names a question that is not in queries.jsonl.
    """

    where: str
    given_id: str
    question: str | None
    document: str
    grade: int
    split: Split | None


def read_rows(path: Path) -> Iterator[LabelledRow]:
    """Yield the labels of a BEIR folder or a JSONL file.

    Raises:
        LabelledQuestionsError: The path is missing, or a line is malformed. The message names file and line.
    """
    return _read_beir(path) if path.is_dir() else _read_jsonl(path)


def _read_jsonl(path: Path) -> Iterator[LabelledRow]:
    """Yield a row per document of each line `{"question": ..., "documents": [...]}`."""
    seen: dict[str, str] = {}
    for where, line in numbered_lines(path):
        fields = json_object(where, line)
        question = text_field(where, fields, "question")
        given_id = question if fields.get("id") is None else str(fields["id"])
        if given_id in seen:
            raise LabelledQuestionsError(
                f"{where}: repeats the question of {seen[given_id]}. List all its documents on one line, "
                'or give the two lines different values of "id".'
            )
        seen[given_id] = where
        yield from labelled_rows(where, fields, given_id)


def labelled_rows(where: str, fields: dict[str, Any], given_id: str) -> list[LabelledRow]:
    """Return a row per document of a line's fields.

    Raises:
        LabelledQuestionsError: A field is missing or malformed.
    """
    question, documents = text_field(where, fields, "question"), fields.get("documents")
    if not isinstance(documents, list) or not documents or not all(isinstance(name, str) for name in documents):
        raise LabelledQuestionsError(
            f'{where}: "documents" must be a list with at least one source, like ["guide/install.md"].'
        )
    grade = _grade(where, fields.get("grade", 1))
    split = None if fields.get("split") is None else _split(where, str(fields["split"]))
    return [
        LabelledRow(where=where, given_id=given_id, question=question, document=document, grade=grade, split=split)
        for document in documents
    ]


def _read_beir(folder: Path) -> Iterator[LabelledRow]:
    """Yield a row per line of `qrels/*.tsv`: question id, document id, grade. The file's name is the split."""
    questions: dict[str, str] = {}
    for where, line in numbered_lines(folder / "queries.jsonl"):
        fields = json_object(where, line)
        if not isinstance(fields.get("_id"), str | int):
            raise LabelledQuestionsError(f'{where}: "_id" is missing.')
        questions[str(fields["_id"])] = text_field(where, fields, "text")
    qrels = sorted((folder / "qrels").glob("*.tsv"))
    if not qrels:
        raise LabelledQuestionsError(f"{folder / 'qrels'}: has no train.tsv, dev.tsv or test.tsv.")
    for path in qrels:
        split = _split(str(path), path.stem)
        for number, (where, line) in enumerate(numbered_lines(path)):
            columns = line.split("\t")
            if len(columns) != 3:
                raise LabelledQuestionsError(
                    f"{where}: expected 3 columns separated by tabs (question id, document id, grade), "
                    f"found {len(columns)}."
                )
            given_id, document, grade = (column.strip() for column in columns)
            if number == 0 and not grade.lstrip("-").isdigit():
                continue  # the heading "query-id corpus-id score"
            yield LabelledRow(
                where=where,
                given_id=given_id,
                question=questions.get(given_id),
                document=document,
                grade=_grade(where, grade),
                split=split,
            )


def numbered_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each line of a file that is not blank, with where it is: `file:number`.

    Raises:
        LabelledQuestionsError: The file cannot be read, or is not UTF-8.
    """
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
            f"{path}: cannot be read ({error.strerror}). Expected a JSONL file of questions, or a BEIR folder "
            "with queries.jsonl and qrels/. XNAI_QUESTIONS=none goes back to generated questions."
        ) from error


def json_object(where: str, line: str) -> dict[str, Any]:
    """Return the JSON object of a line.

    Raises:
        LabelledQuestionsError: The line is not a JSON object.
    """
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise LabelledQuestionsError(f"{where}: not JSON ({error.msg} at character {error.colno}).") from error
    if not isinstance(fields, dict):
        raise LabelledQuestionsError(f"{where}: expected a JSON object, found {type(fields).__name__}.")
    return fields


def text_field(where: str, fields: dict[str, Any], name: str) -> str:
    """Return a field's text without outer white space.

    Raises:
        LabelledQuestionsError: The field is missing, empty or not a string.
    """
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise LabelledQuestionsError(f'{where}: "{name}" must be a string that is not empty.')
    return value.strip()


def _grade(where: str, value: object) -> int:
    try:
        return max(int(str(value)), 0)  # TREC writes -1 and -2 for junk that was judged
    except ValueError:
        raise LabelledQuestionsError(f"{where}: the grade must be an integer, not {value!r}.") from None


def _split(where: str, name: str) -> Split:
    if name.lower() not in _SPLIT_NAMES:
        raise LabelledQuestionsError(f"{where}: the split {name!r} is not one of {', '.join(_SPLIT_NAMES)}.")
    return _SPLIT_NAMES[name.lower()]
