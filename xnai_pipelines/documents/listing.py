"""What lies in the folder of documents, without opening a file."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pathspec import GitIgnoreSpec

from xnai_pipelines.errors import ListingError

LAST_NS = 2**63 - 1  # nanoseconds since the epoch that a table's column holds


@dataclass(frozen=True, slots=True)
class FileStat:
    """Size in bytes and time of last modification in nanoseconds since the epoch."""

    size_bytes: int
    modified_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Self:
        """Return what matters of a file's status; times outside the years 1678 to 2262 as the nearest of these."""
        return cls(stat.st_size, max(-LAST_NS, min(LAST_NS, stat.st_mtime_ns)))


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder by path (relative, POSIX slashes): to read, skipped and unlisted ones with the reason.

    A folder that is left out whole counts as one entry whose path ends in a slash. What an entry of `unlisted` is,
    and what lies under it, is unknown, which is not the same as gone.
    """

    files: dict[str, FileStat] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)

    def is_unknown(self, path: str) -> bool:
        """Return whether the path is, or lies under, an entry that could not be looked at."""
        return any(path == entry or path.startswith(entry.rstrip("/") + "/") for entry in self.unlisted)


def list_folder(folder: Path, exclude: Sequence[str]) -> Listing:
    """Return the listing of a folder, read recursively; links are not followed out of it.

    Raises:
        ListingError: The folder is missing, is no folder or cannot be listed.
    """
    if not folder.is_dir():
        raise ListingError(
            f"The folder of documents {folder} does not exist or is no folder. Nothing was deleted. Mount or restore "
            "it, or name another one with XNAI_DOCUMENTS in a new XNAI_HOME."
        )
    # "a/**" stands for what is in the folder; GitIgnoreSpec would leave out the folder, and what "!a/b" takes in again
    patterns = GitIgnoreSpec.from_lines(re.sub(r"/\*\*$", "/*", line) for line in exclude)
    root = folder.resolve()
    listing = Listing()
    pending = [folder]
    while pending:
        here = pending.pop()
        relative = "" if here == folder else _printable(here.relative_to(folder).as_posix()) + "/"
        try:
            with os.scandir(here) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if here == folder:
                raise ListingError(f"The folder {folder} cannot be listed: {error.strerror}.") from error
            listing.unlisted[relative] = f"the folder cannot be listed: {error.strerror}"
            continue
        for entry in ordered:
            _place(entry, relative, root, patterns, listing, pending)
    return listing


def _place(
    entry: os.DirEntry[str],
    parent: str,
    root: Path,
    patterns: GitIgnoreSpec,
    listing: Listing,
    pending: list[Path],
) -> None:
    """Put one entry of a folder where it belongs."""
    path = parent + _printable(entry.name)
    try:
        is_folder = entry.is_dir(follow_symlinks=False)
        reason = _reason_to_skip(entry, path + "/" * is_folder, is_folder, root, patterns)
        if reason is not None:
            listing.skipped[path + "/" * is_folder] = reason
        elif is_folder:
            pending.append(Path(entry.path))
        else:
            listing.files[path] = FileStat.of(entry.stat())
    except FileNotFoundError:
        return  # deleted while the folder was listed: it is not there
    except OSError as error:
        listing.unlisted[path] = f"cannot be looked at: {error.strerror}"


def _reason_to_skip(
    entry: os.DirEntry[str], path: str, is_folder: bool, root: Path, patterns: GitIgnoreSpec
) -> str | None:
    if _printable(entry.name) != entry.name:
        return "the name is not valid UTF-8; rename the file"
    if entry.name.startswith("."):
        return "hidden"
    if entry.name.startswith("~$"):
        return "lock file of an office program"
    if patterns.match_file(path):
        return "matches XNAI_EXCLUDE"
    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))  # Path.resolve raises RuntimeError on a loop
        if not target.is_relative_to(root):
            return "symbolic link that leaves the folder"
        if not target.is_file():
            return "symbolic link to a folder" if target.is_dir() else "broken symbolic link"
    elif not is_folder and not entry.is_file(follow_symlinks=False):
        return "neither a file nor a folder"
    return None


def _printable(name: str) -> str:
    """Return the name with bytes that are not UTF-8 written as escapes, so that it can be stored and shown."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
