"""Vectors already computed, by vector space and text: what was renamed or cut anew is not encoded again."""

import contextlib
import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")
Vector = NDArray[np.float32]

_LAYOUT = """
CREATE TABLE IF NOT EXISTS vectors (
    vector_space TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (vector_space, text_sha256)
) WITHOUT ROWID
"""
_WAIT_FOR_OTHERS = 60.0  # seconds that a write waits for another process's
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def text_sha256(text: str) -> str:
    """Returns the key of a text: 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class CacheSize:
    """How many vectors are kept and how many bytes their file takes."""

    vectors: int
    bytes: int


class VectorCache:
    """A SQLite file of float32 vectors; several processes may use it, each thread opens its own.

    A damaged file is deleted, which is logged, and an empty one takes its place: every vector can be computed
    again, and a copy kept aside would hold vectors of texts that were to be forgotten. A full disk or a lock
    that is never freed raises sqlite3.OperationalError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = self._connect()
        except sqlite3.DatabaseError as error:
            self._connection = self._replace_damaged(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def get_many(self, vector_space: str, keys: Sequence[str]) -> dict[str, Vector]:
        """Returns the vectors found, by text_sha256: float32 [dimension], read-only."""
        rows = self._run(
            lambda connection: connection.execute(
                "SELECT text_sha256, vector FROM vectors "
                "WHERE vector_space = ? AND text_sha256 IN (SELECT value FROM json_each(?))",
                (vector_space, json.dumps(list(keys))),
            ).fetchall()
        )
        return {key: np.frombuffer(blob, dtype=np.float32) for key, blob in rows}

    def put_many(self, vector_space: str, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Stores vectors, float32 [keys, dimension], in one transaction; a key already there keeps the new one."""
        now = int(time.time())
        pairs = sorted(zip(keys, vectors, strict=True), key=lambda pair: pair[0])
        rows = [(vector_space, key, now, vector.astype(np.float32).tobytes()) for key, vector in pairs]
        self._write("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)

    def forget(self, keys: Collection[str]) -> int:
        """Removes these texts' vectors from every space, their bytes overwritten; returns how many there were.

        Raises:
            TimeoutError: another process read for so long that the write-ahead log could not be emptied.
        """
        removed = self._write("DELETE FROM vectors WHERE text_sha256 = ?", [(key,) for key in keys])
        self._empty_log()
        return removed

    def prune(self, older_than: datetime, keep: Collection[str]) -> int:
        """Removes vectors written before `older_than` of all spaces but those in `keep`; returns how many."""
        removed = self._write(
            "DELETE FROM vectors WHERE written_at < ? AND vector_space NOT IN (SELECT value FROM json_each(?))",
            [(int(older_than.timestamp()), json.dumps(sorted(keep)))],
        )
        self._run(lambda connection: connection.execute("PRAGMA incremental_vacuum").fetchall())
        self._empty_log()
        return removed

    def size(self) -> CacheSize:
        """Counts the vectors and the bytes on disk."""
        (count,) = self._run(lambda connection: connection.execute("SELECT count(*) FROM vectors").fetchone())
        return CacheSize(count, sum(path.stat().st_size for path in self._files() if path.exists()))

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> int:
        rows = list(rows)

        def write(connection: sqlite3.Connection) -> int:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                return connection.executemany(statement, rows).rowcount

        return max(0, self._run(write))

    def _empty_log(self) -> None:
        busy, *_ = self._run(
            lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        )
        if busy:
            raise TimeoutError(
                f"The vectors are deleted, but a reader of {self._path} kept its log from being emptied for "
                f"{_WAIT_FOR_OTHERS:.0f} s: their bytes are still in it. Stop the other process and repeat."
            )

    def _run(self, operation: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            return operation(self._connection)
        except sqlite3.DatabaseError as error:
            self._connection = self._replace_damaged(error)
            return operation(self._connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_WAIT_FOR_OTHERS, isolation_level=None)
        try:
            # Before the first table, or they have no effect.
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may lose the last vectors, never the file: they are computed again.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(_LAYOUT)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _replace_damaged(self, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        """Starts an empty file if `error` says that this one is damaged; raises it otherwise."""
        # The low byte is the kind, the others its detail.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise error
        _log.warning(
            "The vector cache %s is damaged (%s): deleted, its texts are encoded again.", self._path, error
        )
        with contextlib.suppress(AttributeError):  # none yet when the file could not be opened at all
            self._connection.close()
        for path in self._files():
            path.unlink(missing_ok=True)
        return self._connect()

    def _files(self) -> list[Path]:
        return [self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal", "-shm")]
