"""Lists the documents folder without opening a document."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from xnai_pipelines.documents.exclusion import Exclusion
from xnai_pipelines.documents.own_folders import STATE, is_home, is_ours, is_state
from xnai_pipelines.errors import InputsError, ListingError
from xnai_pipelines.state.claim import ACCESS_FILE

GRAPH_FILE = "graph.yaml"  # in the documents folder: the user's own word on the graph
SOURCES_FILE = "sources.yaml"  # in the documents folder: where else documents come from
# What the pipelines read themselves: no documents, and nothing that a person misses among them.
OWN_FILES = {
    ACCESS_FILE: "the access rules",
    SOURCES_FILE: "the list of sources",
    GRAPH_FILE: "the user's word on the graph",
}
LAST_NS = 2**63 - 1  # nanoseconds since the epoch that a table's column holds


@dataclass(frozen=True, slots=True)
class FileStat:
    """Size in bytes, and times in nanoseconds since the epoch.

    Attributes:
        size_bytes: Size.
        modified_ns: Time of the last modification, which programs can set.
        changed_ns: Time of the last change of content, name or times, which they cannot; 0 if it is not known.
    """

    size_bytes: int
    modified_ns: int
    changed_ns: int = 0

    @classmethod
    def of(cls, stat: os.stat_result) -> Self:
        """Return a file's size and times. Times outside the years 1678 to 2262 are clipped to that range."""
        return cls(stat.st_size, max(-LAST_NS, min(LAST_NS, stat.st_mtime_ns)), stat.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of a folder by relative POSIX path.

    A folder that is skipped as a whole is one entry, and its path ends in a slash.

    Attributes:
        files: Files to read.
        skipped: Skipped entries with the reason.
        unlisted: Entries that could not be inspected, with the reason. Unknown is not the same as deleted.
    """

    files: dict[str, FileStat] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)

    def is_unknown(self, path: str) -> bool:
        """Return whether the path is, or lies under, an entry that could not be inspected."""
        return any(path == entry or path.startswith(entry.rstrip("/") + "/") for entry in self.unlisted)


def list_folder(folder: Path, exclude: Sequence[str], prefix: str = "", *, apart: Collection[Path] = ()) -> Listing:
    """Return the recursive listing of a folder. Links that lead out of it are not followed.

    Homes and backups in it are not read, and of a folder that is a home itself its state is not.

    Args:
        folder: The folder.
        exclude: Patterns of paths to skip, in .gitignore syntax.
        prefix: What all paths begin with: nothing, or a path that ends in a slash.
        apart: Folders that are not read if they lie in this one.

    Raises:
        InputsError: The folder is missing or is not a folder.
        ListingError: The folder cannot be listed.
    """
    if not folder.is_dir():
        raise InputsError(
            f"The documents folder {folder} does not exist or is not a folder. Nothing was deleted. Mount or restore "
            "it, or set XNAI_DOCUMENTS to another one and use a new XNAI_HOME."
        )
    root = folder.resolve()
    inside = {f"{prefix}{one.relative_to(root).as_posix()}/" for one in apart if root in one.parents}
    rules = _Rules(root, Exclusion(exclude), frozenset(inside))
    listing = Listing()
    pending = [folder]
    while pending:
        here = pending.pop()
        relative = prefix if here == folder else f"{prefix}{_printable(here.relative_to(folder).as_posix())}/"
        try:
            with os.scandir(here) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if here == folder:
                raise ListingError(
                    f"The documents folder {folder} cannot be listed: {error.strerror}. Nothing was deleted. Give this "
                    "user the right to read it, or set XNAI_DOCUMENTS to another one and use a new XNAI_HOME."
                ) from error
            listing.unlisted[relative] = f"the folder cannot be listed: {error.strerror}"
            continue
        names = {entry.name for entry in ordered}
        if here != folder and is_ours(here, names):
            listing.skipped[relative] = STATE
            continue
        if here == folder and is_home(here, names):
            found = [entry for entry in ordered if is_state(entry.name)]
            listing.skipped.update({f"{relative}{_printable(one.name)}{'/' * one.is_dir()}": STATE for one in found})
            ordered = [entry for entry in ordered if not is_state(entry.name)]
        for entry in ordered:
            if _place(entry, relative, rules, listing):
                pending.append(Path(entry.path))
    return listing


@dataclass(frozen=True, slots=True)
class _Rules:
    """What decides whether an entry is skipped: the root that links may not leave, names, and folders set apart."""

    root: Path
    exclusion: Exclusion
    apart: frozenset[str]


def _place(entry: os.DirEntry[str], parent: str, rules: _Rules, listing: Listing) -> bool:
    """Put one entry of a folder into its group. Return whether it is a folder to list."""
    path = parent + _printable(entry.name)
    try:
        is_folder = entry.is_dir(follow_symlinks=False)
        reason = _reason_to_skip(entry, path + "/" * is_folder, is_folder, rules)
        if reason is not None:
            listing.skipped[path + "/" * is_folder] = reason
        elif is_folder:
            return True
        else:
            listing.files[path] = FileStat.of(entry.stat())
    except FileNotFoundError:
        pass  # deleted while the folder was listed
    except OSError as error:
        listing.unlisted[path] = f"cannot be inspected: {error.strerror}"
    return False


def _reason_to_skip(entry: os.DirEntry[str], path: str, is_folder: bool, rules: _Rules) -> str | None:
    if _printable(entry.name) != entry.name:
        return "name that is not valid UTF-8; rename the file"
    if path in OWN_FILES:
        return OWN_FILES[path]
    reason = rules.exclusion.reason(path)
    if reason is not None:
        return reason
    if path in rules.apart:
        return STATE
    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))  # Path.resolve raises RuntimeError on a loop
        if not target.is_relative_to(rules.root):
            return "symbolic link out of the folder"
        if not target.is_file():
            return "symbolic link to a folder" if target.is_dir() else "broken symbolic link"
    elif not is_folder and not entry.is_file(follow_symlinks=False):
        return "not a regular file"
    return None


def _printable(name: str) -> str:
    """Return the name with bytes that are not UTF-8 as escapes, so that it can be stored and shown."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
