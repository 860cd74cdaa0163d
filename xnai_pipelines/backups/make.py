"""Back a home up while it works: what is new since the last backup is written, and the manifest last."""

import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from xnai_pipelines.backups.backup import Backup, StoredFile
from xnai_pipelines.backups.golden import answers_of
from xnai_pipelines.backups.places import BackupPlace
from xnai_pipelines.backups.repository import ABOUT, BACKUPS, BLOCK_BYTES, Repository
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.backups.seal import Checksum, Seal
from xnai_pipelines.backups.snapshot import SHARED, Snapshot, copy_database, stamp, take
from xnai_pipelines.encoders.runtime import cpu_flags
from xnai_pipelines.errors import (
    BackupError,
    BackupUnavailableError,
    HomeMovedError,
    RecordError,
    SettingsError,
    XnaiError,
)
from xnai_pipelines.state.lance_files import TableVersion
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import held
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.table_place import has_tables

ATTEMPTS = 5

_TEMPORARY = ".backup-"


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup did.

    Attributes:
        backup_id: Its name.
        place: Where it lies.
        created_at: When its content was current, UTC, ISO 8601.
        release: Current release, None before the first.
        files: Number of files.
        bytes: Their size.
        bytes_written: What was new.
        golden: Number of golden questions.
        omitted: Files that are left out, with the reason.
        removed: Older backups that retention removed.
        bytes_removed: What that freed.
        seconds: Duration.
        unasked: Why there are no golden questions, "" if there are, or if nothing was released.
    """

    backup_id: str
    place: str
    created_at: str
    release: int | None
    files: int
    bytes: int
    bytes_written: int
    golden: int
    omitted: dict[str, str]
    removed: tuple[str, ...]
    bytes_removed: int
    seconds: float
    unasked: str = ""


def back_up(
    home: Home, place: BackupPlace, seal: Seal, rules: Retention, say: Callable[[str], None] = lambda _: None
) -> BackupReport:
    """Back the home up, and remove the backups that the rules do not keep.

    Readers and writers of the home go on. Another backup of it is waited for.

    Raises:
        BackupError: There is nothing to back up, or runs removed what was being copied, several times in a row.
        BackupUnavailableError: The place cannot be written.
        SettingsError: The backups there have another key, or the place is in the home or around it.
    """
    if not has_tables(home):
        raise BackupError(f"There is nothing to back up in {home.root}. `xnai run` makes the first release.")
    if place.overlaps(home.root):
        raise SettingsError(
            f"{place.address} is in the home {home.root} or around it. Backups would back themselves up, and be lost "
            "with the home. Name a folder elsewhere, best on another disk."
        )
    _check_mounted(home, place)
    started = time.perf_counter()
    with held(home, "backup.lock", "another backup", say), place.alone():
        for left in home.root.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(left)
        repository = Repository(place, seal)
        repository.prepare()
        backup = _made(home, repository, with_keys=not isinstance(seal, Checksum))
        repository.add(backup)
        removed = repository.prune(rules)
    report = BackupReport(
        backup_id=backup.backup_id,
        place=place.address,
        created_at=backup.created_at,
        release=backup.release,
        files=len(backup.files),
        bytes=backup.bytes,
        bytes_written=repository.bytes_written,
        golden=len(backup.golden),
        omitted=backup.omitted,
        removed=removed.backups,
        bytes_removed=removed.bytes,
        seconds=time.perf_counter() - started,
        unasked=backup.unasked,
    )
    write_record(_record(home), report)
    return report


def _check_mounted(home: Home, place: BackupPlace) -> None:
    """Refuse a place that lost its backups, as a folder does whose disk is not mounted."""
    try:
        made = last_backup(home)
    except RecordError:  # it is written again
        return
    is_empty = place.read(ABOUT) is None and not place.sizes(BACKUPS)
    if made is not None and made.place == place.address and is_empty:
        raise BackupUnavailableError(
            f"The backups in {place.address} are gone. Mount the disk or put them back. To begin again without them, "
            f"delete {_record(home)}."
        )


def last_backup(home: Home) -> BackupReport | None:
    """Return what the home's last backup did, None before the first.

    Raises:
        RecordError: The record is damaged.
    """
    return read_record(_record(home), BackupReport)


def _record(home: Home) -> Path:
    return home.state / "backup.json"


def _made(home: Home, repository: Repository, *, with_keys: bool) -> Backup:
    former = repository.newest()
    if former is not None and former.home != str(home.root):
        former = None  # of a home elsewhere: its files are compared by content alone
    for attempt in range(1, ATTEMPTS + 1):
        copy = _Copy(home, repository, {file.path: file for file in former.files} if former else {})
        try:
            snapshot = take(home, with_keys=with_keys)
            files = copy.of(snapshot)
            break
        except HomeMovedError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.1 * attempt)
    backup = Backup(
        backup_id=_next_id(copy.began, repository.ids()),
        created_at=copy.began.isoformat(timespec="milliseconds"),
        program=version("xnai-pipelines"),
        home=str(home.root),
        release=snapshot.release.release if snapshot.release else None,
        tables={table.name: table.version for table in snapshot.tables},
        golden=(),
        omitted={**snapshot.omitted, **copy.unreadable},
        files=files,
        processor=cpu_flags(),
    )
    if snapshot.release is None:
        return backup
    if snapshot.bucket is not None:
        return replace(backup, unasked=f"The tables are in {snapshot.bucket}, and its versioning must keep them.")
    if former is not None and former.golden and _answering(former) == _answering(backup):
        return replace(backup, golden=former.golden)  # nothing that answers changed
    try:
        return replace(backup, golden=answers_of(home, snapshot.release, backup.tables))
    except XnaiError as error:
        return replace(backup, unasked=f"{error} Back up again.")


def _next_id(began: datetime, ids: list[str]) -> str:
    """Return the name of a backup: its time, or just after the last one's if the clock was put back meanwhile."""
    last = datetime.strptime(ids[-1], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC) if ids else None
    at = began if last is None or began - last >= timedelta(milliseconds=1) else last + timedelta(milliseconds=1)
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z"


