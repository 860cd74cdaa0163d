"""A home of an earlier version is brought up to date when it is opened; one of a later version is refused.

Version 0.1 kept records that decide under `reports/`; they move to `state/` once. Tables gain columns as they are
written, or all at once by `migrate_tables`.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.layout import Home, write_bytes, write_json
from xnai_pipelines.state.locks import sole_writer
from xnai_pipelines.state.manifest import is_embeddings_table
from xnai_pipelines.state.schemas import (
    CHUNKS,
    DOCUMENTS,
    FILES,
    QUARANTINE,
    QUESTIONS,
    TRAINING_PAIRS,
    TableSpec,
    embeddings_spec,
)
from xnai_pipelines.state.table_place import has_tables
from xnai_pipelines.state.tables import Tables

_log = logging.getLogger(__name__)

# Raised when an earlier version could no longer read what this one writes.
SCHEMA_VERSION = 2
_VERSION = "version.json"

# Files under reports/ and their names under state/; a pattern keeps its files' names.
_MOVED = {
    "stages.jsonl": None,
    "calibration.parquet": None,
    "training_pairs.json": None,
    "lora_adapter.json": None,
    "adapted_encoder.json": None,
    "quantized_models/*.json": None,
    "drift/report.json": None,
    "drift/release_*": None,
    "evaluation/per_question.parquet": "evaluation.parquet",
    "adapter_evaluation/challenger.parquet": "comparison.parquet",
}
# The part of a report that decides; the report itself stays.
_EXTRACTED = {"documents.json": ("looked_ns",), "questions.json": ("splits_given", "without_answer")}
# Folders whose kept.json said what the other files were measured on; they become one record.
_JOINED = {
    "evaluation": ("evaluation.json", ("report",)),
    "precision_card": ("precision_card.json", ("card",)),
    "adapter_evaluation": ("comparison.json", ("comparison", "challenger")),
}

# Fields that version 0.1 named differently: by record, the path to the objects that have them, old and new name.
_RENAMED = (
    ("quantized_models/*.json", (), "serving", "runtime"),
    ("precision_card.json", ("card", "variants"), "serving", "runtime"),
    ("comparison.json", ("comparison", "champion"), "precision", "variant"),
    ("comparison.json", ("comparison", "challenger"), "precision", "variant"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a home of an earlier version still has to change: where, and what, in a sentence.

    `possible` is False if this version cannot make the change.
    """

    where: str
    what: str
    possible: bool = True


def schema_version(home: Home) -> int:
    """Return the version of what the home keeps; of a home without a record it is told by its folders.

    Raises:
        HomeError: The record is damaged.
    """
    path = home.state / _VERSION
    try:
        return int(json.loads(path.read_bytes())["schema"])
    except FileNotFoundError:
        return 1 if _is_of_version_0_1(home) else SCHEMA_VERSION
    except (ValueError, KeyError, TypeError) as error:
        raise HomeError(f"{path} is damaged ({error!r}). Delete it; it is written again.") from error


def pending(home: Home) -> tuple[Change, ...]:
    """Return what the home still has to change, without changing anything."""
    changes = [_newer(home)] if schema_version(home) > SCHEMA_VERSION else []
    if _is_of_version_0_1(home):
        changes += [
            Change(f"reports/{path.relative_to(home.reports).as_posix()}", "It moves to state/.")
            for path in sorted(_replaced(home.reports))
        ]
    return (*changes, *_table_changes(Tables.of(home))) if has_tables(home) else tuple(changes)


def _table_changes(tables: Tables) -> Iterator[Change]:
    for spec in _specs(tables):
        stored = tables.open(spec.name).schema
        missing = [field.name for field in spec.schema if field.name not in stored.names]
        wrong = [f.name for f in spec.schema if f.name in stored.names and not f.type.equals(stored.field(f.name).type)]
        if missing:
            yield Change(f"table {spec.name}", f"It gains the columns {', '.join(missing)}.")
        if wrong:
            what = f"It stores {', '.join(wrong)} in a form that this version cannot read: ingest into a new XNAI_HOME."
            yield Change(f"table {spec.name}", what, possible=False)


