"""Which backups are kept: the newest, and the newest of each of the last days and weeks that have one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """How many backups are kept.

    Attributes:
        newest: Number of newest backups.
        days: Number of days whose newest backup is kept.
        weeks: Number of weeks whose newest backup is kept.
    """

    newest: int = 7
    days: int = 7
    weeks: int = 4


def kept(backups: Iterable[tuple[str, datetime]], rules: Retention) -> frozenset[str]:
    """Return the ids to keep; the newest backup is always among them.

    The order is that of the ids. Times tell days and weeks alone: some are wrong if the clock was.

    Args:
        backups: Id and time of each backup.
        rules: How many to keep.
    """
    newest_first = sorted(backups, reverse=True)
    chosen = {backup_id for backup_id, _ in newest_first[: max(1, rules.newest)]}
    periods: tuple[tuple[Callable[[datetime], object], int], ...] = (
        (lambda at: at.date(), rules.days),
        (lambda at: at.isocalendar()[:2], rules.weeks),
    )
    for period, number in periods:
        newest: dict[object, str] = {}
        for backup_id, at in newest_first:
            newest.setdefault(period(at), backup_id)
        chosen.update(list(newest.values())[:number])
    return frozenset(chosen)
