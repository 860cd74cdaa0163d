"""Folder to documents: reads what changed, removes what vanished, accounts for every file."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from xnai_pipelines.documents.changes import Changes, LedgerEntry, VanishGuard, classify
from xnai_pipelines.documents.exclusion import Exclusion
from xnai_pipelines.documents.file_reader import FileReader
from xnai_pipelines.documents.folders import Folders, MirroredFolder
from xnai_pipelines.documents.listing import Listing
from xnai_pipelines.documents.omissions import incomplete_documents, parts_left_out
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parsed import ParseLimits
from xnai_pipelines.documents.parsers.pdf.recognition import check_languages
from xnai_pipelines.documents.parsers.registry import is_current, option_of
from xnai_pipelines.documents.parsers.text.repair import kinds_of_repair
from xnai_pipelines.errors import IngestRefusedError
from xnai_pipelines.state.artefacts import file_sha256
from xnai_pipelines.state.claim import Inputs, claim
from xnai_pipelines.state.context import StageContext, history, report_path, stage, throughput
from xnai_pipelines.state.layout import Home, write_json
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, QUARANTINE
from xnai_pipelines.state.tables import Tables

LEDGER_COLUMNS = ["path", *LedgerEntry.__dataclass_fields__]
EXAMPLES = 5


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
class DocumentsReport:
    """What a run did to the documents, and the outcome of every entry of the folder.

    Attributes:
        changes: Number of files by what had happened to them.
        outcomes: Number of all entries that are documents, quarantined or skipped.
        skipped: Number of skipped entries, and of skipped files in files, by reason.
        documents: Documents stored now.
        written: Documents written by this run.
        deleted: Documents deleted by this run.
        deleted_examples: Sources of the first of them.
        quarantined: Files and records in quarantine now.
        refused: Files and records that this run put in quarantine.
        refused_examples: Sources of the first of them, with the reason.
        unlisted: Entries of the folder that could not be inspected, with the reason.
        repaired: Number of documents by repaired encoding.
        incomplete: Documents whose text lacks parts of their file.
        left_out: Number of these parts by what they are.
        seconds: Duration.
    """

    changes: dict[str, int]
    outcomes: dict[str, int]
    skipped: dict[str, int]
    documents: int
    written: int
    deleted: int
    deleted_examples: tuple[str, ...]
    quarantined: int
    refused: int
    refused_examples: tuple[str, ...]
    unlisted: dict[str, str]
    repaired: dict[str, int]
    incomplete: int
    left_out: dict[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class FolderLook:
    """When the folder was last listed, in nanoseconds since the epoch. Later edits are left to the next run."""

    looked_ns: int


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


def ingest_documents(
    context: StageContext, inputs: Inputs, rules: FolderRules, request: DocumentsRequest
) -> DocumentsReport:
    """Return what was done to bring the documents in line with the folder.

    Raises:
        InputsError: The folder is missing, or the state folder is bound to another one.
        ListingError: The folder cannot be listed.
        IngestRefusedError: The folder is empty, or too many documents would vanish.
        HomeError: The state folder cannot be written.
        SettingsError: Pages cannot be recognised in the languages of `rules`.
    """
    tables = context.tables
    if rules.limits.ocr_languages:
        check_languages(rules.limits.ocr_languages)
    with stage(context, "documents") as watch, ExitStack() as open_worker:
        for spec in (FILES, DOCUMENTS, QUARANTINE):
            tables.ensure(spec)
        todo = plan(tables, inputs.documents, rules, request)
        objection = None if request.allow_vanishing else why_refused(todo, rules.guard, inputs.documents)
        if objection:
            raise IngestRefusedError(objection)
        claim(context.home, inputs)  # not earlier: it would bind the home to a mistyped folder for good
        paths = todo.changes.to_read
        watch.items = len(paths)
        reader: FileReader | None = None
        if paths or todo.changes.gone:
            worker = open_worker.enter_context(ParserWorker(open_worker.enter_context(_empty(context.home.unpacked))))
            reader = FileReader(
                context,
                rules.folders(inputs.documents),
                limits=rules.limits,
                worker=worker,
                exclude=rules.exclude,
                gone=todo.changes.gone,
            )
            with context.progress.work("documents", len(paths), "files") as advance:
                for path in paths:
                    reader.read(path)
                    advance()
            reader.flush()
            if not request.allow_vanishing:
                objection = rules.guard.objection(reader.vanishing(todo.changes), todo.documents)
                if objection:
                    raise IngestRefusedError(objection)
            reader.delete_vanished()
        _record_touched(tables, todo)
        _record_unread(tables, todo)
        write_record(_look_path(context.home), FolderLook(todo.looked_ns))
    report = _report(tables, todo, reader, watch.seconds)
    write_json(report_path(context.home, "documents"), asdict(report))
    return report


@contextmanager
def _empty(folder: Path) -> Iterator[Path]:
    """Give an empty folder, without what a killed run left in it, and remove it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def why_refused(todo: Plan, guard: VanishGuard, folder: Path) -> str | None:
    """Return why a run without `allow_vanishing` stops before it reads a file, None if it continues."""
    if not todo.listing.files and not todo.listing.unlisted:
        reasons = Counter(todo.listing.skipped.values()).most_common(EXAMPLES)
        skipped = f" (skipped: {', '.join(f'{number:,} {reason}' for reason, number in reasons)})" if reasons else ""
        return (
            f"{folder} has no file to read{skipped}. Nothing was deleted. Is it the right folder, and mounted? If it "
            "is meant to be empty, run `xnai run --allow-vanishing`."
        )
    vanishing = sum(todo.ledger[path].documents for path in todo.changes.deleted)
    return guard.objection(vanishing, todo.documents)


