"""A question with the documents that answer it: what retrieval is evaluated on and trained from."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

LONGEST_QUESTION = 4_000  # characters; the encoder reads far fewer


class Origin(StrEnum):
    """Who asked: a person who also named the answer, or a rule that took both from a document."""

    LABELLED = "labelled"
    GENERATED = "generated"


class Split(StrEnum):
    """What a question may be used for. Nothing from a test question is ever used in training."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Relevant:
    """A document that answers a question, its chunk if known, and the grade of the answer (1 or more)."""

    document_id: str
    chunk_id: str | None
    grade: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its answers, its origin, and its split (None until assigned)."""

    question_id: str
    question: str
    relevant: tuple[Relevant, ...]
    origin: Origin
    split: Split | None

    @property
    def document_ids(self) -> frozenset[str]:
        """Ids of the documents that answer it."""
        return frozenset(relevant.document_id for relevant in self.relevant)


def fault_of(question: str) -> str | None:
    """Return why a question cannot be asked, as the rest of a sentence about it; None if it can."""
    if not question.strip():
        return "is empty"
    try:
        question.encode()
    except UnicodeEncodeError as error:
        return f"is not valid text: character {error.start + 1} is half of one"
    if len(question) > LONGEST_QUESTION:
        return f"has {len(question):,} characters; the max is {LONGEST_QUESTION:,}"
    if not any(map(str.isalnum, question)):
        return "has no letter or digit to search for"
    return None


def question_id(origin: Origin, question: str, given_id: str = "") -> str:
    """Return the id of a question, 32 hexadecimal digits. It depends only on origin, text and given id."""
    # NUL separates ("ab", "c") from ("a", "bc"). No question contains one.
    return hashlib.sha256("\0".join((origin, question, given_id)).encode()).hexdigest()[:32]
