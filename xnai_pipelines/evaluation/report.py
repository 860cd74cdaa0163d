"""The evaluation report: what evaluation, plots, MLflow and Dagster share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.questions.question import Origin, Split

Setting: TypeAlias = str | int | float | bool | None


class Level(StrEnum):
    """What counts as found: the right document, or its right chunk."""

    DOCUMENT = "document"
    CHUNK = "chunk"


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """The figures of one search mode on one set of questions. `split` is None for all splits together.

    A question whose search raised counts as 0 in every metric and as 1 in `errors`.
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
    """The questions that represent an origin, and a statement of which they are."""

    origin: Origin
    split: Split | None
    questions: int
    statement: str


@dataclass(frozen=True, slots=True)
class Calls:
    """The searches of one mode: the number that raised, and the latency of the others in milliseconds."""

    mode: str
    calls: int
    errors: int
    first_error: str | None
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class WorstQuestion:
    """A question with a poor result: the sources that answer it and the first ones found."""

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
        fingerprint: Hash that is equal for evaluations that must give the same figures.
        question_set: Hash of the questions. Figures on different sets cannot be compared.
        evaluated_at: Time of the end, UTC.
        modes: Search modes in the order asked.
        depth: Chunks per search. Latency is measured with this many; recall@100 of documents counts those among them.
        settings: Other values that the figures depend on.
        headlines: Questions that represent each origin, labelled before generated.
        sections: Figures by origin, split, level and mode. Labelled and generated questions are never mixed.
        calls: Latency and errors by mode.
        worst_mode: Mode of `worst`.
        worst: At most 20 of the first headline's questions, worst first.
    """

    fingerprint: str
    question_set: str
    evaluated_at: datetime
    modes: tuple[str, ...]
    depth: int
    settings: Mapping[str, Setting]
    headlines: tuple[Headline, ...]
    sections: tuple[ModeFigures, ...]
    calls: tuple[Calls, ...]
    worst_mode: str
    worst: tuple[WorstQuestion, ...]

    @property
    def headline(self) -> Headline:
        """The questions that a reader sees first."""
        return self.headlines[0]

    def sections_of(self, headline: Headline, level: Level = Level.DOCUMENT) -> tuple[ModeFigures, ...]:
        """Return the sections of a headline's questions, one per mode; none if they lack the level."""
        wanted = (headline.origin, headline.split, level)
        return tuple(section for section in self.sections if (section.origin, section.split, section.level) == wanted)


@dataclass(frozen=True, slots=True)
class PastEvaluation:
    """A tracked evaluation: the time it ended (UTC), its figures (`tracked_metrics`) and its tags."""

    run_id: str
    evaluated_at: datetime
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


def metric_name(origin: Origin, mode: str, metric: str, level: Level = Level.DOCUMENT) -> str:
    """Return the name of a figure: "labelled.hybrid.ndcg_at_10", "generated.vector.chunk.recall_at_1"."""
    return ".".join((origin, mode, *([level] if level is Level.CHUNK else []), metric))


def tracked_metrics(report: EvaluationReport) -> dict[str, float]:
    """Return the figures of the headlines' questions by name, with their bounds as `..._low` and `..._high`.

    Also returns "labelled.questions" and, per mode over all searches, "hybrid.latency_ms_p50", "hybrid.latency_ms_p95"
    and "hybrid.error_rate".
    """
    metrics: dict[str, float] = {}
    for headline in report.headlines:
        metrics[f"{headline.origin}.questions"] = headline.questions
        for level in Level:
            for section in report.sections_of(headline, level):
                for metric, estimate in section.metrics.items():
                    name = metric_name(headline.origin, section.mode, metric, level)
                    metrics[name] = estimate.mean
                    metrics[f"{name}_low"] = estimate.low
                    metrics[f"{name}_high"] = estimate.high
    for calls in report.calls:
        metrics[f"{calls.mode}.error_rate"] = calls.errors / calls.calls
        if calls.p50_ms is not None and calls.p95_ms is not None:
            metrics[f"{calls.mode}.latency_ms_p50"] = calls.p50_ms
            metrics[f"{calls.mode}.latency_ms_p95"] = calls.p95_ms
    return metrics
