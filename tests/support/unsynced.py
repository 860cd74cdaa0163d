"""SQLite as it is wanted in tests: it does not wait for the disk after each commit, which takes half the time of a run.

A process that is killed loses nothing by that, only a machine that loses its power. Processes that tests start afresh
wait as usual.
"""

import sqlite3

from sqlalchemy import event
from sqlalchemy.engine import Engine


def do_not_wait_for_the_disk() -> None:
    """Have the connections that Dagster and MLflow open from now on in this process return before data is on disk."""
    if not event.contains(Engine, "connect", _unsynced):
        event.listen(Engine, "connect", _unsynced)


def _unsynced(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
