"""The id of a home, by which homes that share a server are told apart wherever their folders are."""

import uuid

from xnai_pipelines.state.claim import unwritable
from xnai_pipelines.state.layout import Home, write_once


def home_id(home: Home) -> str:
    """Return the home's id, made when it is first asked for. It moves with the home; a new home has another.

    Raises:
        HomeError: It cannot be written.
    """
    path = home.root / "home_id"
    try:
        if not path.exists():
            write_once(path, f"{uuid.uuid4().hex}\n".encode())
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise unwritable(home, error) from error
