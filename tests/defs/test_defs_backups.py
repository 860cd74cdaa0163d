"""Backups are an asset, and the drill proves the newest one; a backup that was never restored is warned of."""

import pytest

from tests.support.pipeline import Pipeline, base, materialized
from xnai_pipelines.autonomy.alerts.send import LogSink
from xnai_pipelines.backups.drill import past_drills
from xnai_pipelines.defs.backups import backup_is_proven

pytestmark = pytest.mark.slow


def test_a_backup_is_unproven_until_a_drill_restored_it_and_a_damaged_one_is_told(pipeline: Pipeline):
    assert "no backup of this home" in backup_is_proven(base()).description
    pipeline.work.ingest()
    made = pipeline.run("back_up")
    assert made.success
    assert materialized(made, "home_backup")["golden"] > 0
    assert "restored yet" in backup_is_proven(base()).description
    drilled = pipeline.run("drill")
    assert drilled.success
    shown = materialized(drilled, "restore_drill")
    assert shown["passed"]
    assert shown["equal"] == shown["golden"] > 0
    assert shown["rto_seconds"] > 0
    assert shown["over_time"].startswith("![")
    assert [check.passed for check in drilled.get_asset_check_evaluations()] == [True]
    folder = pipeline.work.home.root.with_name("home-backups")
    largest = max(
        (path for path in (folder / "blocks").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    largest.write_bytes(b"cut off")
    failed = pipeline.run("drill")
    [check] = failed.get_asset_check_evaluations()
    assert not check.passed
    assert check.severity.value == "WARN"
    assert largest.name in check.description
    alerts = [record["alert"]["kind"] for record in LogSink(pipeline.work.home.alerts).tail() if "alert" in record]
    assert alerts == ["restore_drill"]
    # the next backup stores again what the drill found damaged
    assert pipeline.run("back_up").success
    assert pipeline.run("drill").success
    assert [one.passed for one in past_drills(pipeline.work.home)] == [True, False, True]
    assert not list(pipeline.work.home.root.glob(".drill-*"))
