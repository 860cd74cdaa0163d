"""Labelled questions: questions that people asked, with the documents that answer them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.documents.identity import source_name
from xnai_pipelines.questions.files import LabelledRow, read_rows
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split, fault_of, question_id

EXAMPLES = 5

# The most held-out split wins: a question in both train and test is a test question.
_HELD_OUT = {Split.TRAIN: 0, Split.VALIDATION: 1, Split.TEST: 2, None: -1}


class DocumentNames:
    """The documents by source, and by the record id after a `#` in the source if that is unique.

    BEIR's qrels name a document "4983", and its source is "corpus.jsonl#4983".
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._by_source = known
        self._by_record: dict[str, set[str]] = {}
        for source, document_id in known.items():
            # Folders and record ids may contain "#" too: every part after one is a possible record id.
            _, *parts = source.split("#")
            for at in range(len(parts)):
                self._by_record.setdefault("#".join(parts[at:]), set()).add(document_id)

    def resolve(self, name: str) -> str:
        """Return the document id of a source or record id.

        Raises:
            LookupError: No document, or more than one, has that name. The message says which.
        """
        source = source_name(name)
        if source in self._by_source:
            return self._by_source[source]
        found = self._by_record.get(name, set()) or self._by_record.get(source, set())
        if len(found) == 1:
            return next(iter(found))
        raise LookupError(f"{f'{len(found)} documents are' if found else 'no document is'} named {name!r}")

    def hint(self, name: str) -> str:
        """Return the one document that has this name in another folder or in other letters, as a question; else ""."""
        last = _last_part(name)
        alike = [source for source in self._by_source if _last_part(source) == last]
        return f"; is it {alike[0]!r}?" if len(alike) == 1 else ""


def _last_part(source: str) -> str:
    return source.rpartition("/")[2].casefold()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Rows with an unknown document or question: their number, and the first of them with the reason."""

    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the given splits share, although they should share nothing.

    Attributes:
        questions: Number of questions in more than one split. Each is kept in the most held-out one.
        documents: Number of documents that answer questions of more than one split.
        question_examples: First of the questions, by id, or by text if they have no id.
        document_examples: First of the documents, each with its splits.
    """

    questions: int
    documents: int
    question_examples: tuple[str, ...]
    document_examples: tuple[str, ...]

    @property
    def examples(self) -> tuple[str, ...]:
        """The first examples as text."""
        questions = (f"question in more than one split: {given_id}" for given_id in self.question_examples)
        return (*questions, *(f"document in {example}" for example in self.document_examples))[:EXAMPLES]


@dataclass(frozen=True, slots=True)
class LabelledQuestions:
    """The labelled questions of a file or folder, and what was wrong with them.

    Attributes:
        questions: Questions with at least one known document that answers them.
        without_answer: Number of questions dropped because no row names a known document that answers them.
        unresolved: Rows that name an unknown or ambiguous document.
        overlap: What the given splits share.
        splits_given: Whether the files assign questions to splits.
    """

    questions: tuple[Question, ...]
    without_answer: int
    unresolved: Unresolved
    overlap: Overlap
    splits_given: bool


def read_labelled(path: Path, known: Mapping[str, str]) -> LabelledQuestions:
    """Return the labelled questions of a BEIR folder or a JSONL file.

    A BEIR folder has `queries.jsonl` and `qrels/<split>.tsv`. Only questions with a row in a qrels file count. A JSONL
    file has lines like `{"question": "...", "documents": ["guide/install.md"]}`, with optional "id", "grade" and
    "split". A row of grade 0 means that a document does not answer the question.

    Args:
        path: Folder or file.
        known: document_id by source of every known document.

    Returns:
        The questions in the order of the file, and what was dropped and why.

    Raises:
        LabelledQuestionsError: The path is missing, or a line is malformed. The message names file and line.
    """
    names = DocumentNames(known)
    asked: dict[str, list[LabelledRow]] = {}
    failures = []
    for row in read_rows(path):
        if row.question is None:
            failures.append(f"{row.where}: no question has the id {row.given_id!r}")
        elif fault := fault_of(row.question):
            failures.append(f"{row.where}: the question {fault}")
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
                hint = names.hint(row.document) if len(failures) < EXAMPLES else ""
                failures.append(f"{row.where}: {error.args[0]}{hint}")
                continue
            grades[document_id] = max(grades.get(document_id, 0), row.grade)
        if grades:
            questions.append(_question(kept[0], grades, split))
    return LabelledQuestions(
        questions=tuple(questions),
        without_answer=len(asked) - len(questions),
        unresolved=Unresolved(len(failures), tuple(failures[:EXAMPLES])),
        overlap=overlap_of(questions, in_two_splits, known),
        splits_given=any(question.split for question in questions),
    )


def check_labelled(path: Path) -> None:
    """Read a file or folder of labelled questions and keep nothing.

    Raises:
        LabelledQuestionsError: The path is missing, or a line is malformed. The message names file and line.
    """
    for _ in read_rows(path):
        pass


def _question(row: LabelledRow, grades: Mapping[str, int], split: Split | None) -> Question:
    text = row.question or ""
    return Question(
        question_id=question_id(Origin.LABELLED, text, row.given_id),
        question=text,
        relevant=tuple(Relevant(document_id, None, grade) for document_id, grade in grades.items()),
        origin=Origin.LABELLED,
        split=split,
    )


def overlap_of(questions: Iterable[Question], in_two_splits: list[str], known: Mapping[str, str]) -> Overlap:
    """Return what the splits of the questions share.

    Args:
        questions: Questions with their splits, if they have one.
        in_two_splits: Names of the questions that are in more than one split.
        known: document_id by source of every known document.
    """
    splits_of: dict[str, set[Split]] = {}
    for question in questions:
        if question.split:
            for document_id in question.document_ids:
                splits_of.setdefault(document_id, set()).add(question.split)
    shared = {document_id: splits for document_id, splits in splits_of.items() if len(splits) > 1}
    source_of = {document_id: source for source, document_id in known.items()}
    examples = [f"{', '.join(sorted(splits))}: {source_of[document_id]}" for document_id, splits in shared.items()]
    return Overlap(
        questions=len(in_two_splits),
        documents=len(shared),
        question_examples=tuple(in_two_splits[:EXAMPLES]),
        document_examples=tuple(examples[:EXAMPLES]),
    )
