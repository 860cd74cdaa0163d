"""Precision cards as runs of the experiment `xnai/quantization`."""

from collections.abc import Mapping
from datetime import datetime

from xnai_pipelines.tracking.runs import Experiment, MlflowRun, RunContent


def log_card(
    experiment: Experiment,
    fingerprint: str,
    measured_at: datetime,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
    tags: Mapping[str, str],
) -> MlflowRun:
    """Return the run that `Tracker.log_card` describes."""
    return experiment.log(
        RunContent(
            title=f"{measured_at:%Y-%m-%d %H:%M} precision card",
            measured_at=measured_at,
            params=params,
            metrics=metrics,
            files=files,
            tags={**tags, **_identity(fingerprint, measured_at)},
        )
    )


def find_card(experiment: Experiment, fingerprint: str, measured_at: datetime) -> MlflowRun | None:
    """Return the finished run that logged this card, None where it was not logged."""
    return experiment.find(_identity(fingerprint, measured_at))


def _identity(fingerprint: str, measured_at: datetime) -> dict[str, str]:
    """Return the tags by which a card is known: a later one of the same state has other timings."""
    return {"kind": "card", "fingerprint": fingerprint, "measured_at": measured_at.isoformat()}
