"""Labelled questions: what people asked, and the documents that they say answer it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.questions.files import LabelledRow, read_beir, read_jsonl
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split, question_id
from xnai_pipelines.questions.resolving import DocumentNames

EXAMPLES = 5

# What is held out most wins: a question that is both trained on and tested is a test question.
_HELD_OUT = {Split.TRAIN: 0, Split.VALIDATION: 1, Split.TEST: 2, None: -1}


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Rows whose document (or question) is not known: how many, and the first of them with the reason."""

    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the given splits share, though they should share nothing.

    Attributes:
        questions: Questions that are in more than one split; each is kept in the most held-out one.
        documents: Documents that answer questions of more than one split.
        training_questions: Training questions answered by a document that also answers a test question.
        question_examples: The first of the questions, by id, or by their words if they have none.
        document_examples: The first of the documents, each with its splits.
    """

    questions: int
    documents: int
    training_questions: int
    question_examples: tuple[str, ...]
    document_examples: tuple[str, ...]

    @property
    def examples(self) -> tuple[str, ...]:
        """The first examples, in words."""
        questions = (f"question in more than one split: {given_id}" for given_id in self.question_examples)
        return (*questions, *(f"document in {example}" for example in self.document_examples))[:EXAMPLES]


@dataclass(frozen=True, slots=True)
class LabelledQuestions:
    """The labelled questions of a file or folder and what was wrong with them.

    Attributes:
        questions: Those with at least one known document that answers them.
        without_answer: Questions left out because no row names a known document that answers them.
        unresolved: Rows that name an unknown or ambiguous document.
        overlap: What the given splits share.
        splits_given: Whether the files say which question is for training and which for tests.
    """

    questions: tuple[Question, ...]
    without_answer: int
    unresolved: Unresolved
    overlap: Overlap
    splits_given: bool


def read_labelled(path: Path, known: Mapping[str, str]) -> LabelledQuestions:
    """Read labelled questions from a BEIR folder or a JSONL file.

    A BEIR folder holds `queries.jsonl` and `qrels/<split>.tsv`; only questions with a row in a qrels file
    count. A JSONL file holds lines like `{"question": "...", "documents": ["guide/install.md"]}`, with "id",
    "grade" and "split" where wanted. A row of grade 0 says that a document does not answer the question.

    Args:
        path: The folder or the file.
        known: document_id by source of every known document.

    Returns:
        The questions, in the order of the file, and what was left out and why.

    Raises:
        LabelledQuestionsError: The path is missing, or a line is malformed; the message names file and line.
    """
    names = DocumentNames(known)
    asked: dict[str, list[LabelledRow]] = {}
    failures = []
    for row in read_beir(path) if path.is_dir() else read_jsonl(path):
        if row.question is None:
            failures.append(f"{row.where}: no question has the id {row.given_id!r}")
        else:
            asked.setdefault(row.given_id, []).append(row)

    questions, in_two_splits = [], []
    for rows_of_question in asked.values():
        split = max((row.split for row in rows_of_question), key=_HELD_OUT.__getitem__)
        kept = [row for row in rows_of_question if row.split is split]
        if len(kept) < len(rows_of_question):
            in_two_splits.append(kept[0].given_id)
        grades: dict[str, int] = {}
        for row in kept:
            if row.grade == 0:
                continue
            try:
                document_id = names.resolve(row.document)
            except LookupError as error:
                failures.append(f"{row.where}: {error.args[0]}")
                continue
            grades[document_id] = max(grades.get(document_id, 0), row.grade)
        if grades:
            questions.append(_question(kept[0], grades, split))
    return LabelledQuestions(
        questions=tuple(questions),
        without_answer=len(asked) - len(questions),
        unresolved=Unresolved(len(failures), tuple(failures[:EXAMPLES])),
        overlap=_overlap(questions, in_two_splits, known),
        splits_given=any(question.split for question in questions),
    )


def _question(row: LabelledRow, grades: Mapping[str, int], split: Split | None) -> Question:
    text = row.question or ""
    return Question(
        question_id=question_id(Origin.LABELLED, text, row.given_id),
        question=text,
        relevant=tuple(Relevant(document_id, None, grade) for document_id, grade in grades.items()),
        origin=Origin.LABELLED,
        split=split,
    )


def _overlap(questions: Iterable[Question], in_two_splits: list[str], known: Mapping[str, str]) -> Overlap:
    splits_of: dict[str, set[Split]] = {}
    for question in questions:
        if question.split:
            for document_id in question.document_ids:
                splits_of.setdefault(document_id, set()).add(question.split)
    shared = {document_id: splits for document_id, splits in splits_of.items() if len(splits) > 1}
    tested = {document_id for document_id, splits in splits_of.items() if Split.TEST in splits}
    source_of = {document_id: source for source, document_id in known.items()}
    examples = [f"{', '.join(sorted(splits))}: {source_of[document_id]}" for document_id, splits in shared.items()]
    return Overlap(
        questions=len(in_two_splits),
        documents=len(shared),
        training_questions=sum(
            question.split is Split.TRAIN and not tested.isdisjoint(question.document_ids) for question in questions
        ),
        question_examples=tuple(in_two_splits[:EXAMPLES]),
        document_examples=tuple(examples[:EXAMPLES]),
    )
