"""A question with the documents that answer it: what retrieval is evaluated on and trained from."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Who asked: a person who also named the answer, or a rule that took both from the text."""

    LABELLED = "labelled"
    GENERATED = "generated"


class Split(StrEnum):
    """What a question may be used for. Nothing of a test question ever feeds training."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Relevant:
    """A document that answers a question, the chunk in it where that is known, and how well (1 or more)."""

    document_id: str
    chunk_id: str | None
    grade: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its answers, where it comes from, and its split (None until it has one)."""

    question_id: str
    question: str
    relevant: tuple[Relevant, ...]
    origin: Origin
    split: Split | None

    @property
    def document_ids(self) -> frozenset[str]:
        """The documents that answer it."""
        return frozenset(relevant.document_id for relevant in self.relevant)


def question_id(origin: Origin, question: str, given_id: str = "") -> str:
    """Return the id of a question, 32 hex digits: the same in every run for the same words and given id."""
    # The NUL keeps ("ab", "c") and ("a", "bc") apart; no text of a question contains one.
    return hashlib.sha256("\0".join((origin, question, given_id)).encode()).hexdigest()[:32]