def _record_touched(tables: Tables, todo: Plan) -> None:
    """Record the new times of files with the same content if that spares the next run from hashing them."""
    renewed = {}
    for path in todo.changes.touched:
        entry, stat = todo.ledger[path], todo.listing.files[path]
        again = replace(entry, modified_ns=stat.modified_ns, read_ns=todo.looked_ns)
        if again.describes(stat) and not entry.describes(stat):
            renewed[path] = {"modified_ns": again.modified_ns, "read_ns": again.read_ns}
    if renewed:
        rows = tables.read(FILES, FILES.schema.names).to_pylist()
        tables.merge_rows(FILES, [{**row, **renewed[row["path"]]} for row in rows if row["path"] in renewed])


def _record_unread(tables: Tables, todo: Plan) -> None:
    """Bring the ledger's entries that are never opened (hidden, excluded, too large) in line with the listing."""
    # a file that cannot be inspected today keeps the entry of the day it was read
    unlisted = {path: reason for path, reason in todo.listing.unlisted.items() if path not in todo.ledger}
    wanted = {**todo.listing.skipped, **unlisted}
    here = wanted.keys() | todo.listing.files.keys()
    vanished = [path for path in todo.unread if path not in here and not todo.listing.is_unknown(path)]
    tables.delete(FILES, "path", vanished)
    rows = [
        {
            "path": path,
            "outcome": "quarantined" if path in todo.listing.unlisted else "skipped",
            "reason": reason,
            "documents": 0,
            "bad_records": 0,
        }
        for path, reason in wanted.items()
        if todo.unread.get(path) != reason or path in todo.ledger
    ]
    tables.merge_rows(FILES, rows)


def _report(tables: Tables, todo: Plan, reader: FileReader | None, seconds: float) -> DocumentsReport:
    """Return the report of a run; without a reader it had nothing to read or delete."""
    deleted, refused = (reader.deleted, reader.refused) if reader else ([], [])
    renamed = {old for _, old in todo.changes.renamed}
    files = tables.read(FILES, ["outcome", "reason", "skipped_members"]).to_pylist()
    repairs = tables.read(DOCUMENTS, ["encoding_repair"], "encoding_repair IS NOT NULL")
    incomplete = incomplete_documents(tables)
    return DocumentsReport(
        changes=todo.changes.counts(),
        outcomes=dict(Counter(row["outcome"] for row in files)),
        skipped=skipped_by_reason(files),
        documents=tables.count(DOCUMENTS),
        written=reader.written if reader else 0,
        deleted=len(deleted),
        deleted_examples=tuple(source for source in deleted if source not in renamed)[:EXAMPLES],
        quarantined=tables.count(QUARANTINE),
        refused=len(refused),
        refused_examples=tuple(refused[:EXAMPLES]),
        unlisted=todo.listing.unlisted,
        repaired=dict(Counter(kind for one in repairs["encoding_repair"].to_pylist() for kind in kinds_of_repair(one))),
        incomplete=len(incomplete),
        left_out=parts_left_out(incomplete),
        seconds=seconds,
    )


def skipped_by_reason(files: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the number of skipped entries of the ledger, and of skipped files in files, by reason. Most come first."""
    counts = Counter(row["reason"] for row in files if row["outcome"] == "skipped")
    for row in files:
        for skipped in row["skipped_members"] or ():
            counts[skipped["reason"]] += skipped["members"]
    return dict(counts.most_common())


def last_look(home: Home) -> FolderLook | None:
    """Return when a run last listed the folder, None before the first run."""
    return read_record(_look_path(home), FolderLook)


def _look_path(home: Home) -> Path:
    return home.state / "documents.json"


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
