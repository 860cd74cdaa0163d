"""Precision cards as runs of the experiment `xnai/quantization`."""

from collections.abc import Mapping
from datetime import datetime

from xnai_pipelines.models.logged import QUANTIZATION
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker


def log_card(
    tracker: Tracker,
    *,
    fingerprint: str,
    measured_at: datetime,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
    tags: Mapping[str, str],
) -> MlflowRun:
    """Log a precision card to `xnai/quantization` and return its run.

    Args:
        tracker: The MLflow store.
        fingerprint: Hash of everything the card was measured on.
        measured_at: Time of the measurement, with time zone.
        params: Settings and inputs of the measurement.
        metrics: Figures of the variants by `variant.figure`, such as `int4_gptq.ndcg_loss`.
        files: Artifacts, bytes by file name: `card.json`, `card.md`, `pareto.png`.
        tags: `vector_space`, `dagster_run_id` and `release`; `kind`, `fingerprint` and `measured_at` are added.
    """
    return Experiment(QUANTIZATION, tracker).log(
        RunContent(
            title=f"{measured_at:%Y-%m-%d %H:%M} precision card",
            measured_at=measured_at,
            params=params,
            metrics=metrics,
            files=files,
            tags={**tags, **_identity(fingerprint, measured_at)},
        )
    )


def find_card(tracker: Tracker, fingerprint: str, measured_at: datetime) -> MlflowRun | None:
    """Return the finished run that logged this card, None if it was not logged."""
    return Experiment(QUANTIZATION, tracker).find(_identity(fingerprint, measured_at))


def _identity(fingerprint: str, measured_at: datetime) -> dict[str, str]:
    """Return the tags that identify a card: a later one of the same state has other timings."""
    return {"kind": "card", "fingerprint": fingerprint, "measured_at": measured_at.isoformat()}
