"""The copy of a source in the home: files by path, and a record of the version of each.

A kill at any moment is harmless. A file is replaced atomically and recorded afterwards; one without a record, or of
another size than recorded, is fetched again. The record is never ahead of the files.
"""

import errno
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from xnai_pipelines.documents.sources.source import Entry, Failed, Gone, Skipped, Source, Unfinished
from xnai_pipelines.errors import EntryUnavailableError, SourceUnavailableError
from xnai_pipelines.state.manifest import now
from xnai_pipelines.state.records import read_record, write_record

SECONDS_IN_RECORD = 10.0  # bounds what a kill makes the next run fetch again
LONGEST_NAME = 255  # bytes of one part of a path, as file systems have it
LONGEST_PATH = 1_024


@dataclass(frozen=True, slots=True)
class MirroredFile:
    """An entry as it was fetched: its version and origin, see `Entry`, and the size of the file."""

    version: str
    origin: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MirrorRecord:
    """What a mirror holds and how its last synchronisation ended.

    Attributes:
        files: The files by path.
        listed_at: When the source was last listed to its end, None if it never was.
        synced_at: When a synchronisation last ended.
        revision: What was listed, see `Source`.
        fetched: Files fetched by the last synchronisation.
        removed: Files removed by it.
        failed: Entries that it could not read, with the reason.
        skipped: Number of entries left out on purpose, by reason.
        trouble: Why the source could not be listed, or not to its end; None if it was.
    """

    files: dict[str, MirroredFile] = field(default_factory=dict)
    listed_at: str | None = None
    synced_at: str | None = None
    revision: str | None = None
    fetched: int = 0
    removed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    trouble: str | None = None


