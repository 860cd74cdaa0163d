"""What is stored: tables, SQLite files, records, and the files that search maps into memory."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from xnai_pipelines.doctor.diagnosis import AGAIN, RESTORE, Diagnosis, Urgency
from xnai_pipelines.errors import DamagedArtefactError, ReleaseError, TableError
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.lance_files import cut_off_files, missing_files, newest_version, table_folders
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.locks import WRITER, held_if_free
from xnai_pipelines.state.manifest import Releases, is_embeddings_table
from xnai_pipelines.state.tables import table_names

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# Records that no run makes again, and what to do about each.
_NOT_MADE_AGAIN = {
    "crawled_sites.json": f"{RESTORE}; or delete it and `xnai crawl URL` each site again before the next run",
    "restore_drills.json": "Delete it and run `xnai drill`; the results of earlier drills are lost",
    "backup.json": "`xnai backup`",
}


def inspect_tables(home: Home) -> Iterator[Diagnosis]:
    """Yield tables that lack files, as a home does that was copied while it worked or not to the end."""
    for folder in table_folders(home.lancedb):
        try:
            version = newest_version(folder)
            missing, cut_off = missing_files(folder, version), cut_off_files(folder, version)
        except FileNotFoundError:  # dropped meanwhile
            continue
        except TableError as error:
            yield Diagnosis("damaged_table", f"table {folder.stem}", str(error), RESTORE)
            continue
        if missing:
            yield Diagnosis(
                "half_copied",
                f"table {folder.stem}",
                f"It lacks {len(missing)} of its files, such as {missing[0]}. The copy of the home is incomplete.",
                f"Copy the home again while nothing runs, or {RESTORE}",
            )
        elif cut_off:
            yield Diagnosis("cut_off", f"table {folder.stem}", f"Its file {cut_off[0]} was cut off.", RESTORE)


def inspect_orphans(home: Home) -> Iterator[Diagnosis]:
    """Yield tables of vectors that no release and no challenger names."""
    try:
        kept = Releases(home.releases).with_challenger()
    except ReleaseError:  # another inspection tells
        return
    named = {release.embeddings_table for release in kept}
    for name in sorted(table_names(home)) if kept else ():
        if is_embeddings_table(name) and name not in named:
            yield Diagnosis(
                "orphaned_table",
                f"table {name}",
                "No release names it. It only takes up space, unless a run is making it now.",
                "`xnai maintain`",
                Urgency.RISK,
            )


def inspect_databases(home: Home) -> Iterator[Diagnosis]:
    """Yield SQLite files that are damaged."""
    for path in (home.vector_cache, home.root / "mlflow.db", *sorted(home.dagster.rglob("*.db"))):
        reason = _damage(path) if path.exists() else None
        if reason is None:
            continue
        is_cache = path == home.vector_cache
        yield Diagnosis(
            "damaged_database",
            path.relative_to(home.root).as_posix(),
            f"SQLite finds it damaged ({reason}).",
            AGAIN if is_cache else RESTORE,
            fix=partial(_remove_database, home, path) if is_cache else None,
        )


def inspect_records(home: Home) -> Iterator[Diagnosis]:
    """Yield records under state/ that are not JSON."""
    for path in sorted(home.state.rglob("*.json")):
        error = _no_json(path)
        if error is None:
            continue
        remedy = _NOT_MADE_AGAIN.get(path.name)
        yield Diagnosis(
            "damaged_record",
            path.relative_to(home.root).as_posix(),
            f"It cannot be read ({error}).",
            remedy or AGAIN,
            fix=None if remedy else partial(_set_aside, home, path),
        )


def inspect_search_files(home: Home) -> Iterator[Diagnosis]:
    """Yield files of search that differ from their card."""
    for folder in sorted(path for path in home.index.glob("*/[!.]*") if path.is_dir()):
        error = _damaged_card(folder)
        if error is not None:
            yield Diagnosis(
                "damaged_search_files",
                folder.relative_to(home.root).as_posix(),
                error.split(". ")[0] + ".",
                "`xnai doctor --fix`; searches then read the table until the next run makes the files again",
                fix=partial(_remove_search_files, home, folder),
            )


def _damage(path: Path) -> str | None:
    """Return what SQLite finds damaged in a file; a file that is locked or cannot be opened is not damaged by that."""
    # SQLite puts files beside one that it opens, and leaves them there: not before it has to look at a writer's log
    if not path.with_name(f"{path.name}-wal").exists() and _checked(path, "immutable=1") is None:
        return None
    return _checked(path, "mode=ro")


def _checked(path: Path, how: str) -> str | None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=5.0)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        # the low byte is the kind of error, the others its detail
        return str(error) if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED else None
    return None if found == "ok" else str(found).splitlines()[0]


def _no_json(path: Path) -> str | None:
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:  # removed meanwhile
        return None
    except ValueError as error:
        return str(error)
    return None


def _damaged_card(folder: Path) -> str | None:
    try:
        read_card(folder)
    except DamagedArtefactError as error:
        return str(error) if folder.exists() else None  # else a run has just replaced it
    return None


# A run may have fixed or replaced what was found: each of these looks again, while no run writes.


def _set_aside(home: Home, path: Path) -> None:
    with held_if_free(home, WRITER) as alone:
        if alone and _no_json(path):
            path.rename(path.with_name(f"{path.name}.damaged"))


def _remove_database(home: Home, path: Path) -> None:
    with held_if_free(home, WRITER) as alone:
        if alone and path.exists() and _damage(path):
            for suffix in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)


def _remove_search_files(home: Home, folder: Path) -> None:
    with held_if_free(home, WRITER) as alone:
        if alone and _damaged_card(folder):
            remove(folder)
