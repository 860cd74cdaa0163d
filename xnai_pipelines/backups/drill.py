"""A restore drill: restores the newest backup into a scratch folder and proves that it is whole and answers as before.

What it measures is what a disaster would cost. RTO, the recovery time: seconds until the restored home has answered.
RPO, the recovery point: hours between the backup and now, of which the work would be lost.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xnai_pipelines.backups.backup import Backup
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.backups.restore import RestoreReport, changed_files, restore
from xnai_pipelines.errors import BackupDamagedError, BackupError
from xnai_pipelines.state.full_disk import full_disk_told
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import held
from xnai_pipelines.state.records import read_record, write_record

REMEMBERED = 100
CLOCKS_DIFFER_HOURS = 1.0  # of two machines; more is a clock that was wrong
_AHEAD = "in the future: the clock was wrong then, or is now. How old it is cannot be told."
_SCRATCH = ".drill-"


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill.

    Attributes:
        at: When it was made, UTC, ISO 8601.
        backup_id: The backup, the newest then.
        release: Its release, None if there was none.
        files: Number of its files.
        bytes: Their size.
        golden: Number of golden questions.
        equal: Number of those with the same passages and scores, to the last bit.
        restore_seconds: Duration until every file was restored and verified.
        search_seconds: Duration until the golden questions were answered.
        lost_hours: Hours between the backup and the drill.
        fault: What was wrong, "" if nothing was.
    """

    at: str
    backup_id: str
    release: int | None
    files: int
    bytes: int
    golden: int
    equal: int
    restore_seconds: float
    search_seconds: float
    lost_hours: float
    fault: str

    @property
    def passed(self) -> bool:
        """Whether the backup is proven."""
        return not self.fault

    @property
    def recovery_seconds(self) -> float:
        """RTO: seconds until the restored home had answered."""
        return self.restore_seconds + self.search_seconds


@dataclass(frozen=True, slots=True)
class Drills:
    """The last drills, oldest first."""

    drills: tuple[Drill, ...] = ()


def past_drills(home: Home) -> tuple[Drill, ...]:
    """Return the last drills, oldest first.

    Raises:
        RecordError: The record is damaged.
    """
    return (read_record(_record(home), Drills) or Drills()).drills


def drill(home: Home, repository: Repository, say: Callable[[str], None] = lambda _: None) -> Drill:
    """Restore the newest backup into a scratch folder, and record what came of it.

    Blocks that turn out to be damaged are removed, so that the next backup stores them again.

    Raises:
        BackupError: There is no backup, or no room for the scratch folder.
        HomeError: The home's disk is full.
    """
    with full_disk_told(home.root), held(home, "drill.lock", "another drill", say):
        for left in home.root.glob(f"{_SCRATCH}*"):
            shutil.rmtree(left)
        ids = repository.ids()
        if not ids:
            raise BackupError(f"There is no backup in {repository.place.address}. `xnai backup` makes one.")
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=home.root) as scratch:
            found = _tried(repository, ids[-1], Path(scratch) / "home", datetime.now(UTC))
        write_record(_record(home), Drills((*past_drills(home), found)[-REMEMBERED:]))
    return found


@dataclass(frozen=True, slots=True)
class Objection:
    """Why the home could not be restored for certain, in a sentence, and what to do about it."""

    what: str
    remedy: str


def objections(
    drills: Sequence[Drill], newest: str | None, *, max_hours: float, max_days: float, now: datetime
) -> list[Objection]:
    """Return why the home could not be restored for certain; nothing if it could.

    Args:
        drills: Past drills, oldest first.
        newest: Time of the home's newest backup, UTC, ISO 8601; None without one.
        max_hours: Age up to which a backup is recent.
        max_days: Age up to which a drill is.
        now: The present.
    """
    if newest is None:
        return [Objection("There is no backup of this home.", "`xnai backup`")]
    found = []
    hours = (now - datetime.fromisoformat(newest)) / timedelta(hours=1)
    if hours < -CLOCKS_DIFFER_HOURS:
        found.append(Objection(f"The newest backup is dated {-hours:,.0f} hours {_AHEAD}", "`xnai backup`"))
    elif hours > max_hours:
        found.append(
            Objection(f"The newest backup is {hours:,.0f} hours old, more than {max_hours:g}.", "`xnai backup`")
        )
    if not drills:
        return [*found, Objection("No backup of this home was restored yet, so none is proven.", "`xnai drill`")]
    last = drills[-1]
    days = (now - datetime.fromisoformat(last.at)) / timedelta(days=1)
    if last.fault:
        found.append(Objection(f"The last restore drill failed: {last.fault}", "`xnai backup`, then `xnai drill`"))
    elif days < -CLOCKS_DIFFER_HOURS / 24:
        found.append(Objection(f"The last restore drill is dated {-days:,.1f} days {_AHEAD}", "`xnai drill`"))
    elif days > max_days:
        found.append(
            Objection(f"The last restore drill is {days:,.0f} days old, more than {max_days:g}.", "`xnai drill`")
        )
    return found


def _tried(repository: Repository, backup_id: str, into: Path, now: datetime) -> Drill:
    nothing = Drill(now.isoformat(timespec="seconds"), backup_id, None, 0, 0, 0, 0, 0.0, 0.0, 0.0, "")
    try:
        backup = repository.read(backup_id)
    except BackupDamagedError as error:
        return replace(nothing, fault=str(error))
    known = replace(
        nothing,
        release=backup.release,
        files=len(backup.files),
        bytes=backup.bytes,
        golden=len(backup.golden),
        lost_hours=(now - backup.at) / timedelta(hours=1),
    )
    try:
        report = restore(repository, backup, into)
    except BackupDamagedError as error:
        repository.discard_damaged(backup)
        return replace(known, fault=str(error))
    return replace(
        known,
        equal=report.equal,
        restore_seconds=report.restore_seconds,
        search_seconds=report.search_seconds,
        fault=_fault(repository, backup, report),
    )


def _fault(repository: Repository, backup: Backup, report: RestoreReport) -> str:
    changed = changed_files(repository, backup, Path(report.into))
    if changed:
        return f"{len(changed)} restored files differ from the backup, {changed[0]} first. Check the disk."
    if backup.unasked:
        return f"The backup has no golden questions to compare: {backup.unasked}"
    return report.difference


def _record(home: Home) -> Path:
    return home.state / "restore_drills.json"
