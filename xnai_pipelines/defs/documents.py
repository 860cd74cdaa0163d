"""Documents: the folder, read, normalised and accounted for; the sensor that looks whether it changed."""

import hashlib
import json
from dataclasses import asdict, dataclass

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.jobs import Jobs
from xnai_pipelines.defs.metadata import column_schema, counts_table, result, rows_revision, table, table_facts
from xnai_pipelines.defs.resources import SourceResource, StoresResource
from xnai_pipelines.documents.make import ingest_documents, last_look
from xnai_pipelines.documents.omissions import incomplete_documents, parts_left_out
from xnai_pipelines.documents.plan import DocumentsRequest, Plan, plan
from xnai_pipelines.errors import InputsError, ListingError
from xnai_pipelines.state.schemas import DOCUMENTS, FILES, QUARANTINE

ATTEMPTS = 3
NAMED = 20
WORST = 5


class DocumentsConfig(dg.Config):
    """Options of this run."""

    verify: bool = Field(default=False, description="Hash every file instead of trusting its size and time.")
    retry_quarantined: bool = Field(default=False, description="Retry quarantined files.")
    allow_vanishing: bool = Field(
        default=False,
        description="Continue even if many documents would be deleted or the folder is empty.",
    )


def documents(
    context: dg.AssetExecutionContext, config: DocumentsConfig, stores: StoresResource, source: SourceResource
) -> dg.MaterializeResult[None]:
    """The organisation's documents as normalised text, one row per document or record.

    Reads new and changed files, deletes documents whose files are gone, and quarantines unreadable files with a reason.
    Every entry of the folder is counted as documents, quarantined or skipped.
    """
    request = DocumentsRequest(config.verify, config.retry_quarantined, config.allow_vanishing)
    intake = source.intake()
    inputs = intake.inputs()
    intake.check_questions()  # before the home records them
    report = ingest_documents(stores.stage_context(context), inputs, intake.rules(), request)
    quarantine = stores.tables.read(QUARANTINE, ["source", "error_type", "error", "attempts"]).slice(0, 50)
    return result(
        report,
        rows_revision(stores.tables, DOCUMENTS, ["document_id", "revision"]),
        {
            "written": "documents_written",
            "deleted": "documents_deleted",
            "outcomes": "entries",
            "repaired": "encoding_repairs",
            "refused": "newly_quarantined",
            "refused_examples": "newly_quarantined_examples",
            "left_out": "parts_left_out",
        },
        **table_facts(stores.tables, DOCUMENTS, ["source", "title", "media_type", "language", "parser", "text"]),
        folder=dg.MetadataValue.path(str(inputs.documents)),
        changes=None,
        **{f"files_{name}": count for name, count in report.changes.items()},
        quarantine=table(quarantine.to_pylist(), ["source", "error_type", "error", "attempts"]),
        unlisted=table(
            [{"entry": path, "reason": reason} for path, reason in report.unlisted.items()], ["entry", "reason"]
        ),
        incomplete_documents=table(
            [{"source": one.source, "left out": one.statement} for one in incomplete_documents(stores.tables)[:NAMED]],
            ["source", "left out"],
        ),
    )


def every_file_accounted_for(stores: StoresResource, source: SourceResource) -> dg.AssetCheckResult:
    """Each entry of the folder has one outcome in the ledger, and the ledger's counts match the tables."""
    intake = source.intake()
    rules = intake.rules()
    listing = rules.folders(intake.inputs().documents).listing(rules.exclude)
    entries = {*listing.files, *listing.skipped, *listing.unlisted}
    files = stores.tables.read(FILES, ["path", "outcome", "documents", "bad_records"]).to_pylist()
    recorded = {row["path"] for row in files}
    documents, quarantined = stores.tables.count(DOCUMENTS), stores.tables.count(QUARANTINE)
    counted = sum(row["documents"] for row in files)
    bad = sum(row["bad_records"] for row in files)
    # a file that came or changed while the run went on is the next run's
    look = last_look(stores.layout)
    later = {path for path, stat in listing.files.items() if look and stat.modified_ns >= look.looked_ns}
    missing = sorted(entries - recorded - later)
    surplus = sorted(path for path in recorded - entries if not listing.is_unknown(path))
    return dg.AssetCheckResult(
        passed=not missing and not surplus and counted == documents and bad == quarantined,
        metadata={
            "entries_in_folder": len(entries),
            "entries_in_ledger": len(recorded),
            "missing": missing[:20],
            "changed_since": len(later),
            "vanished_since": surplus[:20],
            "documents_by_ledger": counted,
            "documents": documents,
            "quarantined_by_ledger": bad,
            "quarantined": quarantined,
        },
    )


def quarantine_rate(base: Base, stores: StoresResource) -> dg.AssetCheckResult:
    """The share of entries in quarantine is below XNAI_QUARANTINE_RATE."""
    outcomes = stores.tables.read(FILES, ["outcome"])["outcome"].to_pylist()
    readable = [outcome for outcome in outcomes if outcome != "skipped"]
    allowed = base.settings.quarantine_rate
    quarantined = readable.count("quarantined")
    rate = quarantined / len(readable) if readable else 0.0
    return dg.AssetCheckResult(
        passed=rate <= allowed,
        severity=dg.AssetCheckSeverity.WARN,
        description=None
        if rate <= allowed
        else f"{quarantined} of {len(readable)} files {'is' if quarantined == 1 else 'are'} in quarantine: "
        f"{100 * rate:.3g} %, above the {100 * allowed:.3g} % of XNAI_QUARANTINE_RATE. "
        "`xnai status` lists the files with the reasons.",
        metadata={"rate": round(rate, 4), "allowed": allowed, "files": len(readable)},
    )


