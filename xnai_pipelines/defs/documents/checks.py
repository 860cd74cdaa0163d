"""Checks of the documents: every file accounted for, few in quarantine."""

import json

import dagster as dg

from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.documents.listing import list_folder
from xnai_pipelines.settings import settings
from xnai_pipelines.state.schemas import DOCUMENTS, FILES, QUARANTINE


@dg.asset_check(asset="documents")
def every_file_accounted_for(stores: StoresResource, source: SourceResource) -> dg.AssetCheckResult:
    """Each entry of the folder is in the ledger with one outcome, and the ledger's counts are those of the tables."""
    listing = list_folder(source.inputs().documents, source.exclude)
    entries = {*listing.files, *listing.skipped, *listing.unlisted}
    files = stores.tables.read(FILES, ["path", "outcome", "documents", "bad_records"]).to_pylist()
    recorded = {row["path"] for row in files}
    documents, quarantined = stores.tables.count(DOCUMENTS), stores.tables.count(QUARANTINE)
    counted = sum(row["documents"] for row in files)
    bad = sum(row["bad_records"] for row in files)
    # a file that came or changed while the run went on is the next run's
    looked_ns = json.loads((stores.layout.reports / "documents.json").read_text(encoding="utf-8"))["looked_ns"]
    later = {path for path, stat in listing.files.items() if stat.modified_ns >= looked_ns}
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


@dg.asset_check(asset="documents")
def quarantine_rate(stores: StoresResource) -> dg.AssetCheckResult:
    """The share of entries in quarantine is below XNAI_QUARANTINE_RATE."""
    outcomes = stores.tables.read(FILES, ["outcome"])["outcome"].to_pylist()
    readable = [outcome for outcome in outcomes if outcome != "skipped"]
    allowed = settings().quarantine_rate
    rate = readable.count("quarantined") / len(readable) if readable else 0.0
    return dg.AssetCheckResult(
        passed=rate <= allowed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rate": rate, "allowed": allowed, "files": len(readable)},
    )
