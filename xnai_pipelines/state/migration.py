"""Version 0.1 kept records that decide under `reports/`; they move to `state/` once."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xnai_pipelines.state.layout import Home, write_bytes, write_json
from xnai_pipelines.state.locks import sole_writer

_log = logging.getLogger(__name__)

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


def migrate(home: Home, say: Callable[[str], None]) -> None:
    """Move what version 0.1 kept under `reports/` to `state/`; leave a home that has `state/` as it is.

    The new folder appears in one rename: a process killed before leaves the home as it was.

    Raises:
        HomeError: The home cannot be written.
    """
    # a first run of this version reports on its sources before it has decided anything, and on documents after that
    of_version_0_1 = not home.state.exists() and (home.reports / "documents.json").exists()
    if not of_version_0_1 or not os.access(home.root, os.W_OK):  # reading a home decides nothing
        return
    with sole_writer(home, say):
        if home.state.exists():  # made by the process that held the lock
            return
        partial = home.root / ".state.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        moved = _fill(partial, home.reports)
        partial.rename(home.state)
        for path in moved:
            path.unlink(missing_ok=True)


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