class Mirror:
    """The mirror in a folder: `files/` is read like a documents folder, `work/` is the source's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.work = folder / "work"
        self._partial = folder / "partial"

    def record(self) -> MirrorRecord:
        """Return what the mirror holds."""
        return read_record(self.folder / "mirror.json", MirrorRecord) or MirrorRecord()

    def write(self, record: MirrorRecord) -> None:
        """Replace the record."""
        write_record(self.folder / "mirror.json", record)

    def holds(self, path: str, known: MirroredFile | None, version: str) -> bool:
        """Return whether the file is there in this version."""
        if known is None or known.version != version:
            return False
        try:
            return (self.files / path).stat().st_size == known.size_bytes
        except OSError:
            return False

    def put(self, entry: Entry, fetch: Callable[[Entry, Path], None]) -> MirroredFile:
        """Fetch an entry and replace its file.

        Raises:
            EntryUnavailableError: It cannot be read.
            OSError: The file cannot be written.
        """
        self._partial.mkdir(parents=True, exist_ok=True)
        partial, target = self._partial / "file", self.files / entry.path
        partial.unlink(missing_ok=True)
        fetch(entry, partial)
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.modified_ns is not None:
            before = target.stat().st_mtime_ns if target.exists() else None
            # another content must not have the time of the one before: size and time tell whether a file is read again
            modified = entry.modified_ns + (entry.modified_ns == before)
            os.utime(partial, ns=(modified, modified))
        size = partial.stat().st_size
        partial.replace(target)
        return MirroredFile(entry.version, entry.origin, size)

    def remove(self, path: str) -> None:
        """Remove a file and the folders that it leaves empty."""
        file = self.files / path
        file.unlink(missing_ok=True)
        for folder in file.relative_to(self.files).parents:
            try:
                (self.files / folder).rmdir()
            except OSError:
                return

    def remove_unrecorded(self, record: MirrorRecord) -> None:
        """Remove what a killed synchronisation left: files without a record and the one that was being written."""
        shutil.rmtree(self._partial, ignore_errors=True)
        for folder, _, names in os.walk(self.files):
            for name in names:
                path = (Path(folder) / name).relative_to(self.files).as_posix()
                if path not in record.files:
                    self.remove(path)


def synchronise(
    mirror: Mirror, source: Source, *, max_bytes: int, tell: Callable[[int, int], None] = lambda listed, fetched: None
) -> MirrorRecord:
    """Return the record of the mirror after it was brought in line with the source.

    Only entries of another version are fetched. An entry that fails keeps its old file. Nothing is removed if the
    source cannot be listed, is listed in part, or turns out to be empty.

    Args:
        mirror: The mirror.
        source: What it is a copy of.
        max_bytes: Larger entries fail.
        tell: Called after each entry with the number of entries listed and of those fetched.

    Raises:
        OSError: The disk is full.
    """
    before = mirror.record()
    mirror.remove_unrecorded(before)
    sync = _Synchronisation(mirror, source, before, max_bytes)
    trouble: str | None = None
    try:
        for listed in sync.run():
            tell(listed, sync.fetched)
        trouble = sync.unfinished
        if not sync.seen and before.files:
            trouble = "The source lists no entries. Nothing was removed."
    except SourceUnavailableError as error:
        trouble = str(error)
    finally:  # also on Ctrl-C: what was fetched stays fetched
        mirror.write(sync.so_far())
    gone = sync.files.keys() - sync.seen
    if trouble:  # what an unfinished listing names as gone is gone
        gone = set(sync.gone) if trouble == sync.unfinished else set()
    for path in gone & sync.files.keys():
        mirror.remove(path)
        del sync.files[path]
    after = replace(
        sync.so_far(),
        listed_at=before.listed_at if trouble and not sync.unfinished else now(),
        synced_at=now(),
        revision=source.revision or before.revision,
        fetched=sync.fetched,
        removed=len(gone),
        failed=sync.failed,
        skipped=dict(sync.skipped),
        trouble=trouble,
    )
    mirror.write(after)
    return after


class _Synchronisation:
    """The state of one synchronisation."""

    def __init__(self, mirror: Mirror, source: Source, before: MirrorRecord, max_bytes: int) -> None:
        self._mirror, self._source, self._before, self._max_bytes = mirror, source, before, max_bytes
        self._written = time.monotonic()
        self.files = dict(before.files)
        self.seen: set[str] = set()
        self.gone: set[str] = set()
        self.failed: dict[str, str] = {}
        self.skipped: Counter[str] = Counter()
        self.fetched = 0
        self.unfinished: str | None = None

    def so_far(self) -> MirrorRecord:
        return replace(self._before, files=dict(self.files))

    def run(self) -> Iterator[int]:
        """Take in the source's items; yield the number of entries listed."""
        # closed in any case: a listing may hold a process or a database
        with closing(self._source.items()) as items:
            for item in items:
                match item:
                    case Unfinished():
                        self.unfinished = item.reason
                    case Skipped():
                        self.skipped[item.reason] += 1
                    case Gone():
                        self.gone.add(item.path)
                    case Failed():
                        self._fail(item.path, item.reason)
                    case Entry():
                        self._take(item)
                yield len(self.seen)
                if time.monotonic() - self._written > SECONDS_IN_RECORD:
                    self._mirror.write(self.so_far())
                    self._written = time.monotonic()

    def _fail(self, path: str, reason: str) -> None:
        self.failed[path] = reason
        if path in self.files:
            self.seen.add(path)

    def _take(self, entry: Entry) -> None:
        reason = self._refused(entry)
        if reason is not None:
            self._fail(entry.path, reason)
            return
        self.seen.add(entry.path)
        known = self.files.get(entry.path)
        if known is not None and self._mirror.holds(entry.path, known, entry.version):
            self.files[entry.path] = replace(known, origin=entry.origin)
            return
        try:
            self.files[entry.path] = self._mirror.put(entry, self._source.fetch)
            self.fetched += 1
        except EntryUnavailableError as error:
            self._fail(entry.path, str(error))
        except OSError as error:
            if _is_of_the_disk(error):
                raise
            self._fail(entry.path, f"it cannot be stored: {error.strerror}")

    def _refused(self, entry: Entry) -> str | None:
        if (reason := unsafe(entry.path)) is not None:
            return reason
        if entry.size_bytes is not None and entry.size_bytes > self._max_bytes:
            return f"larger than {self._max_bytes // 2**20} MB (max_mb)"
        return None


def unsafe(path: str) -> str | None:
    """Return why an entry of this name is not stored, None if it can be."""
    parts = path.split("/")
    if path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "the name is not a path below a folder"
    if any(ord(sign) < 32 for sign in path):
        return "the name has control characters"
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in parts) or len(os.fsencode(path)) > LONGEST_PATH:
        return "the name is too long"
    return None


def _is_of_the_disk(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
