"""Disk and SQLite as tests want them: most of a small run's time goes into the storages of Dagster and MLflow.

- Nothing waits for the disk, neither our files nor a commit of SQLite. A process that is killed loses nothing by that,
  only a machine that loses its power.
- Dagster's storages of one file share an engine, which holds no connection. They make one for every query, which
  compiles its statements again, and dispose of it, which makes it another pool.
- The revisions of a schema are read once. Each storage that is opened reads them all to see whether it is the newest.

Processes that tests start afresh do as usual.
"""

import functools
import os
import sqlite3
from typing import Any

import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

_create_engine = sqlalchemy.create_engine
_read_revisions = ScriptDirectory.from_config
_revisions: dict[str | None, ScriptDirectory] = {}


def make_disk_fast() -> None:
    """Have this process do less for files and for storages that it opens from now on; call it ahead of Dagster."""
    os.fsync = _unsynced_file
    if not event.contains(Engine, "connect", _unsynced):
        event.listen(Engine, "connect", _unsynced)
    sqlalchemy.create_engine = _shared_engine
    ScriptDirectory.from_config = _known_revisions  # type: ignore[method-assign]


def _unsynced_file(_: object) -> None:
    """Do not wait."""


def _unsynced(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def _shared_engine(url: Any, **options: Any) -> Engine:
    if options.get("poolclass") is not NullPool or not str(url).startswith("sqlite:///"):
        return _create_engine(url, **options)
    return _engine_of(str(url), options.get("connect_args", {}).get("timeout"))


@functools.lru_cache(maxsize=64)
def _engine_of(url: str, timeout: float | None) -> Engine:
    waiting = {} if timeout is None else {"timeout": timeout}
    engine = _create_engine(url, poolclass=NullPool, connect_args=waiting)
    engine.dispose = _nothing_to_close  # type: ignore[method-assign]
    return engine


def _nothing_to_close(*, close: bool = True) -> None:
    """Keep the engine as it is."""


def _known_revisions(config: Config) -> ScriptDirectory:
    place = config.get_main_option("script_location")
    if place not in _revisions:
        _revisions[place] = _read_revisions(config)
    return _revisions[place]
