"""Retention keeps the newest backups, and the newest of each of the last days and weeks."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.backups.retention import Retention, kept

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TWICE_A_DAY = [(f"{hours}", NOON - timedelta(hours=hours)) for hours in range(0, 24 * 60, 12)]


def test_the_newest_and_one_a_day_and_one_a_week_stay():
    assert kept(TWICE_A_DAY, Retention(3, 0, 0)) == {"0", "12", "24"}
    days = kept(TWICE_A_DAY, Retention(1, 4, 0))
    assert {NOON.date() - timedelta(days=n) for n in range(4)} == {
        (NOON - timedelta(hours=int(one))).date() for one in days
    }
    weeks = kept(TWICE_A_DAY, Retention(1, 0, 3))
    assert len({(NOON - timedelta(hours=int(one))).isocalendar()[:2] for one in weeks}) == 3
    assert "0" in weeks


@given(
    st.lists(st.integers(0, 10_000), unique=True, min_size=1), st.integers(1, 5), st.integers(0, 5), st.integers(0, 5)
)
def test_the_newest_always_stays_and_no_more_than_the_rules_name(hours: list[int], newest: int, days: int, weeks: int):
    backups = [(str(hour), NOON - timedelta(hours=hour)) for hour in hours]
    stays = kept(backups, Retention(newest, days, weeks))
    assert str(min(hours)) in stays
    assert len(stays) <= newest + days + weeks
