"""The id of a home, by which homes that share a server are told apart wherever their folders are."""

import os
import uuid
from pathlib import Path

from xnai_pipelines.state.claim import unwritable
from xnai_pipelines.state.layout import Home


def home_id(home: Home) -> str:
    """Return the home's id, made when it is first asked for. It moves with the home; a new home has another.

    Raises:
        HomeError: It cannot be written.
    """
    path = home.root / "home_id"
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise unwritable(home, error) from error


def _make(path: Path) -> None:
    """Write a new id, whole from the first moment; if another process is faster, its id stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("w", encoding="ascii") as file:
            file.write(uuid.uuid4().hex + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
