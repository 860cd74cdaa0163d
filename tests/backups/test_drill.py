"""What a drill objects to: no backup, an old one, one never restored, and a drill that failed or is long ago."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from xnai_pipelines.backups.drill import Drill, objections

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DRILL = Drill(NOW.isoformat(), "20260301T000000.000Z", 1, 10, 100, 20, 20, 1.0, 2.0, 3.0, "")


def objected(drills: list[Drill], hours: float | None) -> str:
    newest = None if hours is None else (NOW - timedelta(hours=hours)).isoformat()
    return " ".join(one.what for one in objections(drills, newest, max_hours=48, max_days=8, now=NOW))


def test_only_a_recent_backup_that_a_recent_drill_proved_passes():
    assert objected([DRILL], 1) == ""
    assert "There is no backup" in objected([], None)
    assert "none is proven" in objected([], 1)
    assert "49 hours old" in objected([DRILL], 49)
    assert "9 days old" in objected([replace(DRILL, at=(NOW - timedelta(days=9)).isoformat())], 1)
    assert "failed: a block is missing" in objected([DRILL, replace(DRILL, fault="a block is missing")], 1)
    assert objected([replace(DRILL, fault="a block is missing"), DRILL], 1) == ""


def test_what_is_dated_in_the_future_is_not_taken_for_recent():
    """A clock that was a year ahead would silence the check for a year."""
    assert "newest backup is dated 50 hours in the future" in objected([DRILL], -50)
    assert "drill is dated 9.0 days in the future" in objected(
        [replace(DRILL, at=(NOW + timedelta(days=9)).isoformat())], 1
    )
    assert objected([replace(DRILL, at=(NOW + timedelta(minutes=5)).isoformat())], -0.1) == ""  # of another machine


def test_recovery_time_ends_with_the_first_answers():
    assert DRILL.recovery_seconds == 3.0
