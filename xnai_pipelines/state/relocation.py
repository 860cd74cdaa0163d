"""A home may be moved: what libraries keep as absolute paths in it is brought in line with its place."""

import hashlib
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from xnai_pipelines.errors import HomeError

# Signs that a path loses in an SQLAlchemy URL.
_IN_URL = re.compile(r"[%?#]")
# Where MLflow keeps addresses of artifacts.
_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def sqlite_url(database: Path) -> str:
    """Return the URL of a SQLite file, with the signs escaped that mean something in a URL."""
    return f"sqlite:///{_IN_URL.sub(lambda sign: quote(sign.group()), str(database))}"


def path_for_urls(folder: Path) -> Path:
    """Return a path of the folder that a library can paste into a URL: itself, or a link to it in the user's cache.

    Raises:
        HomeError: The link cannot be made.
    """
    if not _IN_URL.search(str(folder)):
        return folder
    link = Path.home() / ".cache" / "xnai-pipelines" / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    try:
        link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not link.is_symlink():
            link.symlink_to(folder, target_is_directory=True)
    except FileExistsError:
        pass  # made by another process meanwhile
    except OSError as error:
        raise HomeError(
            f"Dagster cannot keep its files in {folder}, because of the sign %, ? or # in the path, and a link to it "
            f"cannot be made at {link} ({error.strerror}). Rename the folder, or make {link.parent} writable."
        ) from error
    return link


def relocate_artifacts(database: Path, root: str) -> None:
    """Point the experiments in MLflow's SQLite file at the artifacts under `root`, if they were under another folder.

    Args:
        database: The file; nothing is done if it has no experiments.
        root: URI of the artifacts folder.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "experiments" not in tables:
            return
        known = connection.execute("SELECT name, artifact_location FROM experiments WHERE name LIKE 'xnai/%'")
        former = {place.removesuffix(f"/{name}") for name, place in known if place and place.endswith(f"/{name}")}
        for old in former - {root}:
            for table, column in _ADDRESSES:
                if table in tables:
                    connection.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608  # names of a constant
                        (root, len(old) + 1, len(old) + 1, f"{old}/"),
                    )
