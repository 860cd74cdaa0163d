"""Known answers of labelled questions: `answers.jsonl` beside the questions, a line per question.

    {"question_id": "q1", "document_id": "guide.md", "answers": [{"text": "308", "start": 34}]}

`question_id` is the question's id in the questions file, or its text if it has none; `document_id` a source or record
id. `start` is where the answer stands in the record; the stored text may have a title before it, so the occurrence
nearest to it counts.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from xnai_pipelines.errors import LabelledQuestionsError
from xnai_pipelines.questions.files import json_object, numbered_lines, read_rows
from xnai_pipelines.questions.labelled import DocumentNames
from xnai_pipelines.questions.question import Origin, question_id

FILE = "answers.jsonl"


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """Where an answer stands in a stored document: `text == document.text[start:end]`."""

    document_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Gold:
    """Known answers by question_id.

    Attributes:
        answers: The answers.
        left_out: Those that stand in no stored document or belong to no question: their lines, and which of the two.
    """

    answers: Mapping[str, Sequence[GoldAnswer]]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredText:
    """The text of a stored document and its title."""

    title: str
    text: str


StoredTexts: TypeAlias = Callable[[Collection[str]], Mapping[str, StoredText]]
"""Returns stored documents by document_id; those that are gone are missing."""


def read_gold(labelled: Path | None, sources: Mapping[str, str], texts: StoredTexts) -> Gold:
    """Return the known answers.

    Args:
        labelled: Folder or file of the labelled questions; None if there are none.
        sources: document_id by source of every stored document.
        texts: Returns stored documents.

    Raises:
        LabelledQuestionsError: A line is malformed. The message names file and line.
    """
    path = labelled and (labelled if labelled.is_dir() else labelled.parent) / FILE
    if not labelled or not path or not path.is_file():
        return Gold({})
    names = DocumentNames(sources)
    ids = {
        row.given_id: question_id(Origin.LABELLED, row.question, row.given_id)
        for row in read_rows(labelled)
        if row.question
    }
    found: dict[str, list[GoldAnswer]] = {}
    left_out = []
    lines = [(_resolved(names, line[2]), line) for line in _answers(path)]
    stored = texts({document_id for document_id, _ in lines})
    for document_id, (where, given_id, document, text, start) in lines:
        answer = _located(document_id, stored[document_id], text, start) if document_id in stored else None
        if answer and given_id in ids:
            found.setdefault(ids[given_id], []).append(answer)
        elif given_id not in ids:
            left_out.append(f"{where}: there is no question {given_id!r}")
        else:
            left_out.append(f"{where}: {text!r} is not in the document {document!r}")
    return Gold(found, tuple(left_out))


def _answers(path: Path) -> Iterator[tuple[str, str, str, str, int]]:
    for where, line in numbered_lines(path):
        fields = json_object(where, line)
        try:
            for answer in fields["answers"]:
                if not isinstance(answer["text"], str) or not answer["text"]:
                    raise ValueError
                yield (
                    where,
                    str(fields["question_id"]),
                    str(fields["document_id"]),
                    answer["text"],
                    int(answer.get("start", 0)),
                )
        except (KeyError, TypeError, ValueError) as error:
            raise LabelledQuestionsError(
                f'{where}: not {{"question_id": ..., "document_id": ..., "answers": [{{"text": "...", "start": 0}}]}}.'
            ) from error


def _resolved(names: DocumentNames, document: str) -> str:
    """Return the id of a document; "" if there is none, or more than one."""
    try:
        return names.resolve(document)
    except LookupError:
        return ""


def _located(document_id: str, stored: StoredText, text: str, start: int) -> GoldAnswer | None:
    wanted = start + (len(stored.title) + 2 if stored.title and stored.text.startswith(stored.title) else 0)
    after, before = stored.text.find(text, wanted), stored.text.rfind(text, 0, wanted + len(text))
    places = [place for place in (after, before) if place >= 0]
    if not places:
        return None
    at = min(places, key=lambda place: abs(place - wanted))
    return GoldAnswer(document_id, at, at + len(text), text)
