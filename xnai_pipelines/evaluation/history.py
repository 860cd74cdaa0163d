"""The figures of an evaluation under the names that they are tracked by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from xnai_pipelines.evaluation.report import EvaluationReport, Level
from xnai_pipelines.questions.question import Origin


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