def migrate_tables(home: Home, say: Callable[[str], None]) -> None:
    """Give every table the columns that this version needs; the next run fills them.

    Raises:
        HomeError: The home cannot be written.
        TableError: A table stores a column in a form that this version cannot read.
    """
    if has_tables(home) and any(_table_changes(Tables.of(home))):
        with sole_writer(home, say):
            tables = Tables.of(home)
            for spec in _specs(tables):
                tables.ensure(spec)


def _specs(tables: Tables) -> list[TableSpec]:
    """Return what this version needs of each table that exists."""
    known = {spec.name: spec for spec in (FILES, DOCUMENTS, QUARANTINE, CHUNKS, QUESTIONS, TRAINING_PAIRS)}
    names = tables.names()
    embeddings = [
        embeddings_spec(name, tables.open(name).schema.field("vector").type.list_size)
        for name in names
        if is_embeddings_table(name)
    ]
    return [*(known[name] for name in names if name in known), *embeddings]


def _is_of_version_0_1(home: Home) -> bool:
    # a first run of this version reports on its sources before it has decided anything, and on documents after that
    return not home.state.exists() and (home.reports / "documents.json").exists()


def _newer(home: Home) -> Change:
    what = f"It has schema {schema_version(home)}, and this program reads up to {SCHEMA_VERSION}. Update the program."
    return Change(str(home.root), what, possible=False)


def _record_version(home: Home) -> None:
    if home.state.is_dir() and not (home.state / _VERSION).exists() and os.access(home.state, os.W_OK):
        write_json(home.state / _VERSION, {"schema": SCHEMA_VERSION})


def migrate(home: Home, say: Callable[[str], None]) -> None:
    """Move what version 0.1 kept under `reports/` to `state/`; leave a home that has `state/` as it is.

    The new folder appears in one rename: a process killed before leaves the home as it was.

    Raises:
        HomeError: The home cannot be written, or a later version wrote it.
    """
    if schema_version(home) > SCHEMA_VERSION:
        raise HomeError(f"The home {home.root} was written by a later version. {_newer(home).what}")
    if not _is_of_version_0_1(home) or not os.access(home.root, os.W_OK):  # reading a home decides nothing
        _record_version(home)
        return
    with sole_writer(home, say):
        if home.state.exists():  # made by the process that held the lock
            return
        partial = home.root / ".state.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        moved = _fill(partial, home.reports)
        write_json(partial / _VERSION, {"schema": SCHEMA_VERSION})
        partial.rename(home.state)
        for path in moved:
            path.unlink(missing_ok=True)


def _replaced(reports: Path) -> set[Path]:
    """Return the files that moving replaces."""
    joined = [reports / folder / f"{part}.json" for folder, (_, parts) in _JOINED.items() for part in ("kept", *parts)]
    return {path for pattern in _MOVED for path in reports.glob(pattern)} | {path for path in joined if path.exists()}


def _fill(state: Path, reports: Path) -> list[Path]:
    """Write the records into an empty folder and return the files that they replace."""
    moved = []
    for pattern, name in _MOVED.items():
        for path in reports.glob(pattern):
            write_bytes(state / (name or path.relative_to(reports)), path.read_bytes())
            moved.append(path)
    for file, fields in _EXTRACTED.items():
        stored = _read(reports / file)
        if stored is not None and all(field in stored for field in fields):
            write_json(state / file, {field: stored[field] for field in fields})
    for folder, (name, parts) in _JOINED.items():
        paths = [reports / folder / f"{part}.json" for part in ("kept", *parts)]
        kept, *contents = (_read(path) for path in paths)
        if kept is not None and all(content is not None for content in contents):
            write_json(state / name, {**kept, **dict(zip(parts, contents, strict=True))})
        moved += paths
    for pattern, where, old, new in _RENAMED:
        for path in state.glob(pattern):
            _rename_field(path, where, old, new)
    return moved


def _rename_field(path: Path, where: tuple[str, ...], old: str, new: str) -> None:
    stored = _read(path)
    found: Any = stored
    for step in where:
        found = (found or {}).get(step)
    for holder in found if isinstance(found, list) else [found]:
        if holder and old in holder:
            holder[new] = holder.pop(old)
    if stored is not None:
        write_json(path, stored)


def _read(path: Path) -> dict[str, Any] | None:
    """Return a JSON object, None if it is missing or damaged; what it recorded is then made again."""
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        _log.warning("%s is damaged (%s) and was not migrated.", path, error)
        return None
    return stored if isinstance(stored, dict) else None
