"""What a home consists of at one moment, while runs go on.

Three things make a copy consistent. Records and manifests are small: they are read at once. A version of a table is
named, and its files never change. A SQLite file is copied by SQLite. Records are read before the tables, so a record
is never newer than the tables that it describes: a later run then only does again what it has already done.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from xnai_pipelines.errors import HomeMovedError
from xnai_pipelines.state.lance_files import TableVersion, newest_version, table_folders
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.table_place import Bucket, place_of

# Folders of records, read at once.
RECORDS = ("releases", "state")
# Made again from the rest, or of no use elsewhere. The vectors of all passages are in the tables: the cache beside them
# has those of passages that come back, in a file that each run changes everywhere.
LEFT_OUT = frozenset({"index", "unpacked", "shards", "logs", "alive", "lancedb", "vectors.db", *RECORDS})
# People's own files, hidden ones too; elsewhere a name that begins with a dot is a lock or unfinished.
PEOPLES = frozenset({"sample", "sources"})
# Folders whose entries may be links, such as models that several homes share.
SHARED = frozenset({"models", "adapters", "rerankers"})
# The part of secrets/ that holds no secret: hashes of tokens.
HASHES = "tokens.json"
_SIDECARS = ("-wal", "-shm", "-journal")
_DATABASE = b"SQLite format 3\0"
SECONDS_TO_WAIT = 60.0


@dataclass(slots=True)
class Snapshot:
    """What a home consists of.

    Attributes:
        release: Current release, None before the first.
        records: Contents by path.
        tables: Versions of the tables, those that search reads first.
        databases: Paths of SQLite files.
        files: Paths of all other files.
        omitted: Paths that are left out for a reason, with the reason.
        bucket: Object store where the tables lie, which a copy of the home leaves there; None if they are in the home.
    """

    release: Release | None
    records: dict[str, bytes] = field(default_factory=dict)
    tables: list[TableVersion] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    omitted: dict[str, str] = field(default_factory=dict)
    bucket: Bucket | None = None


def take(home: Home, *, with_keys: bool) -> Snapshot:
    """Return what the home consists of now.

    Args:
        home: The home.
        with_keys: Whether to include keys, which only an encrypted backup may hold.

    Raises:
        HomeMovedError: The release changed meanwhile, or a release names a table that is gone: a run removed it.
        ReleaseError: The pointer or a manifest is damaged.
        TableError: A table's manifest is damaged.
    """
    releases = Releases(home.releases)
    snapshot = Snapshot(releases.current())
    for name in ("home.json", *RECORDS):
        for path in _walk(home.root / name):
            if not path.name.startswith("."):
                content = _read(path)
                if content is not None:
                    snapshot.records[_relative(home, path)] = content
    if releases.current() != snapshot.release:
        raise HomeMovedError("The current release was changed while the records were read. Back up again.")
    place = place_of(home)
    if isinstance(place, Bucket):
        snapshot.bucket = place
        snapshot.omitted[str(place)] = "tables in an object store, kept by its versioning"
    else:
        snapshot.tables = _tables(place)
        _check_named(snapshot)
    for path in sorted(home.root.iterdir()) if home.root.is_dir() else ():
        if path.name not in LEFT_OUT and path.name != "home.json":
            _add(snapshot, home, path, with_keys=with_keys)
    return snapshot


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite file as it is after its last transaction, while others write to it.

    Raises:
        sqlite3.Error: It is damaged, or locked for too long.
    """
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=SECONDS_TO_WAIT)) as read,
        closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written)


def stamp(path: Path, *, before_ns: int) -> str:
    """Return what changes when the file does; "" if it changed so recently that a further change would not show.

    Args:
        path: The file; of a SQLite file the log of its transactions counts too.
        before_ns: Time when the copy began.
    """
    parts = []
    for one in (path, path.with_name(f"{path.name}-wal")):
        try:
            status = one.stat()
        except FileNotFoundError:
            continue
        if max(status.st_mtime_ns, status.st_ctime_ns) > before_ns - 2 * 10**9:
            return ""
        parts.append(f"{status.st_ino}.{status.st_size}.{status.st_mtime_ns}.{status.st_ctime_ns}")
    return " ".join(parts)


def _tables(place: Path) -> list[TableVersion]:
    found = []
    # against the data's direction: what is derived is never newer than what it is derived from
    rank = {name: at for at, name in enumerate(("chunks", "documents", "quarantine", "files"), 1)}
    for folder in sorted(table_folders(place), key=lambda folder: (rank.get(folder.stem, 0), folder.stem)):
        try:
            found.append(newest_version(folder))
        except FileNotFoundError:  # dropped meanwhile; if a release names it, the caller sees that it is missing
            continue
    return found


def _check_named(snapshot: Snapshot) -> None:
    tables = {table.name for table in snapshot.tables}
    for path, content in list(snapshot.records.items()):
        folder, _, name = path.rpartition("/")
        if folder == "releases" and name.removesuffix(".json").isdigit():
            try:
                table = json.loads(content)["embeddings_table"]
            except (ValueError, KeyError, TypeError) as error:  # of an earlier release: the current one was read
                snapshot.omitted[path] = f"damaged ({error!r})"
                del snapshot.records[path]
                continue
            if table not in tables:
                raise HomeMovedError(
                    f"Release {name.removesuffix('.json')} names the table {table}, which does not exist. "
                    "`xnai doctor` says what can be done."
                )


def _add(snapshot: Snapshot, home: Home, path: Path, *, with_keys: bool) -> None:
    top = path.name
    if top.startswith(".") or path.suffix == ".lock":
        return
    for file in _walk(path, links=top in SHARED):
        relative = _relative(home, file)
        if top not in PEOPLES and _is_unfinished(file, home):
            continue
        if file.is_symlink():
            snapshot.omitted[relative] = "a link"
        elif top == home.secrets.name and not with_keys and relative != f"{top}/{HASHES}":
            snapshot.omitted[relative] = "a key, stored in encrypted backups alone"
        elif top not in PEOPLES and _is_database(file):
            snapshot.databases.append(relative)
        else:
            snapshot.files.append(relative)


def _is_unfinished(file: Path, home: Home) -> bool:
    sidecar = file.name.endswith(_SIDECARS) and file.with_name(file.name.rpartition("-")[0]).exists()
    hidden = any(part.startswith(".") for part in file.relative_to(home.root).parts)
    return sidecar or (hidden and file.suffix != ".db" and file.name != ".db")


def _is_database(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(_DATABASE)) == _DATABASE
    except OSError:
        return False


def _walk(root: Path, *, links: bool = False) -> Iterator[Path]:
    """Yield the files below a folder, or the file itself, in order.

    With `links`, folders that are linked into it are read as if they were its own; other links are yielded.
    """
    if root.is_file():
        yield root
    for folder, folders, files in os.walk(root):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(files))
        linked = [Path(folder, name) for name in folders if Path(folder, name).is_symlink()]
        for link in linked:
            yield from _walk(link) if links and link.parent == root else (link,)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _relative(home: Home, path: Path) -> str:
    return path.relative_to(home.root).as_posix()
