"""What runs at set times, and why each time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.jobs import Jobs
from xnai_pipelines.defs.resources import EncoderResource, SourceResource, StoresResource
from xnai_pipelines.models.requantization import why_requantize


def daily_sources(context: dg.ScheduleEvaluationContext, source: SourceResource) -> dg.RunRequest | dg.SkipReason:
    """Check whether the home has sources that no folder sensor watches."""
    names = [spec.name for spec in source.intake().specs()]
    return dg.RunRequest() if names else dg.SkipReason("No sources beside the documents folder are listed.")


def weekly_quantization(
    context: dg.ScheduleEvaluationContext, stores: StoresResource, encoder: EncoderResource
) -> dg.RunRequest | dg.SkipReason:
    """Check what the models were made from."""
    decision = why_requantize(stores.tables, stores.layout, encoder.choice.base())
    if not decision.wanted:
        return dg.SkipReason(decision.reason)
    return dg.RunRequest(tags={"reason": decision.reason})


def backups_wanted(context: dg.ScheduleEvaluationContext, base: Base) -> dg.RunRequest | dg.SkipReason:
    """Check whether a place for backups is set."""
    if base.settings.backup_to is None:
        return dg.SkipReason("XNAI_BACKUP_TO is not set. Set it to a folder on another disk, or to s3://BUCKET/PREFIX.")
    return dg.RunRequest()


@dataclass(frozen=True)
class _Schedule:
    """A schedule.

    Attributes:
        name: Its name within the base.
        cron: When it ticks; None leaves it out.
        job: What it runs.
        why: Description in the UI.
        config: Run configuration.
        decide: Function that asks for the run, or says why there is none; None: each tick is a run.
    """

    name: str
    cron: str | None
    job: Any
    why: str
    config: dict[str, Any] | None = None
    decide: Callable[..., dg.RunRequest | dg.SkipReason] | None = None


def _planned(base: Base, jobs: Jobs) -> list[_Schedule]:
    when = base.schedules
    return [
        _Schedule(
            "nightly_evaluation",
            when.evaluation,
            jobs["evaluate"],
            "Measures every night, so that a drop in accuracy shows within a day.",
            # measured again although nothing changed: a night without a figure looks like one without a problem
            config={"ops": {base.name("retrieval_evaluation"): {"config": {"force": True}}}},
        ),
        _Schedule(
            "daily_sources",
            when.sources,
            jobs["refresh"],
            "Repositories, buckets and sites do not report changes; this checks them every day.",
            decide=daily_sources,
        ),
        _Schedule(
            "daily_health",
            when.health,
            jobs["health"],
            "Inspects the documents every day: they age even if nobody changes them.",
        ),
        _Schedule(
            "weekly_maintenance",
            when.maintenance,
            jobs["maintain"],
            "Every write leaves an older version of its table behind; this removes them after a week.",
        ),
        _Schedule(
            "weekly_quantization",
            when.quantization,
            jobs["quantize"],
            "Quantizes again when the base weights changed, or over a fifth of the chunks since calibration.",
            decide=weekly_quantization,
        ),
        _Schedule(
            "nightly_backup",
            when.backup,
            jobs["back_up"],
            "Backs the home up every night; only what changed is written.",
            decide=backups_wanted,
        ),
        _Schedule(
            "weekly_restore_drill",
            when.restore_drill,
            jobs["drill"],
            "Restores the newest backup every week, to prove that it works.",
            decide=backups_wanted,
        ),
    ]


def definitions(base: Base, jobs: Jobs) -> dg.Definitions:
    """Return the schedules of a base."""
    planned = _planned(base, jobs)
    return dg.Definitions(schedules=[_defined(base, one, one.cron) for one in planned if one.cron is not None])


def _defined(base: Base, one: _Schedule, cron: str) -> dg.ScheduleDefinition:
    described: dict[str, Any] = {
        "name": base.name(one.name),
        "job": one.job,
        "cron_schedule": cron,
        "default_status": dg.DefaultScheduleStatus.RUNNING if base.running else dg.DefaultScheduleStatus.STOPPED,
        "description": one.why,
    }
    if one.decide is None:
        return dg.ScheduleDefinition(run_config=one.config, **described)
    return dg.schedule(**described)(base.bound(one.decide))
