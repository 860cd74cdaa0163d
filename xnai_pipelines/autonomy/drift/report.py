"""What changed since a release, with the evidence: the contract between the tests, their plots and the sensor."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Part(StrEnum):
    """What a test looks at."""

    MODEL = "model"
    INDEX = "index"
    LABELS = "labels"
    DOCUMENTS = "documents"
    QUESTIONS = "questions"


class Cause(StrEnum):
    """Why accuracy may have fallen."""

    NONE = "none"
    NEW_DOCUMENTS = "new_documents"
    NEW_QUESTIONS = "new_questions"
    DOCUMENTS_AND_QUESTIONS = "documents_and_questions"
    INDEX_FAULT = "index_fault"
    MODEL_FAULT = "model_fault"
    MISSING_DOCUMENTS = "missing_documents"

    @property
    def trainable(self) -> bool:
        """Whether training may mend it. True where no cause was found, since nothing then speaks against it."""
        return self not in (Cause.INDEX_FAULT, Cause.MODEL_FAULT, Cause.MISSING_DOCUMENTS)


@dataclass(frozen=True, slots=True)
class DriftTest:
    """One thing that may have changed.

    Attributes:
        part: What it is about.
        what: What was looked at, as a noun.
        statistic: How the change is measured.
        value: The change; None where it was not measured, and `words` say why.
        low: Lower end of the 95 % interval; None where nothing is drawn by chance, or too little is there to tell.
        high: Upper end.
        p: Chance of as large a change between two samples of one corpus; None as above.
        threshold: From which size on it matters.
        drifted: Whether it is of that size and more than chance.
        words: What was found, as a clause.
    """

    part: Part
    what: str
    statistic: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    threshold: float
    drifted: bool
    words: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What changed since a release.

    Attributes:
        release: The release that is compared with.
        reference_at: When its profile was taken.
        current_at: When the current one was.
        tests: In the order in which causes are looked for.
        cause: The first fault, or else what drifted.
        trainable: Whether training may mend the cause.
        conclusion: The cause in one sentence.
    """

    release: int
    reference_at: datetime
    current_at: datetime
    tests: tuple[DriftTest, ...]
    cause: Cause
    trainable: bool
    conclusion: str
