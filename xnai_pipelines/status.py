"""What a home holds and how it does, for people who look at it: in the terminal, from Python, and from the service."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xnai_pipelines.adapters.make import deleted_in_adapters
from xnai_pipelines.autonomy.alerts.send import LogSink
from xnai_pipelines.autonomy.drift.make import last_drift_report
from xnai_pipelines.documents.make import skipped_by_reason
from xnai_pipelines.documents.omissions import incomplete_documents, parts_left_out
from xnai_pipelines.evaluation.make import KeptEvaluation, last_evaluation
from xnai_pipelines.releases.decision import decisions
from xnai_pipelines.search.vector_index import read_vector_index
from xnai_pipelines.state.claim import recorded_inputs
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases, read_candidate
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, QUARANTINE, QUESTIONS, embeddings_spec
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.wording import counted


@dataclass(frozen=True, slots=True)
class HomeStatus:
    """What a home holds, in words and figures.

    Attributes:
        home: State folder.
        facts: Figures by name.
        outcomes: Number of the folder's entries that are documents, quarantined or skipped.
        skipped: Number of skipped entries by reason.
        skipped_examples: First skipped entry by reason, or the file that contains it.
        quarantined: Files and records in quarantine.
        quarantine: Their rows.
        unlisted: Entries of the folder that could not be inspected, with the reason.
        left_out: Number of parts of files that were not extracted, by kind.
        incomplete: What was left out, by the document's source, worst first.
        health: Summary of the home's health, in sentences.
    """

    home: str
    facts: dict[str, str]
    outcomes: dict[str, int]
    skipped: dict[str, int]
    skipped_examples: dict[str, str]
    quarantined: int
    quarantine: list[dict[str, Any]]
    unlisted: dict[str, str]
    left_out: dict[str, int]
    incomplete: dict[str, str]
    health: list[str]


def home_status(home: Home) -> HomeStatus:
    """Return what the home holds; every table may be missing."""
    tables = Tables.of(home)
    files = tables.read(FILES, ["path", "outcome", "reason", "skipped_members"]).to_pylist()
    incomplete = incomplete_documents(tables)
    quarantine = tables.read(QUARANTINE, ["source", "error_type", "error", "attempts", "last_seen_at"]).to_pylist()
    return HomeStatus(
        home=str(home.root),
        facts=_facts(home, tables, quarantined=len(quarantine), incomplete=len(incomplete)),
        outcomes=dict(Counter(row["outcome"] for row in files)),
        skipped=skipped_by_reason(files),
        skipped_examples=_skipped_examples(files),
        quarantined=len(quarantine),
        quarantine=quarantine,
        unlisted={row["path"]: row["reason"] for row in files if row["outcome"] == "quarantined" and row["reason"]},
        left_out=parts_left_out(incomplete),
        incomplete={document.source: document.statement for document in incomplete},
        health=_health(home, tables),
    )


def _facts(home: Home, tables: Tables, *, quarantined: int, incomplete: int) -> dict[str, str]:
    inputs, release = recorded_inputs(home), Releases(home.releases).current()
    facts = {
        "documents folder": str(inputs.documents) if inputs else "none yet",
        "questions": str(inputs.questions or "generated from the documents") if inputs else "none yet",
        "documents": f"{tables.count(DOCUMENTS):,}",
        "chunks": f"{tables.count(CHUNKS):,}",
        "labelled or generated questions": f"{tables.count(QUESTIONS):,}",
        "quarantined": f"{quarantined:,}",
        "incomplete documents": f"{incomplete:,}",
        "size of the tables": f"{tables.size_bytes() / 2**20:,.1f} MB",
    }
    newest = tables.read(DOCUMENTS, ["ingested_at"])["ingested_at"].to_pylist()
    if newest:
        facts["last document written"] = max(newest).isoformat(timespec="seconds")
    if release:
        spec = embeddings_spec(release.embeddings_table, release.dimension)
        index = read_vector_index(Releases(home.releases).vector_index_path(release.release))
        facts |= {
            "release": f"{release.release}, made {release.created_at}",
            "encoder": f"{release.encoder}, {release.variant}",
            "vector space": release.vector_space,
            "vectors": f"{tables.count(spec):,}",
            "vector search": f"approximate, recall@10 {index.recall_at_10:.3f}"
            if index and index.candidates
            else "exact",
        }
    candidate = read_candidate(home.releases)
    if candidate:
        facts["encoder for the next release"] = f"{candidate.variant}, chosen {candidate.chosen_at}"
    kept = last_evaluation(home)
    return facts | _evaluation(kept) if kept or release else facts


def _skipped_examples(files: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the first skipped entry by reason; of files in files, the outer one."""
    found: dict[str, str] = {}
    for row in sorted(files, key=lambda row: str(row["path"])):
        own = [row["reason"]] if row["outcome"] == "skipped" else []
        for reason in (*own, *(member["reason"] for member in row["skipped_members"] or ())):
            found.setdefault(reason, row["path"])
    return found


def _health(home: Home, tables: Tables) -> list[str]:
    """Return in sentences how the home does: accuracy, its cause, the last decision, what adapters should forget."""
    release = Releases(home.releases).current()
    sentences = [] if release else ["Nothing is released yet: `xnai run` makes the first release."]
    drift = last_drift_report(home)
    if drift is not None and release is not None and drift.release == release.release:
        sentences.append(f"Since release {release.release}: {drift.conclusion}")
    decided = decisions(home.decisions)
    if decided:
        last = decided[0]
        when = f"{last.decided_at:%Y-%m-%d %H:%M} UTC"
        sentences.append(f"The last challenger ({when}) was {str(last.outcome).replace('_', ' ')}.")
        sentences += [f"  {reason}" for reason in last.verdict.reasons]
    for adapter, documents in deleted_in_adapters(home, tables).items():
        deleted = counted(len(documents), "deleted document")
        sentences.append(f"Adapter {adapter} was trained on {deleted}: `xnai retrain` trains one without.")
    alerts = LogSink(home.alerts).tail() if home.alerts.exists() else []
    told = [record["alert"] for record in alerts if "alert" in record]
    if told:
        sentences.append(f"Last alert, {told[-1]['at']}: {told[-1]['title']}")
    return sentences or ["No drift report, challenger or alert on record."]


def _evaluation(kept: KeptEvaluation | None) -> dict[str, str]:
    if kept is None:
        return {"last evaluation": "none; `xnai evaluate` measures accuracy, or reports what is missing"}
    report = kept.report
    figures = ", ".join(
        f"{section.mode} {section.metrics['ndcg_at_10'].mean:.3f}" for section in report.sections_of(report.headline)
    )
    when = report.evaluated_at.isoformat(timespec="seconds")
    return {"last evaluation": f"{when}, {report.headline.statement}", "nDCG@10": figures}
