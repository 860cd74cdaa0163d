"""Restore a backup into an empty folder, and prove that the copy is whole and answers."""

import os
import shutil
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from xnai_pipelines.backups.backup import Backup, Golden, StoredFile
from xnai_pipelines.backups.golden import ask, golden_questions
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.encoders.runtime import cpu_flags
from xnai_pipelines.errors import BackupDamagedError, BackupError, XnaiError
from xnai_pipelines.state.full_disk import is_of_full_disk
from xnai_pipelines.state.lance_files import lost_files, table_folders
from xnai_pipelines.state.layout import Home

_PARTIAL = ".restoring"
# What an empty folder may hold: what a killed restore left, and what a new file system has.
_OF_NO_MATTER = frozenset({_PARTIAL, "lost+found"})


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did.

    Attributes:
        backup_id: The backup.
        into: The restored home.
        created_at: When its content was current, UTC, ISO 8601.
        release: Current release, None if there was none.
        files: Number of files.
        bytes: Their size.
        golden: Number of golden questions that were asked.
        equal: Number of them with the same passages and scores, to the last bit.
        omitted: Files that the backup lacks, with the reason.
        restore_seconds: Duration until every file was written and verified.
        search_seconds: Duration of the golden questions, opening the index included.
        difference: How the answers differ from those of the backup and why, "" if they do not.
    """

    backup_id: str
    into: str
    created_at: str
    release: int | None
    files: int
    bytes: int
    golden: int
    equal: int
    omitted: dict[str, str]
    restore_seconds: float
    search_seconds: float
    difference: str


def restore(repository: Repository, backup: Backup, into: Path) -> RestoreReport:
    """Restore a backup; the folder appears, or is filled, once every file was verified.

    A folder that exists may be where a disk is mounted, so it is not replaced: its content moves in, the releases last.

    Args:
        repository: Where the backup lies.
        backup: The backup.
        into: The new home: a folder that is missing or empty.

    Raises:
        BackupError: The folder is not empty, cannot be written, or its disk has no room.
        BackupDamagedError: A part of the backup is missing, cut off or changed; nothing is left in the folder.
    """
    exists = into.exists()
    if exists and (not into.is_dir() or any(entry.name not in _OF_NO_MATTER for entry in into.iterdir())):
        again = " It is an empty home, which a command made: remove it, then restore again." if _is_new(into) else ""
        raise BackupError(
            f"{into} is not an empty folder. A backup is restored into a new folder: name another.{again}"
        )
    started = time.perf_counter()
    partial = into / _PARTIAL if exists else into.with_name(f".{into.name}{_PARTIAL}")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        _check_room(partial.parent, into, backup)
        shutil.rmtree(partial, ignore_errors=True)
        _fill(partial, repository, backup)
        if exists:
            for entry in sorted(partial.iterdir(), key=lambda entry: entry == Home(partial).releases):
                entry.rename(into / entry.name)
        else:
            partial.rename(into)
    except BackupDamagedError as error:
        raise BackupDamagedError(
            f"The backup {backup.backup_id} in {repository.place.address} cannot be restored: {error}. Restore "
            "another: `xnai backups` lists them. If the home is still there, `xnai drill` and then `xnai backup` store "
            "again what is damaged."
        ) from error
    except OSError as error:
        remedy = "Free some space" if is_of_full_disk(error) else "Make it writable"
        raise BackupError(
            f"The backup cannot be restored into {into} ({error.strerror}). {remedy}, or name a folder on another disk."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    restored = time.perf_counter()
    answers = _asked(backup, into)
    equal = sum(before == after for before, after in zip(backup.golden, answers, strict=False))
    return RestoreReport(
        backup_id=backup.backup_id,
        into=str(into),
        created_at=backup.created_at,
        release=backup.release,
        files=len(backup.files),
        bytes=backup.bytes,
        golden=len(backup.golden),
        equal=equal,
        omitted=backup.omitted,
        restore_seconds=restored - started,
        search_seconds=time.perf_counter() - restored,
        difference=difference(backup, len(backup.golden) - equal),
    )


def _is_new(folder: Path) -> bool:
    """Return whether a folder is a home as any command makes it: folders, and no table, release or other thing."""
    home = Home(folder)
    made = {home.lancedb, home.dagster}
    return folder.is_dir() and made.issuperset(folder.iterdir()) and not any(home.lancedb.glob("*"))


def _check_room(folder: Path, into: Path, backup: Backup) -> None:
    free = shutil.disk_usage(folder).free
    if free < backup.bytes:
        raise BackupError(
            f"{into} has room for {free / 2**20:,.0f} MB, and the backup needs {backup.bytes / 2**20:,.0f} MB. "
            "Free some space, or name a folder on another disk."
        )


def difference(backup: Backup, unequal: int) -> str:
    """Return in a sentence that golden questions were answered otherwise, and the likely cause; "" if none were."""
    if not unequal:
        return ""
    asked = len(backup.golden)
    said = f"{unequal} of {asked} golden questions were answered differently than when {backup.backup_id} was "
    if backup.processor != cpu_flags():
        return f"{said}made, on a processor with other instruction sets. Back up on this one to compare."
    if backup.program != version("xnai-pipelines"):
        return f"{said}made, by version {backup.program} of the program. Back up with this one to compare."
    return f"{said}made. Check the disk, then back up again."


def changed_files(repository: Repository, backup: Backup, home: Path) -> list[str]:
    """Return the files of a restored home whose content on the disk is not that of the backup."""
    return [file.path for file in backup.files if repository.names_of(home / file.path) != file.blocks]


def _fill(folder: Path, repository: Repository, backup: Backup) -> None:
    """Make the home in a folder that is not there yet, and check that its tables are whole."""
    folder.mkdir(parents=True, mode=0o700)
    for file in backup.files:
        _write(repository, file, folder)
    _check_tables(folder)
    if Home(folder).secrets.is_dir():
        Home(folder).secrets.chmod(0o700)


def _write(repository: Repository, file: StoredFile, root: Path) -> None:
    path = root / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("xb") as written:
        for name in file.blocks:
            try:
                content = repository.block(name)
            except BackupDamagedError as error:
                raise BackupDamagedError(f"{file.path}: {error}") from error
            size += len(content)
            if size > file.bytes:
                raise BackupDamagedError(f"{file.path}: it has more than {file.bytes:,} bytes")
            written.write(content)
    if size != file.bytes:
        raise BackupDamagedError(f"{file.path}: it has {size:,} bytes instead of {file.bytes:,}")
    path.chmod(file.mode & 0o777)
    os.utime(path, ns=(file.modified_ns, file.modified_ns))


def _check_tables(root: Path) -> None:
    for folder in table_folders(Home(root).lancedb):
        if lost := lost_files(folder):
            raise BackupDamagedError(f"the table {folder.stem} was backed up without the whole of {lost[0]}")


def _asked(backup: Backup, home: Path) -> tuple[Golden, ...]:
    """Return the answers to the golden questions, without any to questions of the home: it has to answer at least."""
    if backup.release is None:
        return ()
    try:
        return ask(home, [golden.question for golden in backup.golden] or golden_questions(Home(home)))
    except XnaiError as error:
        raise BackupDamagedError(
            f"The backup {backup.backup_id} was restored into {home} and cannot be searched: {error}"
        ) from error
