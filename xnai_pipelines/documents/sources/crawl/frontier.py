"""What a crawl knows: the pages that wait, those that were visited, and what to send to ask whether one changed.

Kept in SQLite, a commit per page, so that a crawl that was killed resumes at its page. A crawl goes in rounds. A page
belongs to the last round that reached it; one that a finished round did not reach is no longer part of the site.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from xnai_pipelines.documents.sources.crawl.urls import page_key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
    key TEXT PRIMARY KEY, url TEXT NOT NULL, round INTEGER NOT NULL, state TEXT NOT NULL, depth INTEGER NOT NULL,
    place INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, own INTEGER NOT NULL DEFAULT 0, target TEXT,
    reason TEXT, path TEXT, version TEXT, words TEXT, etag TEXT, modified TEXT, links TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS queue ON pages (round, state, depth, place);
CREATE INDEX IF NOT EXISTS by_words ON pages (words);
CREATE INDEX IF NOT EXISTS by_path ON pages (path);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_COLUMNS = "key, url, state, depth, attempts, own, reason, path, version, words, etag, modified, links"


class PageState(StrEnum):
    """What became of a page in its round."""

    QUEUED = "queued"
    KEPT = "kept"
    COPY = "copy"
    ELSEWHERE = "elsewhere"
    GONE = "gone"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Visit:
    """A page as the frontier knows it.

    Attributes:
        key: What tells pages apart.
        url: URL to ask for.
        state: What became of it.
        depth: Links from the first page.
        attempts: Visits begun in this round.
        own: Whether to keep it even if it names another URL as its own.
        reason: Why it failed or was skipped.
        path: Its file in the mirror, None if it was never kept.
        version: Hash of the file.
        words: Hash of its text.
        etag: What the server called its version.
        modified: When the server said that it last changed.
        links: URLs that it links to.
    """

    key: str
    url: str
    state: PageState
    depth: int
    attempts: int
    own: bool
    reason: str | None
    path: str | None
    version: str | None
    words: str | None
    etag: str | None
    modified: str | None
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is recorded of a page that was kept or is a copy of one."""

    path: str
    version: str
    words: str
    etag: str | None
    modified: str | None
    links: tuple[str, ...]


