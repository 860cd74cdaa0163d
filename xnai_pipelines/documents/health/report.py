"""What an inspection found, for people, for the check and for later inspections."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from xnai_pipelines.documents.health.demand import Topic
from xnai_pipelines.documents.health.finding import Finding, Severity
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.wording import counted

FIRST = 5


@dataclass(frozen=True, slots=True)
class DocumentHealth:
    """The health of a document.

    Attributes:
        source: Source of the document.
        title: Title.
        score: Score, 0 to 1.
        aspects: Scores of the aspects that apply.
        priority: How often questions land on it times what its score lacks; without questions, what its score lacks.
        landings: How often questions land on it, None if that was not measured.
        changed_at: Time of its last change or review.
        dated_by: What says so: git, front matter, text or file.
        words: Number of words.
        reading_ease: Reading ease, None if not scored.
        citations: How often it refers to a source.
        status: Status by its front matter, None without one.
        findings: What is wrong with it, worst first; at most 20 of a kind.
        counts: Number of findings by kind.
    """

    source: str
    title: str
    score: float
    aspects: Mapping[str, float]
    priority: float
    landings: float | None
    changed_at: datetime
    dated_by: str
    words: int
    reading_ease: float | None
    citations: int
    status: str | None
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The health of all documents.

    Attributes:
        inspected_at: Time of the inspection.
        documents: Number of documents.
        score: Mean score.
        freshness: Mean freshness.
        aspects: Mean score by aspect, over the documents that it applies to.
        findings: Number of findings by kind.
        severities: Number of findings by severity.
        unhealthy: Number of documents below the threshold of quality.
        statuses: Number of documents by the status that their front matter states.
        untranslated: Number of pages of the original that each language lacks.
        questions: Questions searched for, None without a release.
        topics: Questions that nothing answers, by topic.
        first: Documents to fix first, the most urgent first.
        pages: Every document, the most urgent first.
        seconds: Duration.
    """

    inspected_at: datetime
    documents: int
    score: float
    freshness: float
    aspects: Mapping[str, float]
    findings: Mapping[str, int]
    severities: Mapping[str, int]
    unhealthy: int
    statuses: Mapping[str, int]
    untranslated: Mapping[str, int]
    questions: int | None
    topics: tuple[Topic, ...]
    first: tuple[str, ...]
    pages: tuple[DocumentHealth, ...]
    seconds: float

    def figures(self) -> dict[str, float]:
        """Return what a monitoring system would plot: plain numbers by name."""
        return {
            "documents": float(self.documents),
            "unhealthy": float(self.unhealthy),
            "score": self.score,
            "unanswered_questions": float(sum(topic.questions for topic in self.topics)),
            **{f"aspect.{name}": value for name, value in self.aspects.items()},
            **{f"findings.{name}": float(count) for name, count in self.findings.items()},
            **{f"severity.{name}": float(count) for name, count in self.severities.items()},
        }


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """One inspection in the history."""

    inspected_at: datetime
    documents: int
    score: float
    freshness: float
    unhealthy: int
    severities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HealthHistory:
    """Past inspections, oldest first."""

    points: tuple[HealthPoint, ...] = ()


def objections(point: HealthPoint, rules: HealthRules) -> tuple[str, ...]:
    """Return why the documents as a whole are unhealthy, nothing if they are not."""
    reasons = []
    if point.score < rules.quality:
        reasons.append(f"The mean score is {point.score:.2f}, below {rules.quality:g} (XNAI_HEALTH_QUALITY).")
    if point.freshness < rules.freshness:
        reasons.append(
            f"The mean freshness is {point.freshness:.2f}, below {rules.freshness:g} (XNAI_HEALTH_FRESHNESS)."
        )
    errors = point.severities.get(Severity.ERROR, 0)
    if errors:
        reasons.append(f"{counted(errors, 'error')}, such as links to files that do not exist.")
    return tuple(reasons)


def worsened(history: HealthHistory, rules: HealthRules) -> tuple[str, ...]:
    """Return what the last inspection objects to if the one before objected to less, or there was none."""
    if not history.points:
        return ()
    now = objections(history.points[-1], rules)
    before = objections(history.points[-2], rules) if len(history.points) > 1 else ()
    return now if len(now) > len(before) else ()
