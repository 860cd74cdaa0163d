"""Cached vectors by vector space and text: renamed or re-cut passages are not encoded again."""

import hashlib
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from xnai_pipelines.encoders.encoder import Encoder, Tokens
from xnai_pipelines.encoders.spread import Spread
from xnai_pipelines.encoders.token_codes import SPACE_SUFFIX, TokenCodes
from xnai_pipelines.state.context import Advance, StageContext
from xnai_pipelines.state.locks import on_several_machines
from xnai_pipelines.state.schemas import CHUNKS

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

# The text comes first in the key, so that forgetting it in every space is one look-up. The table has row ids: vectors
# are appended, and only the small keys are in random order (100,000 vectors of 384: 1.3 s of processor time and 195 MB,
# against 6.0 s and 256 MB WITHOUT ROWID).
_LAYOUT = """
CREATE TABLE IF NOT EXISTS vectors (
    text_sha256 BLOB NOT NULL,
    vector_space TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (text_sha256, vector_space)
)
"""
_FIND = "SELECT vector FROM vectors WHERE text_sha256 = ? AND vector_space = ?"
_PUT = "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)"
_COUNT = "SELECT count(*) FROM vectors WHERE vector_space NOT LIKE ?"
_HAS = "SELECT 1 FROM vectors WHERE text_sha256 = ? AND vector_space = ?"
_EVERY_PASSAGE = "00" * 32  # in place of a text: the passages of all chunks have token codes
_KEPT = "CREATE TEMP TABLE kept (text_sha256 BLOB PRIMARY KEY) WITHOUT ROWID"
# The keys are looked up in their index: a condition on the rows themselves would read all vectors.
_FORGET = """
DELETE FROM vectors WHERE rowid IN
    (SELECT rowid FROM vectors WHERE text_sha256 NOT IN (SELECT text_sha256 FROM kept))
"""
_WAIT_FOR_OTHERS = 60.0  # seconds until a locked file is an error
_WAIT_FOR_READING = 1.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def text_sha256(text: str) -> str:
    """Return the key of a text: 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class CacheSize:
    """The number of cached vectors and the size of their files in bytes."""

    vectors: int
    bytes: int


class VectorCache:
    """A SQLite file of float32 vectors; several processes may use it, and each thread opens its own.

    A damaged file is deleted with a log entry and replaced by an empty one: every vector can be computed again, and a
    copy would keep vectors of texts that are to be forgotten. A full disk, or a lock that is never released, raises
    sqlite3.OperationalError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = _connect(path)
        except sqlite3.DatabaseError as error:
            self._connection = self._replace_damaged(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def get_many(self, vector_space: str, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors found, by text_sha256: float32 [dimension], read-only."""
        found = self._run(lambda connection: list(_found(connection, vector_space, keys)))
        return {key: np.frombuffer(content, dtype=np.float32) for key, content in found}

    def put_many(self, vector_space: str, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Store vectors, float32 [keys, dimension], in one transaction; the newest of a key is kept."""
        contents = (vector.astype(np.float32).tobytes() for vector in vectors)
        self._put(vector_space, dict(zip(keys, contents, strict=True)))

    def put_tokens(self, vector_space: str, codes: Mapping[str, TokenCodes]) -> None:
        """Store token codes by text_sha256, in one transaction."""
        self._put(vector_space + SPACE_SUFFIX, {key: one.write() for key, one in codes.items()})

    def with_tokens(self, vector_space: str, keys: Iterable[str]) -> set[str]:
        """Return those of the texts, by text_sha256, whose token codes are stored."""
        space = vector_space + SPACE_SUFFIX

        def stored(connection: sqlite3.Connection) -> set[str]:
            return {key for key in keys if connection.execute(_HAS, (bytes.fromhex(key), space)).fetchone()}

        return self._run(stored)

    def has_every_passage(self, vector_space: str) -> bool:
        """Return whether all passages of the home have token codes; new ones get theirs with their vectors."""
        return bool(self.with_tokens(vector_space, [_EVERY_PASSAGE]))

    def note_every_passage(self, vector_space: str) -> None:
        """Record that all passages of the home have token codes, for as long as there is this file."""
        self._put(vector_space + SPACE_SUFFIX, {_EVERY_PASSAGE: b""})

    def _put(self, vector_space: str, contents: Mapping[str, bytes]) -> None:
        now = int(time.time())
        rows = [(bytes.fromhex(key), vector_space, now, content) for key, content in contents.items()]

        def write(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_PUT, rows)

        self._run(write)

    def keep_only(self, keys: Iterable[str]) -> int:
        """Remove the vectors of all other texts from every space, overwrite their bytes, and return how many.

        Raises:
            TimeoutError: A reader in another process does not end, so the write-ahead log cannot be emptied.
        """
        kept = ((bytes.fromhex(key),) for key in chain(keys, [_EVERY_PASSAGE]))

        def forget(connection: sqlite3.Connection) -> int:
            connection.execute(_KEPT)
            try:
                with connection:
                    connection.execute("BEGIN")
                    connection.executemany("INSERT OR IGNORE INTO kept VALUES (?)", kept)
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    return connection.execute(_FORGET).rowcount
            finally:
                connection.execute("DROP TABLE kept")

        removed = self._run(forget)
        # executescript() runs the pragma to its end; execute() would free a single page
        self._run(lambda connection: connection.executescript("PRAGMA incremental_vacuum"))
        self._empty_log()
        return removed

    def size(self) -> CacheSize:
        """Return the number of vectors and the bytes on disk."""
        (count,) = self._run(lambda connection: connection.execute(_COUNT, (f"%{SPACE_SUFFIX}",)).fetchone())
        return CacheSize(count, sum(path.stat().st_size for path in self._files() if path.exists()))

    def _empty_log(self) -> None:
        checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"
        busy, *_ = self._run(lambda connection: connection.execute(checkpoint).fetchone())
        if busy:
            raise TimeoutError(
                f"The vectors are deleted, but a reader of {self._path} kept its write-ahead log from being emptied, "
                "so their bytes are still in it. Stop that process and repeat."
            )

    def _run(self, operation: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            return operation(self._connection)
        except sqlite3.DatabaseError as error:
            self._connection = self._replace_damaged(error, self._connection)
            return operation(self._connection)

    def _replace_damaged(
        self, error: sqlite3.DatabaseError, damaged: sqlite3.Connection | None = None
    ) -> sqlite3.Connection:
        """Start an empty file if `error` says that this one is damaged; otherwise raise it."""
        # the low byte is the kind of error, the others its detail
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise error
        _log.warning("The vector cache %s is damaged (%s); it is deleted and starts empty.", self._path, error)
        if damaged is not None:
            damaged.close()
        for path in self._files():
            path.unlink(missing_ok=True)
        return _connect(self._path)

    def _files(self) -> list[Path]:
        return [self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal", "-shm")]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_FOR_OTHERS, isolation_level=None)
    try:
        # these two take effect only before the first table
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # the log's index is memory that processes of one machine share
        connection.execute(f"PRAGMA journal_mode = {'DELETE' if on_several_machines() else 'WAL'}")
        # a power cut may lose the last vectors, never the file; they are computed again
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")  # the keys of a million texts: 50 MB
        connection.execute(_LAYOUT)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def stored_tokens(path: Path, vector_space: str, keys: Sequence[str]) -> dict[str, TokenCodes]:
    """Return the token codes in a cache by text_sha256; none if it is missing, locked or damaged: all can be computed.

    The file is opened for reading only, which takes a tenth of the time.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_FOR_READING)
        try:
            return {key: TokenCodes.read(found) for key, found in _found(connection, vector_space + SPACE_SUFFIX, keys)}
        finally:
            connection.close()
    except sqlite3.Error:
        return {}


def _found(connection: sqlite3.Connection, vector_space: str, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for key in keys:
        row = connection.execute(_FIND, (bytes.fromhex(key), vector_space)).fetchone()
        if row is not None:
            yield key, row[0]


def trim_cache(context: StageContext) -> int:
    """Remove the cached vectors of all passages that are in no chunk now; return how many."""
    passages = (batch["passage"].to_pylist() for batch in context.tables.stream(CHUNKS, ["passage"]))
    with VectorCache(context.home.vector_cache) as cache:
        return cache.keep_only(map(text_sha256, chain.from_iterable(passages)))


def passage_vectors(
    encoder: Encoder,
    cache: VectorCache,
    passages: Sequence[str],
    advance: Advance,
    *,
    keep_tokens: bool = False,
    spread: Spread | None = None,
) -> tuple[npt.NDArray[np.float32], Counter[str]]:
    """Return the passages' vectors, float32 [n, dimension], and what was done; each distinct text is encoded once.

    With `keep_tokens`, the cache also keeps the passages' token codes, and those without are encoded again. With
    `spread`, workers encode if there is much to do.
    """
    keys = [text_sha256(passage) for passage in passages]
    known = cache.get_many(encoder.vector_space, keys)
    complete = cache.with_tokens(encoder.vector_space, known) if keep_tokens else known.keys()
    missing = {key: passage for key, passage in zip(keys, passages, strict=True) if key not in complete}
    advance(len(keys) - len(missing))
    names, codes = list(missing), dict[str, TokenCodes]()

    def keep(place: int, tokens: Tokens) -> None:
        codes[names[place]] = TokenCodes.of(tokens.vectors, tokens.spans)

    if spread is not None and spread.pays(len(missing)):
        encoded, codes = spread.encode(encoder, missing, advance, keep_tokens=keep_tokens)
    else:
        encoded = encoder.encode_passages(list(missing.values()), advance, keep if keep_tokens else None)
    cache.put_many(encoder.vector_space, names, encoded.vectors)
    cache.put_tokens(encoder.vector_space, codes)
    known.update(zip(missing, encoded.vectors, strict=True))
    counts = Counter(
        encoded=len(missing),
        from_cache=len(keys) - len(missing),
        truncated=encoded.truncated,
        tokens=encoded.tokens,
    )
    return np.stack([known[key] for key in keys]), counts
