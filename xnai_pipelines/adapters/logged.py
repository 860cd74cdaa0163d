"""Adapters and their comparisons with the champion as runs of the experiment `xnai/adaptation`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from xnai_pipelines.errors import NotTrackedError
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker

ADAPTATION = "xnai/adaptation"


def log_adapter(
    tracker: Tracker,
    *,
    adapter_id: str,
    params: Mapping[str, object],
    curve: Sequence[tuple[int, Mapping[str, float]]],
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
    tags: Mapping[str, str],
) -> MlflowRun:
    """Log an adapter to `xnai/adaptation` and return its run; an adapter is logged only once.

    Args:
        tracker: The MLflow store.
        adapter_id: Id of the adapter.
        params: Its training data and settings.
        curve: Figures by step, such as `(10, {"loss": 0.41})`, shown as curves.
        metrics: Figures of the whole training, with other names than those of the curve.
        files: Artifacts, bytes by file name.
        tags: `dagster_run_id`, `release` and the like; `kind` and `adapter` are added.
    """
    now = datetime.now(UTC)
    return Experiment(ADAPTATION, tracker).log(
        RunContent(
            title=f"{now:%Y-%m-%d %H:%M} adapter {adapter_id}",
            measured_at=now,
            params=params,
            curve=curve,
            metrics=metrics,
            files=files,
            known_by=_adapter(adapter_id),
            tags=tags,
        )
    )


def find_adapter(tracker: Tracker, adapter_id: str) -> MlflowRun | None:
    """Return the finished run that logged this adapter, None if it was not logged."""
    return Experiment(ADAPTATION, tracker).find(_adapter(adapter_id))


def tag_adapter(tracker: Tracker, adapter_id: str, tags: Mapping[str, str]) -> MlflowRun:
    """Set tags on the adapter's run, such as `decision`, and return the run.

    Raises:
        NotTrackedError: The adapter was not logged.
    """
    run = find_adapter(tracker, adapter_id)
    if run is None:
        raise NotTrackedError(f"MLflow has no run of adapter {adapter_id}. Log it before tagging it.")
    with tracker.client() as client:
        for name, value in tags.items():
            client.set_tag(run.run_id, name, value)
    return run


def log_comparison(
    tracker: Tracker,
    *,
    adapter_id: str,
    fingerprint: str,
    decision: str,
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
    tags: Mapping[str, str],
) -> MlflowRun:
    """Log the comparison of an adapter with the champion to `xnai/adaptation` and return its run.

    A comparison is logged only once.

    Args:
        tracker: The MLflow store.
        adapter_id: Id of the challenger's adapter.
        fingerprint: Hash of what was compared and by which rules.
        decision: Outcome, such as "promoted" or "rejected"; a tag.
        metrics: Figures by name.
        files: Artifacts, bytes by file name.
        tags: `vector_space`, `dagster_run_id`, `release` and the like; `kind`, `adapter`, `fingerprint` and
            `decision` are added.
    """
    now = datetime.now(UTC)
    return Experiment(ADAPTATION, tracker).log(
        RunContent(
            title=f"{now:%Y-%m-%d %H:%M} {decision}: adapter {adapter_id}",
            measured_at=now,
            metrics=metrics,
            files=files,
            known_by={"kind": "comparison", "adapter": adapter_id, "fingerprint": fingerprint},
            tags={**tags, "decision": decision},
        )
    )


def _adapter(adapter_id: str) -> dict[str, str]:
    return {"kind": "adapter", "adapter": adapter_id}
