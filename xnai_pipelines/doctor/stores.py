"""What is stored: tables, SQLite files, records, and the files that search maps into memory."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from xnai_pipelines.doctor.diagnosis import AGAIN, RESTORE, Diagnosis, Urgency
from xnai_pipelines.errors import DamagedArtefactError, ReleaseError, TableError
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.lance_files import cut_off_files, missing_files, newest_version, table_folders
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases, is_embeddings_table

_CARD = "card.json"


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
                f"It lacks {len(missing)} of its files, such as {missing[0]}. The home was not copied whole.",
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
    for folder in table_folders(home.lancedb) if kept else ():
        if is_embeddings_table(folder.stem) and folder.stem not in named:
            yield Diagnosis(
                "orphaned_table",
                f"table {folder.stem}",
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
            mend=partial(_remove_database, path) if is_cache else None,
        )


def inspect_records(home: Home) -> Iterator[Diagnosis]:
    """Yield records under state/ that are not JSON."""
    for path in sorted(home.state.rglob("*.json")):
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            yield Diagnosis(
                "damaged_record",
                path.relative_to(home.root).as_posix(),
                f"It cannot be read ({error}).",
                AGAIN,
                mend=partial(_set_aside, path),
            )


def inspect_search_files(home: Home) -> Iterator[Diagnosis]:
    """Yield files of search that differ from their card."""
    for folder in sorted(path for path in home.index.glob("*/[!.]*") if path.is_dir()):
        try:
            read_card(folder)
        except DamagedArtefactError as error:
            if folder.exists():  # else a run has just replaced it
                yield Diagnosis(
                    "damaged_search_files",
                    folder.relative_to(home.root).as_posix(),
                    str(error).split(". ")[0] + ".",
                    "`xnai doctor --fix`; searches then read the table until the next run makes the files again",
                    mend=partial(shutil.rmtree, folder),
                )


def _damage(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:  # locked, which a working home may be, or not readable
        return None if "locked" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else str(found).splitlines()[0]


def _set_aside(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.damaged"))


def _remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
