"""The drift report: what changed since a release, with the evidence. Tests, plots and the sensor share it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xnai_pipelines.evaluation.markdown import markdown_table


class Area(StrEnum):
    """The area of a test."""

    MODEL = "model"
    INDEX = "index"
    LABELS = "labels"
    DOCUMENTS = "documents"
    QUESTIONS = "questions"
    RANKING = "ranking"


class Cause(StrEnum):
    """Why accuracy may have fallen."""

    NONE = "none"
    NEW_DOCUMENTS = "new_documents"
    NEW_QUESTIONS = "new_questions"
    DOCUMENTS_AND_QUESTIONS = "documents_and_questions"
    RANKING_POLICY = "ranking_policy"
    INDEX_FAULT = "index_fault"
    MODEL_FAULT = "model_fault"
    MISSING_DOCUMENTS = "missing_documents"

    @property
    def trainable(self) -> bool:
        """Whether training may fix it. True if no cause was found, because nothing then rules out training."""
        return self not in (Cause.INDEX_FAULT, Cause.MODEL_FAULT, Cause.MISSING_DOCUMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTest:
    """One test for a change.

    Attributes:
        part: Area of the test.
        what: Name of the test.
        statistic: Measure of the change.
        value: Size of the change, None if it was not measured; `words` then give the reason.
        low: Lower end of the 95 % interval, None if nothing is sampled or there is too little data.
        high: Upper end of the 95 % interval, None as above.
        p: Probability of as large a change between two samples of one corpus, None as above.
        threshold: Size from which the change matters.
        drifted: Whether the change has that size and is significant.
        words: Result as a clause.
    """

    part: Area
    what: str
    statistic: str
    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    threshold: float
    drifted: bool
    words: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What changed since a release.

    Attributes:
        release: Release that is compared with.
        reference_at: Time of its profile.
        current_at: Time of the current profile.
        tests: Tests in the order in which causes are looked for.
        cause: First fault, or else what drifted.
        trainable: Whether training may fix the cause.
        conclusion: Cause in one sentence.
    """

    release: int
    reference_at: datetime
    current_at: datetime
    tests: tuple[DriftTest, ...]
    cause: Cause
    trainable: bool
    conclusion: str


def report_markdown(report: DriftReport) -> str:
    """Return the conclusion and a table of all tests as Markdown, with drifted tests in bold."""
    remedy = "" if report.cause is Cause.NONE else f"; training {'may' if report.trainable else 'cannot'} fix it"
    heading = (
        f"**{report.conclusion}**\n\n"
        f"Cause: {report.cause.replace('_', ' ')}{remedy}. "
        f"Reference: release {report.release}, {report.reference_at:%Y-%m-%d %H:%M}. "
        f"Current: {report.current_at:%Y-%m-%d %H:%M}.\n\n"
    )
    columns = ["area", "test", "statistic", "value", "95 % CI", "p", "threshold", "result"]
    return heading + markdown_table(columns, [_row(test) for test in report.tests])


def _row(test: DriftTest) -> list[str]:
    interval = "" if test.low is None or test.high is None else f"{test.low:.3f} to {test.high:.3f}"
    return [
        test.part,
        f"**{test.what}**" if test.drifted else test.what,
        test.statistic,
        "" if test.value is None else f"{test.value:.3f}",
        interval,
        "" if test.p is None else f"{test.p:.4f}",
        f"{test.threshold:g}",
        test.words,
    ]
