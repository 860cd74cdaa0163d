"""A backup: one manifest that names every file of the home, and the blocks that each file consists of."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from xnai_pipelines.errors import BackupDamagedError

FORMAT = 1

_BLOCK = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was.

    Attributes:
        path: Path in the home, POSIX slashes.
        bytes: Size.
        mode: Permission bits.
        modified_ns: Time of its last modification.
        blocks: Names of its blocks, in order.
        stamp: What tells that the file did not change since, "" if that cannot be told.
    """

    path: str
    bytes: int
    mode: int
    modified_ns: int
    blocks: tuple[str, ...]
    stamp: str


@dataclass(frozen=True, slots=True)
class Golden:
    """A question and what the home found when it was backed up: ids of passages, and scores as hexadecimal floats."""

    question: str
    found: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup.

    Attributes:
        backup_id: Its name, which sorts in the order in which backups were made, even if the clock was put back.
        created_at: When its content was current, UTC, ISO 8601.
        program: Version of the program that made it.
        home: Path of the home.
        release: Current release, None before the first.
        tables: Versions of the tables.
        golden: Questions with what the home found; empty if it was not asked.
        omitted: Files that could not be read, with the reason.
        files: Every file.
        unasked: Why the home was not asked, "" if it was, or if nothing was released.
        processor: Vector instruction sets of the processor that answered; scores depend on them.
    """

    backup_id: str
    created_at: str
    program: str
    home: str
    release: int | None
    tables: dict[str, int]
    golden: tuple[Golden, ...]
    omitted: dict[str, str]
    files: tuple[StoredFile, ...]
    unasked: str = ""
    processor: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def at(self) -> datetime:
        """When its content was current."""
        return datetime.fromisoformat(self.created_at)

    def blocks(self) -> set[str]:
        """Return the names of all blocks."""
        return {block for file in self.files for block in file.blocks}


def written(backup: Backup) -> bytes:
    """Return the manifest."""
    return json.dumps({"format": FORMAT, **asdict(backup)}, ensure_ascii=False, separators=(",", ":")).encode()


def read(content: bytes) -> Backup:
    """Return the backup of a manifest.

    Raises:
        BackupDamagedError: It is not a manifest that this program can read, or a path in it leads out of the home.
    """
    try:
        stored: dict[str, Any] = json.loads(content)
        if stored.pop("format") != FORMAT:
            raise ValueError("it was written by another version")
        backup = TypeAdapter(Backup).validate_python(stored)
        datetime.fromisoformat(backup.created_at)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BackupDamagedError(f"the manifest cannot be read ({where}: {first['msg']})") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BackupDamagedError(f"the manifest cannot be read ({error!r})") from error
    for file in backup.files:
        if not all(_BLOCK.fullmatch(block) for block in file.blocks):
            raise BackupDamagedError(f"the manifest names a block of {file.path!r} that no backup writes")
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in file.path or "\0" in file.path:
            raise BackupDamagedError(f"the manifest names the path {file.path!r}, which leads out of the home")
    return backup
