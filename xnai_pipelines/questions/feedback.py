"""Feedback: judgements of single answers, and files of labelled questions in the same folder.

A line that cannot be read is skipped, so that a typing error does not stop the nightly evaluation. It is named and
counted among the unresolved rows.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from xnai_pipelines.errors import FeedbackError, LabelledQuestionsError
from xnai_pipelines.questions.files import LabelledRow, json_object, labelled_rows, text_field
from xnai_pipelines.questions.labelled import EXAMPLES, DocumentNames, LabelledQuestions, Unresolved, overlap_of
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split, fault_of, question_id
from xnai_pipelines.state.day_files import file_of_day
from xnai_pipelines.state.json_lines import append_line

LINE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Feedback:
    """A person's judgement whether a document answers a question.

    Attributes:
        question: Question as it was asked.
        source: Source of the document.
        right: Whether the document answers the question.
        at: Time of the judgement.
        who: Person who judged, None if unknown.
        where: File and line of the judgement, "" before it is read back.
    """

    question: str
    source: str
    right: bool
    at: datetime
    who: str | None
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FeedbackFolder:
    """The content of a feedback folder.

    Attributes:
        judgements: Judgements from the earliest to the latest.
        labelled: Rows of the files of labelled questions, sorted by file name.
        malformed: Lines and files that cannot be read, each with its place and the reason.
    """

    judgements: tuple[Feedback, ...]
    labelled: tuple[LabelledRow, ...]
    malformed: tuple[str, ...]


@dataclass(slots=True)
class _Asked:
    """A question with the grades of its documents so far. 0 means that a document does not answer it."""

    question: str
    splits: list[Split] = field(default_factory=list)
    grades: dict[str, int] = field(default_factory=dict)


def record_feedback(
    folder: Path,
    *,
    question: str,
    source: str,
    right: bool,
    at: datetime,
    who: str | None,
    known: Mapping[str, str],
) -> Feedback:
    """Return a judgement after appending it to this machine's file of the day in the folder, synced to disk.

    Args:
        folder: Feedback folder, created if missing.
        question: Question that was asked.
        source: Source of the document, or its record id if that is unique.
        right: Whether the document answers the question.
        at: Time of the judgement, with its time zone.
        who: Person who judged, None if unknown.
        known: document_id by source of every known document.

    Raises:
        FeedbackError: The question cannot be asked, no document has that name, or the file cannot be written.
    """
    text = question.strip()
    if fault := fault_of(text):
        raise FeedbackError(f"The question {fault}.")
    try:
        document_id = DocumentNames(known).resolve(source)
    except LookupError as error:
        raise FeedbackError(f"The source cannot be used: {error.args[0]}{_near(source, known)}") from error
    if source not in known:
        source = next(name for name, known_id in known.items() if known_id == document_id)
    feedback = Feedback(question=text, source=source, right=right, at=at.astimezone(UTC), who=who)
    path = file_of_day(folder, feedback.at.date())
    try:
        _append(path, feedback)
    except UnicodeEncodeError as error:
        raise FeedbackError("The feedback has bytes that are not text.") from error
    except OSError as error:
        raise FeedbackError(f"{path} cannot be written ({error.strerror}).") from error
    return feedback


def read_feedback(folder: Path) -> FeedbackFolder:
    """Return the judgements and labelled questions of a folder's `*.jsonl` files, none if it is missing.

    A line with "right" is a judgement. Any other line is a labelled question as in `read_labelled`.
    """
    judgements, labelled, malformed = [], [], []
    for where, line in _lines(folder):
        try:
            if isinstance(line, OSError):
                raise LabelledQuestionsError(f"{where}: cannot be read ({line.strerror}).")
            fields = _fields(where, line)
            if "right" in fields:
                judgements.append(_judgement(where, fields))
            elif "documents" not in fields:
                raise LabelledQuestionsError(f'{where}: expected "documents", or "source" with "right" and "at".')
            else:
                labelled += labelled_rows(where, fields, given_id="")
        except LabelledQuestionsError as error:
            malformed.append(str(error))
    judgements.sort(key=lambda judgement: judgement.at)
    return FeedbackFolder(tuple(judgements), tuple(labelled), tuple(malformed))


def feedback_questions(folder: Path, known: Mapping[str, str]) -> LabelledQuestions:
    """Return the questions that the feedback of a folder answers.

    Questions that differ only in case or spacing are the same. The last judgement of a question and a document wins,
    also over a file of labelled questions. Only such files may give splits.

    Args:
        folder: Feedback folder.
        known: document_id by source of every known document.

    Returns:
        The questions. Those with only wrong answers are counted as `without_answer`, malformed lines and unknown
        documents as `unresolved`.
    """
    given = read_feedback(folder)
    names, asked, failures = DocumentNames(known), dict[str, _Asked](), list(given.malformed)
    for row in given.labelled:
        one = asked.setdefault(normal_form(row.question or ""), _Asked(row.question or ""))
        if row.split:
            one.splits.append(row.split)
        document_id = _resolved(names, row.where, row.document, failures)
        if document_id:
            one.grades[document_id] = max(one.grades.get(document_id, 0), row.grade)
    for judgement in given.judgements:
        one = asked.setdefault(normal_form(judgement.question), _Asked(judgement.question))
        # A wrong answer from a document that is gone no longer matters.
        document_id = _resolved(names, judgement.where, judgement.source, failures if judgement.right else [])
        if document_id:
            one.grades[document_id] = max(one.grades.get(document_id, 0), 1) if judgement.right else 0
    questions = [_question(normal, one) for normal, one in asked.items() if any(one.grades.values())]
    in_two_splits = [one.question for one in asked.values() if len(set(one.splits)) > 1]
    return LabelledQuestions(
        questions=tuple(questions),
        without_answer=len(asked) - len(questions),
        unresolved=Unresolved(len(failures), tuple(failures[:EXAMPLES])),
        overlap=overlap_of(questions, in_two_splits, known),
        splits_given=any(question.split for question in questions),
    )


def merged_labels(
    labelled: LabelledQuestions | None, feedback: LabelledQuestions, known: Mapping[str, str]
) -> LabelledQuestions:
    """Return labelled questions and feedback together. A question in both has the answers of both.

    It keeps the id and the split of the labelled one. Feedback never removes a label's answer.

    Args:
        labelled: Labelled questions, None if there are none.
        feedback: Result of `feedback_questions`.
        known: document_id by source of every known document.
    """
    if labelled is None:
        return feedback
    added = {normal_form(question.question): question for question in feedback.questions}
    both = [_with_answers(question, added.get(normal_form(question.question))) for question in labelled.questions]
    there = {normal_form(question.question) for question in both}
    questions = (*both, *(question for words, question in added.items() if words not in there))
    overlap = overlap_of(questions, [], known)
    in_two_splits = (*labelled.overlap.question_examples, *feedback.overlap.question_examples)
    failures = (*labelled.unresolved.examples, *feedback.unresolved.examples)
    return LabelledQuestions(
        questions=questions,
        without_answer=labelled.without_answer + feedback.without_answer,
        unresolved=Unresolved(labelled.unresolved.rows + feedback.unresolved.rows, failures[:EXAMPLES]),
        overlap=replace(
            overlap,
            questions=labelled.overlap.questions + feedback.overlap.questions,
            question_examples=in_two_splits[:EXAMPLES],
        ),
        splits_given=any(question.split for question in questions),
    )


def normal_form(question: str) -> str:
    """Return a question in Unicode NFC, without case and with single spaces."""
    return " ".join(unicodedata.normalize("NFC", question).split()).casefold()


def _append(path: Path, feedback: Feedback) -> None:
    fields = {
        "question": feedback.question,
        "source": feedback.source,
        "right": feedback.right,
        "at": feedback.at.isoformat(),
        "who": feedback.who,
    }
    append_line(path, json.dumps(fields, ensure_ascii=False))


def _near(source: str, known: Mapping[str, str]) -> str:
    near = get_close_matches(source, known, n=3, cutoff=0.5)
    nearest = f"; the nearest names are {', '.join(map(repr, near))}" if near else ""
    return f"{nearest}. `xnai search` shows the name of each document that it finds."


def _lines(folder: Path) -> Iterator[tuple[str, bytes | OSError]]:
    """Yield the lines that are not empty with their places. A file that cannot be read yields its error."""
    for path in sorted(folder.glob("[!.]*.jsonl")):
        try:
            with path.open("rb") as file:
                number = 0
                while line := file.readline(LINE_BYTES + 1):
                    number += 1
                    rest = line
                    while len(rest) > LINE_BYTES and not rest.endswith(b"\n"):
                        rest = file.readline(LINE_BYTES + 1)
                    if line.strip():
                        yield f"{path}:{number}", line
        except OSError as error:
            yield str(path), error


def _fields(where: str, line: bytes) -> dict[str, Any]:
    if len(line) > LINE_BYTES:
        raise LabelledQuestionsError(f"{where}: the line is longer than {LINE_BYTES:,} bytes.")
    try:
        fields = json_object(where, line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LabelledQuestionsError(f"{where}: not UTF-8 (byte {error.start + 1} of the line).") from error
    except RecursionError as error:
        raise LabelledQuestionsError(f"{where}: nested too deeply.") from error
    if fault := fault_of(text_field(where, fields, "question")):
        raise LabelledQuestionsError(f"{where}: the question {fault}.")
    return fields


def _judgement(where: str, fields: Mapping[str, Any]) -> Feedback:
    right, at, who = fields["right"], fields.get("at"), fields.get("who")
    try:
        judged_at = datetime.fromisoformat(str(at))
    except ValueError:
        judged_at = datetime.min  # noqa: DTZ901  has no time zone, so it is refused below
    if judged_at.tzinfo is None:
        raise LabelledQuestionsError(f'{where}: "at" must be a time with a time zone, not {at!r}.')
    if not isinstance(right, bool):
        raise LabelledQuestionsError(f'{where}: "right" must be true or false, not {right!r}.')
    question, source = (text_field(where, dict(fields), name) for name in ("question", "source"))
    by = None if who is None else str(who)
    return Feedback(question=question, source=source, right=right, at=judged_at, who=by, where=where)


def _resolved(names: DocumentNames, where: str, document: str, failures: list[str]) -> str | None:
    try:
        return names.resolve(document)
    except LookupError as error:
        failures.append(f"{where}: {error.args[0]}")
        return None


def _question(normal: str, asked: _Asked) -> Question:
    return Question(
        # From the normalised words: the id does not depend on who asks first or in which spelling.
        question_id=question_id(Origin.LABELLED, normal, normal),
        question=asked.question,
        relevant=_relevant(asked.grades),
        origin=Origin.LABELLED,
        split=max(asked.splits, key=list(Split).index, default=None),  # the most held-out one
    )


def _with_answers(question: Question, other: Question | None) -> Question:
    if other is None:
        return question
    there = question.document_ids
    added = tuple(relevant for relevant in other.relevant if relevant.document_id not in there)
    return replace(question, relevant=(*question.relevant, *added), split=question.split or other.split)


def _relevant(grades: Mapping[str, int]) -> tuple[Relevant, ...]:
    return tuple(Relevant(document_id, None, grade) for document_id, grade in grades.items() if grade)
