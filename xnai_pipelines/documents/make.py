"""Folder to documents: reads what changed, removes what vanished, accounts for every file."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xnai_pipelines.documents.file_reader import FileReader
from xnai_pipelines.documents.omissions import incomplete_documents, parts_left_out
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.pdf.recognition import check_languages
from xnai_pipelines.documents.parsers.text.repair import kinds_of_repair
from xnai_pipelines.documents.plan import DocumentsRequest, FolderRules, Plan, plan, why_refused
from xnai_pipelines.errors import IngestRefusedError
from xnai_pipelines.state.claim import Inputs, claim
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import DOCUMENTS, FILES, QUARANTINE
from xnai_pipelines.state.tables import Tables

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class DocumentsReport:
    """What a run did to the documents, and the outcome of every entry of the folder.

    Attributes:
        changes: Number of files by what had happened to them.
        outcomes: Number of all entries that are documents, quarantined or skipped.
        skipped: Number of skipped entries, and of skipped files in files, by reason.
        documents: Documents stored now.
        written: Documents written by this run.
        deleted: Documents deleted by this run, without those of renamed files.
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
    with stage(context, "documents") as watch:
        for spec in (FILES, DOCUMENTS, QUARANTINE):
            tables.ensure(spec)
        todo = plan(tables, inputs.documents, rules, request)
        objection = None if request.allow_vanishing else why_refused(todo, rules.guard, inputs.documents)
        if objection:
            raise IngestRefusedError(objection)
        claim(context.home, inputs)  # not earlier: it would bind the home to a mistyped folder for good
        watch.items = len(todo.changes.to_read)
        reader = _read_and_delete(context, inputs.documents, rules, request, todo)
        _record_touched(tables, todo)
        _record_unread(tables, todo)
        write_record(_look_path(context.home), FolderLook(todo.looked_ns))
    report = _report(tables, todo, reader, watch.seconds)
    write_report(context.home, "documents", report)
    return report


def _read_and_delete(
    context: StageContext, documents: Path, rules: FolderRules, request: DocumentsRequest, todo: Plan
) -> FileReader | None:
    """Read the files of the plan, then delete what is gone; return the reader, None if there was nothing to do.

    Raises:
        IngestRefusedError: Too many documents would vanish, now that all files are read.
    """
    paths = todo.changes.to_read
    if not paths and not todo.changes.gone:
        return None
    with _empty(context.home.unpacked) as unpacked, ParserWorker(unpacked) as worker:
        reader = FileReader(context, documents, rules, worker=worker, changes=todo.changes)
        with context.progress.work("documents", len(paths), "files") as advance:
            for path in paths:
                reader.read(path)
                advance()
        reader.flush()
        if not request.allow_vanishing:
            objection = rules.guard.objection(len(reader.vanishing()), todo.documents)
            if objection:
                raise IngestRefusedError(objection)
        reader.delete_vanished()
    return reader


@contextmanager
def _empty(folder: Path) -> Iterator[Path]:
    """Give an empty folder, without what a killed run left in it, and remove it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    deleted, refused = (reader.vanishing(), reader.refused) if reader else ([], [])
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
        deleted_examples=tuple(deleted[:EXAMPLES]),
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
