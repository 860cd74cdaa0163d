"""Where backups lie: a folder, or a bucket of an object store with the S3 protocol."""

import fcntl
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from xnai_pipelines.errors import BackupUnavailableError, SettingsError
from xnai_pipelines.state.layout import Home, write_bytes
from xnai_pipelines.state.objects import Objects

# What `write_bytes` has for a moment: the name of a content between a dot and the process id. Other hidden files of the
# folder may be a person's.
_UNFINISHED = re.compile(r"\.(repository\.json|[0-9a-f]{64}|\d{8}T\d{6}\.\d{3}Z)\.\d+")


class BackupPlace(Protocol):
    """Named contents."""

    address: str

    def read(self, name: str) -> bytes | None:
        """Return a content, None if there is none of this name."""

    def write(self, name: str, content: bytes) -> None:
        """Store a content whole or not at all."""

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Return the sizes in bytes of the contents whose names begin so, by name."""

    def remove(self, name: str) -> None:
        """Remove a content; nothing happens if there is none."""

    def overlaps(self, folder: Path) -> bool:
        """Return whether the contents lie in the folder, or the folder among the contents."""

    def alone(self) -> Any:
        """Return a context in which no other process adds or removes backups here, if the place can tell."""


def open_place(address: str) -> BackupPlace:
    """Return the place at `s3://BUCKET/PREFIX`, or in a folder.

    Raises:
        SettingsError: The address has another scheme, or no bucket.
        MissingExtraError: It needs the extra `s3`.
    """
    parts = urlsplit(address)
    if parts.scheme == "s3" and parts.netloc:
        return BackupBucket(address, "The backups", BackupUnavailableError)
    if "://" in address:
        raise SettingsError(f"Backups cannot be stored at {address}. Name a folder, or s3://BUCKET/PREFIX.")
    return Folder(Path(address).expanduser().absolute())


def default_address(home: Home) -> str:
    """Return the folder beside the home, for backups that no setting places elsewhere."""
    return f"{home.root}-backups"


class Folder:
    """A folder of files."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made with the first content."""
        self._folder = folder
        self.address = str(folder)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable(error) from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file, atomically even if the machine stops."""
        try:
            write_bytes(self._folder / name, content)
        except OSError as error:
            raise self._unavailable(error) from error

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Return the files below a folder; those that a killed process left half-written have no name yet."""
        sizes = {}
        try:
            for path in (self._folder / prefix).rglob("[!.]*"):
                with suppress(FileNotFoundError):  # another process removed it
                    status = path.stat()
                    if stat.S_ISREG(status.st_mode):
                        sizes[path.relative_to(self._folder).as_posix()] = status.st_size
        except OSError as error:
            raise self._unavailable(error) from error
        return sizes

    def remove(self, name: str) -> None:
        """Delete a file."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from error

    def overlaps(self, folder: Path) -> bool:
        """Return whether one of the two folders is the other, or lies in it."""
        mine, other = self._folder.resolve(), folder.resolve()
        return mine.is_relative_to(other) or other.is_relative_to(mine)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder's lock, which the system releases if the process dies."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self._folder / ".lock").open("w")
        except OSError as error:
            raise self._unavailable(error) from error
        with lock as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for pattern in (".*", "blocks/*/.*", "backups/.*"):
                for left in self._folder.glob(pattern):
                    if _UNFINISHED.fullmatch(left.name):  # by a process that was killed while it wrote
                        left.unlink(missing_ok=True)
            yield

    def _unavailable(self, error: OSError) -> BackupUnavailableError:
        return BackupUnavailableError(
            f"The backups in {self._folder} cannot be reached ({error.strerror}). Check that the disk is mounted, "
            "writable and not full."
        )


class BackupBucket(Objects):
    """The objects of a bucket below a prefix, as a place of backups."""

    def overlaps(self, folder: Path) -> bool:
        """Return False: objects lie in no folder."""
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do nothing: an object store has no locks, so each home needs a prefix of its own."""
        yield
