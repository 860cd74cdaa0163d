"""Files to rows: compares each file's documents with the stored ones and writes changes in batches.

The order of commits makes a kill harmless at any moment. Documents are written first, then the quarantine, then the
ledger entry that marks the file as done. Deletions come last, after the guard has seen all of them, and then their
ledger entries. A file without an entry is read again. Rows that are already right are not written again.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from xnai_pipelines.documents.changes import Changes
from xnai_pipelines.documents.exclusion import Exclusion
from xnai_pipelines.documents.file_reading import UNREAD, FileReading
from xnai_pipelines.documents.identity import document_id, document_revision
from xnai_pipelines.documents.listing import FileStat
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parse import media_type_of, parse_file
from xnai_pipelines.documents.parsers.parsed import ParsedDocument, SkippedMember, UnreadableRecord
from xnai_pipelines.documents.parsers.registry import DETECTION
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.documents.plan import FolderRules
from xnai_pipelines.errors import SkippedFileError, UnreadableError
from xnai_pipelines.state.artefacts import file_sha256
from xnai_pipelines.state.context import LOG_EVERY_SECONDS, StageContext
from xnai_pipelines.state.schemas import DOCUMENTS, FILES, QUARANTINE

STORED = ["path", "document_id", "source", "revision", "parser", "content_sha256"]
ROWS_IN_COMMIT = 2_000
CHARACTERS_IN_COMMIT = 16_000_000
SECONDS_IN_COMMIT = 10.0  # slow formats: bounds the time that a kill costs

BEYOND_LIMITS = {"too_large", "timeout", "memory"}  # kinds of errors

DUPLICATE = "Another document already has this name and is kept. Rename the file, or change the record's id."

Row = dict[str, Any]


class FileReader:
    """Reads files one after the other, writes what changed, and keeps the counts."""

    def __init__(
        self,
        context: StageContext,
        documents: Path,
        rules: FolderRules,
        *,
        worker: ParserWorker,
        changes: Changes,
    ) -> None:
        self._context = context
        self._folders = rules.folders(documents)
        self._rules = rules
        self._worker = worker
        self._exclusion = Exclusion(rules.exclude).id
        self._gone = list(changes.gone)
        self._renamed = {old for _, old in changes.renamed}
        self._documents: list[Row] = []
        self._quarantine: list[Row] = []
        self._ledger: list[Row] = []
        self._late_ledger: list[Row] = []  # entries of files that have documents to delete first
        self._stale_documents: list[str] = []
        self._stale_quarantine: list[str] = []
        self._characters = 0
        self._flushed = self._told = time.monotonic()
        self.written = 0
        self.refused: list[str] = []  # sources with the reason
        self._stored: dict[str, dict[str, tuple[str, str, str]]] = {}
        self._owners: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        given_up = set(self._gone)
        for row in context.tables.read(DOCUMENTS, STORED).to_pylist():
            known = (row["revision"], row["parser"], row["content_sha256"])
            self._stored.setdefault(row["path"], {})[row["document_id"]] = known
            if row["path"] not in given_up:
                self._owners[row["document_id"]] = row["path"]
            self._sources[row["document_id"]] = row["source"]
        self._quarantined: dict[str, dict[str, Row]] = {}
        for row in context.tables.read(QUARANTINE, QUARANTINE.schema.names).to_pylist():
            self._quarantined.setdefault(row["path"], {})[row["source"]] = row

    def read(self, path: str) -> None:
        """Read one file. Whatever is wrong with it is recorded in its rows and never raised."""
        file = self._folders.file(path)
        read_ns = time.time_ns()  # before the file is opened: a later edit must look like an edit
        try:
            stat = FileStat.of(file.stat())
            content = self._content_of(file, path, stat)
        except FileNotFoundError:
            self._gone.append(path)
            return
        except OSError as error:
            self._finish_unread(path, error)
            return
        reading = FileReading.of(path, content, stat, read_ns)
        self._told = time.monotonic()
        try:
            for item in parse_file(file, path, self._rules.limits, self._worker, self._rules.exclude):
                reading.readers.update(item.parser.split(" "))
                if item.member:
                    reading.readers.add(self._exclusion)
                self._take(reading, item)
                self._tell(reading)
        except SkippedFileError as error:
            reading.readers.add(error.parser or DETECTION)
            reading.entry |= {"outcome": "skipped", "reason": str(error)}
        except UnreadableError as error:
            reading.readers.add(error.parser or DETECTION)
            self._refuse(reading, reading.name, error.kind, str(error))
            if error.kind == "unreadable":
                reading.entry |= UNREAD
        self._finish(path, reading.ledger_entry(), reading.seen, reading.bad)

    def _take(self, reading: FileReading, item: ParsedDocument | UnreadableRecord | SkippedMember) -> None:
        """Put one item of a file where it belongs: among the documents, in quarantine, or among what was skipped."""
        if isinstance(item, SkippedMember):
            reading.skipped[item.reason] += 1
            return
        source = f"{reading.name}{item.place}"
        if isinstance(item, UnreadableRecord):
            self._refuse(reading, reading.numbered(source), item.kind, item.message)
            if item.record is None and item.kind == "unreadable":
                reading.entry |= UNREAD
            return
        identity = document_id(source)
        if identity in reading.seen or self._owners.setdefault(identity, reading.path) != reading.path:
            self._refuse(reading, reading.numbered(f"{source} (again)"), "duplicate_id", DUPLICATE)
        else:
            reading.seen.add(identity)
            self._put_document(item, reading.path, source, reading.entry)

    def _tell(self, reading: FileReading) -> None:
        """Say how far the reading of one file is, which may hold a million documents."""
        if time.monotonic() - self._told >= LOG_EVERY_SECONDS:
            self._told = time.monotonic()
            self._context.progress.say(f"documents: {len(reading.seen):,} so far in {reading.name}")

    def _refuse(self, reading: FileReading, source: str, kind: str, message: str) -> None:
        self._put_in_quarantine(reading.path, source, kind=kind, message=message, content=reading.content)
        reading.bad.add(source)
        if kind in BEYOND_LIMITS:
            reading.readers.add(self._rules.limits.id)

    def _content_of(self, file: Path, path: str, stat: FileStat) -> str:
        """Return the hash of a file, "" of a large one that is not read, such as a film: its hash takes minutes."""
        if stat.size_bytes > self._rules.limits.max_file_bytes:
            with suppress(UnreadableError):
                try:
                    media_type_of(file, path)
                except SkippedFileError:
                    return ""
        return file_sha256(file)

    def _put_document(self, document: ParsedDocument, path: str, source: str, entry: Row) -> None:
        identity, revision = document_id(source), document_revision(document)
        own_content = entry["content_sha256"]
        if document.place:
            own_content = sha256(document.text.encode()).hexdigest()
        if self._stored.get(path, {}).get(identity) == (revision, document.parser, own_content):
            return
        self._documents.append(
            {
                "document_id": identity,
                "source": source,
                "path": path,
                "content_sha256": own_content,
                "title": document.title,
                "text": document.text,
                "media_type": document.media_type,
                "language": document.language,
                "markup": str(document.markup),
                "headings": [{"start": h.start, "level": h.level, "title": h.title} for h in document.headings],
                "pages": [{"start": p.start, "label": p.label} for p in document.pages],
                "encoding_repair": document.encoding_repair,
                "omissions": [asdict(omission) for omission in document.omissions] or None,
                "parser": document.parser,
                "size_bytes": entry["size_bytes"] if not document.place else len(document.text.encode()),
                "modified_at": datetime.fromtimestamp(document.modified or entry["modified_ns"] / 1e9, UTC),
                "ingested_at": datetime.now(UTC),
                "run_id": self._context.run_id,
                "revision": revision,
            }
        )
        self._characters += len(document.text)
        if len(self._documents) >= ROWS_IN_COMMIT or self._characters >= CHARACTERS_IN_COMMIT:
            self._flush_documents()

    def _put_in_quarantine(self, path: str, source: str, *, kind: str, message: str, content: str | None) -> None:
        self.refused.append(f"{source}: {message}")
        before = self._quarantined.get(path, {}).get(source)
        now = datetime.now(UTC)
        self._quarantine.append(
            {
                "source": source,
                "path": path,
                "stage": "documents",
                "error_type": kind,
                "error": message,
                "attempts": 1 + (before["attempts"] if before else 0),
                "content_sha256": content,
                "first_seen_at": before["first_seen_at"] if before else now,
                "last_seen_at": now,
            }
        )
        if len(self._quarantine) >= ROWS_IN_COMMIT:
            self._flush_quarantine()

    def _finish_unread(self, path: str, error: OSError) -> None:
        """Put a file that cannot be opened in quarantine."""
        message = f"The file cannot be opened: {error.strerror}. Make it readable by the user who runs the pipeline."
        self._put_in_quarantine(path, normalise(path), kind="unreadable", message=message, content=None)
        entry = {"path": path, "outcome": "quarantined", "parser": DETECTION, "read_ns": time.time_ns(), **UNREAD}
        self._finish(path, entry, set(), {normalise(path)})

    def _finish(self, path: str, entry: Row, seen: set[str], bad: set[str]) -> None:
        entry |= {"documents": len(seen), "bad_records": len(bad)}
        stale = [identity for identity in self._stored.get(path, {}) if identity not in seen]
        resolved = [source for source in self._quarantined.get(path, {}) if source not in bad]
        self._stale_documents += stale
        self._stale_quarantine += resolved
        (self._late_ledger if stale or resolved else self._ledger).append(entry)
        if len(self._ledger) >= ROWS_IN_COMMIT or time.monotonic() - self._flushed > SECONDS_IN_COMMIT:
            self.flush()

    def flush(self) -> None:
        """Write what has been read: documents, quarantine, then the ledger."""
        self._flush_documents()
        self._flush_quarantine()
        self._context.tables.merge_rows(FILES, self._ledger)
        self._ledger = []
        self._flushed = time.monotonic()

    def _flush_quarantine(self) -> None:
        self._context.tables.merge_rows(QUARANTINE, self._quarantine)
        self._quarantine = []

    def _flush_documents(self) -> None:
        self._context.tables.merge_rows(DOCUMENTS, self._documents)
        self.written += len(self._documents)
        self._documents, self._characters = [], 0

    def vanishing(self) -> list[str]:
        """Return the sources of the documents that are deleted. Those of renamed files have another name now."""
        of_files = self._vanished(path for path in self._gone if path not in self._renamed)
        return [self._sources[identity] for identity in of_files + self._stale_documents]

    def delete_vanished(self) -> None:
        """Remove the documents that are gone, then update the ledger."""
        tables = self._context.tables
        of_files = self._vanished(self._gone)
        tables.delete(DOCUMENTS, "document_id", of_files + self._stale_documents)
        tables.delete(QUARANTINE, "source", self._stale_quarantine)
        tables.delete(QUARANTINE, "path", [path for path in self._gone if path in self._quarantined])
        tables.delete(FILES, "path", self._gone)
        tables.merge_rows(FILES, self._late_ledger)

    def _vanished(self, paths: Iterable[str]) -> list[str]:
        """Return the documents of these paths, without those that another file has under the same name."""
        documents = [(path, identity) for path in paths for identity in self._stored.get(path, {})]
        return [identity for path, identity in documents if self._owners.get(identity, path) == path]
