"""What xnai itself wrote into the documents folder, by what it holds: homes and backups, this home's and others'."""

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path

from xnai_pipelines.state.layout import Home

HOME_FILE, BACKUPS_FILE = "home.json", "repository.json"
STATE = "the state folder of xnai, or its backups"
_FIELDS = {HOME_FILE: {"documents", "questions"}, BACKUPS_FILE: {"encryption", "check"}}
_LONGEST = 65_536  # bytes of these files
_DATABASES = ("vectors.db", "mlflow.db")


def is_ours(folder: Path, names: Collection[str]) -> bool:
    """Return whether a folder, in which there are these names, is a home or holds backups."""
    return any(name in names and _has(folder / name, fields) for name, fields in _FIELDS.items())


def is_home(folder: Path, names: Collection[str]) -> bool:
    """Return whether a folder, in which there are these names, is a home."""
    return HOME_FILE in names and _has(folder / HOME_FILE, _FIELDS[HOME_FILE])


def is_state(name: str) -> bool:
    """Return whether an entry of a home with this name is its state: in a home that is the documents folder too."""
    return name in _names_in_a_home() or name.startswith(_DATABASES) or name.endswith(".lock")


@cache
def _names_in_a_home() -> frozenset[str]:
    home = Home(Path("home"))
    parts = [getattr(home, name) for name, value in vars(Home).items() if isinstance(value, property)]
    return frozenset(
        {HOME_FILE, "home_id", "alive", *(part.name for part in parts if isinstance(part, Path) and part != home.root)}
    )


def _has(file: Path, fields: set[str]) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            content = json.loads(opened.read(_LONGEST))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and fields <= content.keys()
