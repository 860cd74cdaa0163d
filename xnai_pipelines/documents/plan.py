"""What a run would do with the folder: what it reads and deletes, whether it is refused, and how long it takes."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from xnai_pipelines.documents.changes import Changes, LedgerEntry, VanishGuard, classify
from xnai_pipelines.documents.exclusion import Exclusion
from xnai_pipelines.documents.folders import Folders, MirroredFolder
from xnai_pipelines.documents.listing import Listing
from xnai_pipelines.documents.parsers.parsed import ParseLimits
from xnai_pipelines.documents.parsers.registry import is_current, option_of
from xnai_pipelines.state.artefacts import file_sha256
from xnai_pipelines.state.context import history, throughput
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, QUARANTINE
from xnai_pipelines.state.tables import Tables

NAMED_REASONS = 5  # of a refusal
LEDGER_COLUMNS = ["path", *LedgerEntry.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class FolderRules:
    """Which files are read, how much reading one may cost, and how many may vanish in one run.

    Attributes:
        exclude: Patterns of files to skip, in .gitignore syntax.
        limits: What reading one file may cost.
        guard: How many documents may vanish.
        mirrors: Mirrors of other sources by prefix.
        apart: Folders that are not read if they lie in the documents folder: the home, its backups.
    """

    exclude: tuple[str, ...]
    limits: ParseLimits
    guard: VanishGuard
    mirrors: Mapping[str, MirroredFolder] = field(default_factory=dict)
    apart: tuple[Path, ...] = ()

    def folders(self, documents: Path) -> Folders:
        """Return what is read of a documents folder and the mirrors."""
        return Folders(documents, self.mirrors, self.apart)


@dataclass(frozen=True, slots=True)
class DocumentsRequest:
    """Options of one run.

    Attributes:
        verify: Hash every file.
        retry_quarantined: Read files in quarantine again.
        allow_vanishing: Delete any number of vanished documents.
    """

    verify: bool = False
    retry_quarantined: bool = False
    allow_vanishing: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The folder at `looked_ns` (nanoseconds since the epoch) and what a run would do with it."""

    looked_ns: int
    listing: Listing
    ledger: dict[str, LedgerEntry]
    unread: dict[str, str]
    changes: Changes

    @property
    def documents(self) -> int:
        """The number of documents stored."""
        return sum(entry.documents for entry in self.ledger.values())


def plan(tables: Tables, folder: Path, rules: FolderRules, request: DocumentsRequest) -> Plan:
    """Return what a run would do. Reads files only to hash them.

    Raises:
        InputsError: The folder is missing.
        ListingError: The folder cannot be listed.
    """
    looked_ns = time.time_ns()  # before the folder is listed: a later edit must look like an edit
    folders = rules.folders(folder)
    listing = folders.listing(rules.exclude)
    rows = tables.read(FILES, [*LEDGER_COLUMNS, "reason"]).to_pylist()
    unread = {row["path"]: row["reason"] for row in rows if row["content_sha256"] is None}
    ledger = _ledger(tables, rows, listing)

    def sha256_of(path: str) -> str | None:
        try:
            return file_sha256(folders.file(path))
        except OSError:
            return None

    changes = classify(
        listing,
        ledger,
        _reads_alike(rules),
        sha256_of,
        verify=request.verify,
        retry_quarantined=request.retry_quarantined,
    )
    return Plan(looked_ns=looked_ns, listing=listing, ledger=ledger, unread=unread, changes=changes)


def _reads_alike(rules: FolderRules) -> Callable[[str], bool]:
    """Return what says whether the readers of a file, as the ledger names them, would read it the same way today."""
    of_rules = {Exclusion(rules.exclude).id, rules.limits.id}

    @cache  # thousands of files have the same readers
    def alike(readers: str) -> bool:
        names = readers.split(" ")
        options = {option for one in names if (option := option_of(one, rules.limits))}
        return options <= set(names) and all(one in of_rules | options or is_current(one) for one in names)

    return alike


def _ledger(tables: Tables, rows: Sequence[Mapping[str, Any]], listing: Listing) -> dict[str, LedgerEntry]:
    """Return the files read before, by path.

    After a kill or the loss of a table, the stored documents can differ from the ledger's counts. The entry of such a
    file gets unknown content. The run then reads the file again, or deletes what it left if it is gone.
    """
    stored = Counter(tables.read(DOCUMENTS, ["path"])["path"].to_pylist())
    ledger = {}
    for row in rows:
        if row["content_sha256"] is not None:
            entry = LedgerEntry(**{name: row[name] for name in LEDGER_COLUMNS[1:]})
            as_counted = entry.documents == stored[row["path"]]
            ledger[row["path"]] = entry if as_counted else replace(entry, content_sha256="", size_bytes=-1)
    left = {*stored, *tables.read(QUARANTINE, ["path"])["path"].to_pylist()}
    for path in left - ledger.keys() - listing.files.keys():
        ledger[path] = LedgerEntry(
            outcome="documents",
            content_sha256="",
            parser="",
            size_bytes=-1,
            modified_ns=-1,
            read_ns=0,
            documents=stored[path],
        )
    return ledger


def why_refused(todo: Plan, guard: VanishGuard, folder: Path) -> str | None:
    """Return why a run without `allow_vanishing` stops before it reads a file, None if it continues."""
    if not todo.listing.files and not todo.listing.unlisted:
        reasons = Counter(todo.listing.skipped.values()).most_common(NAMED_REASONS)
        skipped = f" (skipped: {', '.join(f'{number:,} {reason}' for reason, number in reasons)})" if reasons else ""
        return (
            f"{folder} has no file to read{skipped}. Nothing was deleted. Is it the right folder, and mounted? If it "
            "is meant to be empty, run `xnai run --allow-vanishing`."
        )
    vanishing = sum(todo.ledger[path].documents for path in todo.changes.deleted)
    return guard.objection(vanishing, todo.documents)


def expected_seconds(home: Home, todo: Plan) -> float | None:
    """Return the seconds a run would take at past throughput, None if a stage was never timed.

    Assumes that new and edited files give as many chunks as the average stored file.
    """
    past = history(home.state)
    rates = [throughput(past, name) for name in ("documents", "chunks", "embeddings")]
    files = len(todo.changes.to_read)
    if not files:
        return 0.0
    if None in rates:
        return None
    documents = files * max(1.0, todo.documents / max(1, len(todo.ledger)))
    chunks = documents * _chunks_per_document(home)
    return sum(items / rate for items, rate in zip((files, documents, chunks), rates, strict=True) if rate)


def _chunks_per_document(home: Home) -> float:
    tables = Tables.of(home)
    return tables.count(CHUNKS) / max(1, tables.count(DOCUMENTS))
