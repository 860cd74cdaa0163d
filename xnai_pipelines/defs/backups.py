"""Backups of the home, and the drill that restores one.

Neither takes the turn of the runs: a backup is taken while they work.
"""

from dataclasses import asdict
from datetime import UTC, datetime

import dagster as dg

from xnai_pipelines.autonomy.alerts.alert import Alert, AlertSeverity
from xnai_pipelines.backups.drill import Drill, drill, objections, past_drills
from xnai_pipelines.backups.make import back_up, last_backup
from xnai_pipelines.backups.places import default_address, open_place
from xnai_pipelines.backups.plots import drills_plot
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import image, result, revision_of, table
from xnai_pipelines.defs.resources import AlertsResource
from xnai_pipelines.defs.runs import alive
from xnai_pipelines.extras import missing

SHOWN = 10


def home_backup(context: dg.AssetExecutionContext, base: Base) -> dg.MaterializeResult[None]:
    """The newest backup of the home: tables at pinned versions, models, releases, records, SQLite files."""
    settings, home = base.settings, base.home
    with alive(home, context.run.run_id):
        place = open_place(settings.backup_to or default_address(home))
        report = back_up(home, place, settings.backup_seal(), settings.backup_retention, context.log.info)
    omitted = [{"file": path, "reason": reason} for path, reason in sorted(report.omitted.items())]
    return result(
        report,
        revision_of(report.backup_id),
        {"seconds": "backup_seconds"},
        omitted=table(omitted, ["file", "reason"]),
    )


def restore_drill(context: dg.AssetExecutionContext, base: Base, alerts: AlertsResource) -> dg.MaterializeResult[None]:
    """The proof that the newest backup can be restored: every file verified, golden questions answered as before."""
    settings, home = base.settings, base.home
    with alive(home, context.run.run_id):
        place = open_place(settings.backup_to or default_address(home))
        found = drill(home, Repository(place, settings.backup_seal()), context.log.info)
    if found.fault:
        alerts.tell(_alert(found, alerts.run_page(context.run.run_id)), settings.webhook)
    drills = past_drills(home)
    columns = ["at", "backup_id", "restore_seconds", "search_seconds", "lost_hours", "fault"]
    return result(
        found,
        revision_of(asdict(found)),
        {"restore_seconds": "seconds_to_restore", "search_seconds": "seconds_to_search", "lost_hours": "rpo_hours"},
        passed=found.passed,
        rto_seconds=found.recovery_seconds,
        last_drills=table([asdict(one) for one in drills[: -SHOWN - 1 : -1]], columns),
        over_time=image("recovery time and point over time", None if missing("plots") else drills_plot(drills)),
    )


def backup_is_proven(base: Base) -> dg.AssetCheckResult:
    """There is a recent backup, and the last drill restored one that answered as before."""
    settings, made = base.settings, last_backup(base.home)
    reasons = objections(
        past_drills(base.home),
        made.created_at if made else None,
        max_hours=settings.backup_max_hours,
        max_days=settings.restore_drill_days,
        now=datetime.now(UTC),
    )
    return dg.AssetCheckResult(
        passed=not reasons,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(f"{one.what} Fix: {one.remedy}." for one in reasons) or None,
    )


def _alert(found: Drill, link: str) -> Alert:
    return Alert(
        kind="restore_drill",
        title="A backup could not be restored",
        text=found.fault,
        severity=AlertSeverity.ERROR,
        at=datetime.now(UTC),
        tags={"cause": "restore_drill"},
        link=link,
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the assets `home_backup` and `restore_drill`, and the check."""
    return dg.Definitions(
        assets=[
            base.asset(home_backup, version=(1,), group="operations", kinds={"python"}),
            base.asset(restore_drill, version=(1,), deps=["home_backup"], group="operations", kinds={"python"}),
        ],
        asset_checks=[base.check(backup_is_proven, "restore_drill")],
    )
