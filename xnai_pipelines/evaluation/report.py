"""What an evaluation found: the contract between evaluation, its plots, MLflow and the Dagster face."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from pydantic import TypeAdapter

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.questions.question import Origin, Split

Setting: TypeAlias = str | int | float | bool | None


class Level(StrEnum):
    """What counts as found: the right document, or the right chunk of it."""

    DOCUMENT = "document"
    CHUNK = "chunk"


@dataclass(frozen=True, slots=True)
class Section:
    """The figures of one search mode on one set of questions. `split` is None for all splits together.

    A question whose search raised counts 0 in every metric and 1 in `errors`.
    """

    origin: Origin
    split: Split | None
    level: Level
    mode: str
    questions: int
    errors: int
    metrics: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Headline:
    """The questions whose figures stand for an origin, and in words why these."""

    origin: Origin
    split: Split | None
    questions: int
    statement: str


@dataclass(frozen=True, slots=True)
class Calls:
    """The searches of one mode: how many raised, and the latency of the others in milliseconds."""

    mode: str
    calls: int
    errors: int
    first_error: str | None
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class WorstQuestion:
    """A question that search served badly: the sources that answer it and the first ones found."""

    question: str
    relevant: tuple[str, ...]
    found: tuple[str, ...]
    first_relevant_rank: int | None
    ndcg_at_10: float
    error: str | None


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The figures of one evaluation.

    Attributes:
        fingerprint: Equal for two evaluations that must give the same figures.
        question_set: Hash of the questions; figures on different sets cannot be compared.
        evaluated_at: When it ended, UTC.
        modes: Search modes, in the order asked.
        depth: Chunks asked of each search: the latency is that of such a search, and recall@100 of documents is that
            of the documents among so many chunks.
        settings: What else the figures depend on.
        headlines: The questions that stand for each origin, labelled before generated.
        sections: Figures by origin, split, level and mode; labelled and generated ones are never mixed.
        calls: Latency and errors by mode.
        worst_mode: The mode that `worst` is about.
        worst: At most 20 of the first headline's questions, worst first.
    """

    fingerprint: str
    question_set: str
    evaluated_at: datetime
    modes: tuple[str, ...]
    depth: int
    settings: Mapping[str, Setting]
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]
    calls: tuple[Calls, ...]
    worst_mode: str
    worst: tuple[WorstQuestion, ...]

    @property
    def headline(self) -> Headline:
        """The questions whose figures a reader sees first."""
        return self.headlines[0]

    def sections_of(self, headline: Headline, level: Level = Level.DOCUMENT) -> tuple[Section, ...]:
        """Return the sections of a headline's questions, one a mode; none where they have no such level."""
        wanted = (headline.origin, headline.split, level)
        return tuple(section for section in self.sections if (section.origin, section.split, section.level) == wanted)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return _REPORT.dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> "EvaluationReport":
        """Return the report that `to_json` wrote.

        Raises:
            pydantic.ValidationError: The text is not such a report; the message names the fields.
        """
        return _REPORT.validate_json(text)


_REPORT: TypeAdapter[EvaluationReport] = TypeAdapter(EvaluationReport)
