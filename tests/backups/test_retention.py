"""Retention keeps the newest backups, and the newest of each of the last days and weeks."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.backups.retention import Retention, kept

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def made(hours: int) -> tuple[str, datetime]:
    """Return the id and the time of a backup made so many hours before noon."""
    at = NOON - timedelta(hours=hours)
    return f"{at:%Y%m%dT%H}", at


TWICE_A_DAY = [made(hours) for hours in range(0, 24 * 60, 12)]


def test_the_newest_and_one_a_day_and_one_a_week_stay():
    times = dict(TWICE_A_DAY)
    assert kept(TWICE_A_DAY, Retention(3, 0, 0)) == {made(hours)[0] for hours in (0, 12, 24)}
    days = kept(TWICE_A_DAY, Retention(1, 4, 0))
    assert {NOON.date() - timedelta(days=n) for n in range(4)} == {times[one].date() for one in days}
    weeks = kept(TWICE_A_DAY, Retention(1, 0, 3))
    assert len({times[one].isocalendar()[:2] for one in weeks}) == 3
    assert made(0)[0] in weeks


def test_a_backup_dated_in_the_future_takes_the_place_of_one_day_alone():
    """The clock was a year ahead for one backup: those before and after it are kept as ever."""
    wrong = ("20270301T12", NOON + timedelta(days=365))
    after = [(f"20270301T12.{day}", NOON + timedelta(days=day)) for day in range(1, 4)]
    stays = kept([*TWICE_A_DAY, wrong, *after], Retention(1, 5, 0))
    assert stays == {wrong[0], *(one for one, _ in after), made(0)[0]}


@given(
    st.lists(st.integers(0, 10_000), unique=True, min_size=1), st.integers(1, 5), st.integers(0, 5), st.integers(0, 5)
)
def test_the_newest_always_stays_and_no_more_than_the_rules_name(hours: list[int], newest: int, days: int, weeks: int):
    stays = kept(map(made, hours), Retention(newest, days, weeks))
    assert made(min(hours))[0] in stays
    assert len(stays) <= newest + days + weeks