class Frontier:
    """The pages of a site."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        self._round = int(self._fact("round") or 0)
        self._place = int(self._db.execute("SELECT coalesce(max(place), 0) FROM pages").fetchone()[0])

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def is_fresh(self, site: str, seconds: float) -> bool:
        """Return whether the last round of this site is finished and not older than that."""
        finished = self._fact("finished")
        return self._fact("site") == site and finished is not None and time.time() - float(finished) < seconds

    def is_unfinished(self, site: str) -> bool:
        """Return whether a round of this site was begun and not finished."""
        return self._fact("site") == site and self._round > 0 and self._fact("finished") is None

    def begin(self, site: str) -> None:
        """Begin a round. `site` is a hash of what the site is; another one is another crawl."""
        self._round += 1
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM facts")
            self._db.executemany("INSERT INTO facts VALUES (?, ?)", [("round", str(self._round)), ("site", site)])

    def finish(self, unfinished: str | None = None) -> None:
        """End the round; `unfinished` is why it did not reach every page. Forget the pages of earlier rounds."""
        with self._db:
            self._db.execute("BEGIN")
            if unfinished is None:
                self._db.execute("DELETE FROM pages WHERE round < ?", (self._round,))
            else:
                self._db.execute("INSERT OR REPLACE INTO facts VALUES ('unfinished', ?)", (unfinished,))
            self._db.execute("INSERT OR REPLACE INTO facts VALUES ('finished', ?)", (str(time.time()),))

    @property
    def unfinished(self) -> str | None:
        """Why the finished round did not reach every page."""
        return self._fact("unfinished")

    def abandon(self) -> None:
        """End a round that found nothing: the next one starts from the beginning."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES ('finished', '0')")

    def add(self, url: str, depth: int) -> bool:
        """Queue a page unless the round knows it. Return whether it is new to the round."""
        self._place += 1
        added = self._db.execute(
            "INSERT INTO pages (key, url, round, state, depth, place) VALUES (?, ?, ?, 'queued', ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET url = excluded.url, round = excluded.round, state = 'queued', "
            "depth = excluded.depth, place = excluded.place, attempts = 0, own = 0, target = NULL, reason = NULL "
            "WHERE pages.round < excluded.round",
            (page_key(url), url, self._round, depth, self._place),
        )
        return added.rowcount > 0

    def knows(self, url: str) -> bool:
        """Return whether the round knows a page."""
        found = self._db.execute("SELECT 1 FROM pages WHERE key = ? AND round = ?", (page_key(url), self._round))
        return found.fetchone() is not None

    def next(self) -> Visit | None:
        """Return the page to visit next, nearest to the first page first, and count the attempt."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM pages WHERE round = ? AND state = 'queued' ORDER BY depth, place LIMIT 1",  # noqa: S608
            (self._round,),
        ).fetchone()
        if row is None:
            return None
        self._db.execute("UPDATE pages SET attempts = attempts + 1 WHERE key = ?", (row[0],))
        return _visit(row)

    def visit(self, url: str) -> Visit:
        """Return a page of the round."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM pages WHERE key = ?", (page_key(url),)).fetchone()  # noqa: S608
        return _visit(row)

    def visits(self) -> Iterator[Visit]:
        """Yield the pages of the round."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM pages WHERE round = ? ORDER BY place",  # noqa: S608
            (self._round,),
        )
        yield from map(_visit, rows.fetchall())

    def count(self, state: PageState) -> int:
        """Return the number of pages of the round in a state."""
        found = self._db.execute("SELECT count(*) FROM pages WHERE round = ? AND state = ?", (self._round, state))
        return int(found.fetchone()[0])

    def has_copy(self, key: str, words: str, path: str) -> bool:
        """Return whether another page that the round kept has the same text, or the same file."""
        found = self._db.execute(
            "SELECT 1 FROM pages WHERE round = ? AND state = 'kept' AND key != ? "
            "AND ((words != '' AND words = ?) OR path = ?) LIMIT 1",
            (self._round, key, words, path),
        )
        return found.fetchone() is not None

    def settle(self, key: str, state: PageState, reason: str | None = None, target: str | None = None) -> None:
        """Record what became of a page; `target` is the page that it names as its own URL."""
        self._db.execute(
            "UPDATE pages SET state = ?, reason = ?, target = ?, attempts = 0 WHERE key = ?",
            (state, reason, target and page_key(target), key),
        )

    def keep(self, key: str, state: PageState, kept: Kept) -> None:
        """Record a page that was kept, or is a copy of one."""
        self._db.execute(
            "UPDATE pages SET state = ?, reason = NULL, path = ?, version = ?, words = ?, etag = ?, modified = ?, "
            "links = ? WHERE key = ?",
            (state, kept.path, kept.version, kept.words, kept.etag, kept.modified, json.dumps(kept.links), key),
        )

    def queue_those_without_their_own(self) -> int:
        """Queue the pages that named another URL as their own and of which that one was not kept; return how many."""
        queued = self._db.execute(
            "UPDATE pages SET state = 'queued', own = 1, attempts = 0 WHERE round = :round AND state = 'elsewhere' "
            "AND own = 0 AND target IS NOT NULL AND target NOT IN "
            "(SELECT key FROM pages WHERE round = :round AND state IN ('kept', 'copy'))",
            {"round": self._round},
        )
        return queued.rowcount

    def _fact(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])


def _visit(row: tuple[object, ...]) -> Visit:
    *facts, links = row
    key, url, state, depth, attempts, own, *rest = facts
    return Visit(key, url, PageState(str(state)), depth, attempts, bool(own), *rest, tuple(json.loads(str(links))))  # type: ignore[arg-type, call-arg]
