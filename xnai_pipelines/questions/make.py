"""Questions with their answers: labelled ones from a file, or generated ones if there is no file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from xnai_pipelines.questions.feedback import feedback_questions, merged_labels
from xnai_pipelines.questions.generated import Passage, generate_questions
from xnai_pipelines.questions.labelled import LabelledQuestions, read_labelled
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.questions.split import split_by_document
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.judgements import exchange_judgements
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUESTIONS
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.wording import counted

GENERATED_LIMIT = 300
SEED = 0


@dataclass(frozen=True, slots=True)
class QuestionsReport:
    """The questions stored now by origin and split, and what was wrong with the labels."""

    questions: int
    by_origin: dict[str, int]
    by_split: dict[str, int]
    splits_given: bool
    unresolved_rows: int
    unresolved_examples: tuple[str, ...]
    without_answer: int
    overlapping_questions: int
    overlapping_documents: int
    overlap_examples: tuple[str, ...]
    changed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class LabelsRead:
    """The last labels read: whether they have splits, and how many name no stored document."""

    splits_given: bool
    without_answer: int


def make_questions(context: StageContext, labelled: Path | None) -> QuestionsReport:
    """Return what was done to bring the questions in line with the labels, or with the chunks without labels.

    Feedback that people gave while they searched (`home.feedback`) is added to either, also what they gave to services
    on other machines that follow this home.

    Raises:
        LabelledQuestionsError: The file of labels is missing or malformed. The message names the line.
    """
    tables = context.tables
    with stage(context, "questions") as watch:
        tables.ensure(QUESTIONS)
        exchange_judgements(context.home)
        labels = _labels(context, labelled)
        generated = () if labelled else generate_questions(partial(passages_to_ask, tables), GENERATED_LIMIT, SEED)
        found = [*labels.questions, *generated]
        questions = split_by_document(found, SEED)
        changed = set(questions) != set(read_questions(tables))
        if changed:
            tables.replace(QUESTIONS, [question_row(question) for question in questions])
            watch.items = len(questions)
        write_record(_labels_path(context.home), LabelsRead(labels.splits_given, labels.without_answer))
    report = QuestionsReport(
        questions=len(questions),
        by_origin=dict(Counter(str(question.origin) for question in questions)),
        by_split=dict(Counter(str(question.split) for question in questions)),
        splits_given=labels.splits_given,
        unresolved_rows=labels.unresolved.rows,
        unresolved_examples=labels.unresolved.examples,
        without_answer=labels.without_answer,
        overlapping_questions=labels.overlap.questions,
        overlapping_documents=labels.overlap.documents,
        overlap_examples=labels.overlap.examples,
        changed=changed,
        seconds=watch.seconds,
    )
    write_report(context.home, "questions", report)
    return report


def read_questions(tables: Tables) -> list[Question]:
    """Return the stored questions."""
    return [question_of(row) for row in tables.read(QUESTIONS, QUESTIONS.schema.names).to_pylist()]


def question_of(row: Mapping[str, Any]) -> Question:
    """Return a row of the table as a question."""
    return Question(
        question_id=row["question_id"],
        question=row["question"],
        relevant=tuple(Relevant(**relevant) for relevant in row["relevant"]),
        origin=Origin(row["origin"]),
        split=Split(row["split"]),
    )


def question_row(question: Question) -> dict[str, Any]:
    """Return a question as a row of the table."""
    return {**asdict(question), "origin": str(question.origin), "split": str(question.split)}


def lost_labels(home: Home) -> int:
    """Return how many labelled questions named no stored document when labels were last read."""
    labels = read_record(_labels_path(home), LabelsRead)
    return labels.without_answer if labels else 0


def splits_given(home: Home) -> bool:
    """Return whether the stored questions came with splits."""
    labels = read_record(_labels_path(home), LabelsRead)
    return labels is not None and labels.splits_given


def why_untested(home: Home, tables: Tables) -> str:
    """Return why there is no question to test with, and what to do about it."""
    if stored := tables.count(QUESTIONS):
        return (
            f"None of the {counted(stored, 'question')} is in the test split. Put some of them into it, or give none "
            "a split."
        )
    if lost := lost_labels(home):
        return (
            f"No stored document answers the {counted(lost, 'labelled question')}. Name documents in XNAI_QUESTIONS "
            "as `xnai search` prints them."
        )
    if not tables.count(CHUNKS):
        return "No document has text. `xnai status` shows what happened to the files."
    return (
        "No passage has a heading or a sentence that only one document has and that a question can be generated from. "
        "Set XNAI_QUESTIONS to a file of labelled questions."
    )


def _labels_path(home: Home) -> Path:
    return home.state / "questions.json"


def _labels(context: StageContext, path: Path | None) -> LabelledQuestions:
    known = context.tables.pairs(DOCUMENTS, "source", "document_id")
    given = read_labelled(path, known) if path else None
    return merged_labels(given, feedback_questions(context.home.feedback, known), known)


def passages_to_ask(tables: Tables) -> Iterator[Passage]:
    """Yield the passages that questions can be generated from."""
    titles = {row["document_id"]: row["title"] for row in tables.read(DOCUMENTS, ["document_id", "title"]).to_pylist()}
    for batch in tables.stream(CHUNKS, ["chunk_id", "document_id", "heading_path", "text"]):
        for row in batch.to_pylist():
            path: Sequence[str] = row["heading_path"] or ()
            title = titles.get(row["document_id"], "")
            yield Passage(
                chunk_id=row["chunk_id"],
                document_id=row["document_id"],
                title=title,
                heading_path=path,
                text=row["text"],
            )