def nothing_lost(stores: StoresResource) -> dg.AssetCheckResult:
    """The text of each document carries everything that its file holds, as far as the parsers can tell."""
    incomplete = [one for one in incomplete_documents(stores.tables) if one.lost]
    worst = [f"{document.source}: {document.statement}" for document in incomplete[:WORST]]
    return dg.AssetCheckResult(
        passed=not incomplete,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Documents whose text lacks parts of their file: {len(incomplete):,}. {'. '.join(worst)}. "
        "`xnai status` lists them."
        if incomplete
        else None,
        metadata={
            "documents": stores.tables.count(DOCUMENTS),
            "incomplete": len(incomplete),
            "parts": counts_table(parts_left_out(incomplete), "part"),
            "worst": [f"{document.source}: {document.statement}" for document in incomplete[:NAMED]],
        },
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last tick saw: a hash of the changes waiting, and how often a run was requested for them."""

    waiting: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick does: request the run of this key, or skip for the reason; and what the next tick is told."""

    run_key: str | None
    reason: str
    seen: Seen


def decide(waiting: str, summary: str, running: bool, seen: Seen) -> Tick:
    """Return what to do about the changes that wait. Pure.

    `waiting` is a hash of what changed, empty for nothing. A run is requested once the same changes were seen by two
    ticks, so that a copy that is still going on is not read half way, and at most three times for the same changes.
    """
    if not waiting:
        return Tick(None, "Nothing changed in the folder.", Seen())
    if waiting != seen.waiting:
        return Tick(None, f"{summary}; waiting until the next check finds the same.", Seen(waiting))
    if running:
        return Tick(None, f"{summary}; a run is already in progress.", seen)
    if seen.attempts >= ATTEMPTS:
        return Tick(
            None, f"{summary}; {ATTEMPTS} runs did not ingest them. Fix what failed, then start a run by hand.", seen
        )
    attempt = seen.attempts + 1
    return Tick(f"{waiting}-{attempt}", f"{summary}; run requested.", Seen(waiting, attempt))


def documents_folder(
    context: dg.SensorEvaluationContext, base: Base, stores: StoresResource, source: SourceResource
) -> dg.SensorResult | dg.SkipReason:
    """Compare the folder with the ledger."""
    intake = source.intake()

    def runs() -> bool:
        unfinished = dg.RunsFilter(
            job_name=base.name("refresh"),
            tags=base.run_tags,
            statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
        )
        return bool(context.instance.get_run_ids(unfinished, limit=1))

    ran = runs()  # what it reads while the folder is looked at may still count as changed
    try:
        todo = plan(stores.tables, intake.inputs().documents, intake.rules(), DocumentsRequest())
    except (InputsError, ListingError) as error:
        return dg.SkipReason(str(error))
    running = ran or runs()
    tick = decide(_hash(todo), _summary(todo), running, Seen(**json.loads(context.cursor or "{}")))
    # Dagster runs a key once and for all: the ledger's version tells the same change, made again later, from the first.
    key = f"{stores.tables.version(FILES)}-{tick.run_key}"
    requests = [dg.RunRequest(run_key=key)] if tick.run_key else []
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else tick.reason,
        cursor=json.dumps(asdict(tick.seen)),
    )


def _hash(todo: Plan) -> str:
    """Return a hash of the files that changed, as they are and as they were read; empty when nothing did."""
    # touched files as well: until a run has noted their new times, every tick would hash them again
    changed = sorted({*todo.changes.to_read, *todo.changes.gone, *todo.changes.touched})
    if not changed:
        return ""
    stats = [(path, todo.listing.files.get(path), todo.ledger.get(path)) for path in changed]
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:32]


def _summary(todo: Plan) -> str:
    counts = {**todo.changes.counts(), "touched": len(todo.changes.touched)}
    named = ("new", "edited", "renamed", "deleted", "touched")
    return ", ".join(f"{counts[name]} {name}" for name in named if counts[name]) or "changes"


def definitions(base: Base, jobs: Jobs) -> dg.Definitions:
    """Return the asset `documents`, its checks, and the folder sensor."""
    read = base.settings
    return dg.Definitions(
        assets=[
            base.asset(
                documents,
                version=(
                    1,
                    read.exclude,
                    read.max_file_mb,
                    read.parse_seconds,
                    read.parse_memory_mb,
                    read.unpack_mb,
                    read.ocr_languages,
                    read.notebook_outputs,
                ),
                group="ingest",
                kinds={"python", "lancedb", "table"},
                deps=["mirrored_sources", "crawled_pages"],
                pool=base.pool,
                metadata={"dagster/column_schema": column_schema(DOCUMENTS)},
            )
        ],
        asset_checks=[
            base.check(every_file_accounted_for, "documents"),
            base.check(quarantine_rate, "documents"),
            base.check(nothing_lost, "documents"),
        ],
        sensors=[
            base.sensor(
                documents_folder,
                every_seconds=30,
                jobs=[jobs["refresh"]],
                description="Requests a run when files are new, changed or deleted, once the folder has settled.",
            )
        ],
    )