def _answering(backup: Backup) -> object:
    """Return what the answers depend on: program, processor, the release's manifest, its table, and the questions."""
    blocks = {file.path: file.blocks for file in backup.files}
    manifest = blocks.get(f"releases/{backup.release}.json")
    return backup.program, backup.processor, backup.release, backup.tables, manifest


class _Copy:
    """Copies a snapshot into the repository; a file that did not change since the last backup is not read."""

    def __init__(self, home: Home, repository: Repository, known: Mapping[str, StoredFile]) -> None:
        self._home, self._repository, self._known = home, repository, known
        self.began = datetime.now(UTC)
        self._began_ns = time.time_ns()
        self.unreadable: dict[str, str] = {}

    def of(self, snapshot: Snapshot) -> tuple[StoredFile, ...]:
        """Return the stored files.

        Raises:
            HomeMovedError: A file of a table or of a model was removed meanwhile.
        """
        files = [*self._tables(snapshot.tables)]
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=self._home.root) as folder:
            for path in snapshot.databases:
                files += self._database(path, Path(folder) / "copy.db")
        for path in snapshot.files:
            files += self._file(path, must_exist=path.split("/")[0] in SHARED)
        # the records last: a repository that was cut off before has no manifest that names anything
        files += [self._content(path, content) for path, content in snapshot.records.items()]
        return tuple(sorted(files, key=lambda file: file.path))

    def _tables(self, tables: Sequence[TableVersion]) -> Iterator[StoredFile]:
        for table in tables:
            folder = f"{self._home.lancedb.name}/{table.name}.lance"
            for name in table.files:
                path = self._home.root / folder / name
                inner = sorted(one for one in path.rglob("*") if one.is_file()) if name.endswith("/") else [path]
                if not inner:
                    raise HomeMovedError(f"The table {table.name} lacks {name}. `xnai doctor` says what can be done.")
                for one in inner:
                    yield from self._file(one.relative_to(self._home.root).as_posix(), must_exist=True)
            yield self._content(f"{folder}/{table.manifest_path}", table.manifest)

    def _content(self, path: str, content: bytes) -> StoredFile:
        blocks = tuple(self._repository.put(content[at : at + BLOCK_BYTES]) for at in _starts(len(content)))
        return StoredFile(path, len(content), 0o644, self._began_ns, blocks, "")

    def _file(self, path: str, *, must_exist: bool) -> list[StoredFile]:
        return self._stored(path, self._home.root / path, lambda file: file, must_exist=must_exist)

    def _database(self, path: str, copy: Path) -> list[StoredFile]:
        def copied(file: Path) -> Path:
            copy.unlink(missing_ok=True)
            copy_database(file, copy)
            return copy

        return self._stored(path, self._home.root / path, copied, must_exist=False)

    def _stored(
        self, path: str, file: Path, read_from: Callable[[Path], Path], *, must_exist: bool
    ) -> list[StoredFile]:
        """Return the file as it is stored; nothing if it is gone or cannot be read.

        Raises:
            HomeMovedError: It must exist, and is gone.
            BackupError: It must exist, and cannot be read.
        """
        try:
            now, status = stamp(file, before_ns=self._began_ns), file.stat()
            known = self._known.get(path)
            if known and now and known.stamp == now and self._repository.holds(known):
                return [known]
            size, blocks = 0, []
            with read_from(file).open("rb") as opened:
                while content := opened.read(BLOCK_BYTES):
                    blocks.append(self._repository.put(content))
                    size += len(content)
        except FileNotFoundError as error:
            if must_exist:
                raise HomeMovedError(
                    f"{path} is missing or was removed while it was copied. `xnai doctor` says what is wrong; without "
                    "a fault, back up again when no run removes anything."
                ) from error
            return []
        except (OSError, sqlite3.Error) as error:
            if must_exist:
                raise BackupError(
                    f"{path} cannot be read ({error}), so no backup was made. Check the disk and the file's rights; "
                    "`xnai doctor` says what else is wrong."
                ) from error
            self.unreadable[path] = str(error)
            return []
        return [StoredFile(path, size, stat.S_IMODE(status.st_mode), status.st_mtime_ns, tuple(blocks), now)]


def _starts(size: int) -> range:
    return range(0, size, BLOCK_BYTES)
