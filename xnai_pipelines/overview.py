"""What a home holds and what a run would do: read-only answers for the terminal."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from xnai_pipelines.encoding import Precision, read_specification, resolve_encoder
from xnai_pipelines.home import Home, recorded_inputs
from xnai_pipelines.releases import Releases, read_candidate
from xnai_pipelines.search import VectorSpaceError, read_vector_index
from xnai_pipelines.settings import Settings, SettingsError
from xnai_pipelines.stages import DocumentsRequest, asked_vector_space, expected_seconds, refusal
from xnai_pipelines.stages import plan as plan_documents
from xnai_pipelines.tables import CHUNKS, DOCUMENTS, FILES, QUARANTINE, QUESTIONS, Tables, embeddings_spec

QUARANTINE_SHOWN = 20
STAGES_OF_JOB = {
    "ingest": ("documents", "chunks", "embeddings"),
    "evaluate": ("questions",),
    "refresh": ("documents", "chunks", "embeddings", "questions"),
    "quantize": ("calibration",),
    "maintain": ("maintenance",),
}


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """Files by what a run would do with them, the expected time, and why the run would be refused, if so."""

    folder: str
    files: dict[str, int]
    to_read: int
    seconds: float | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class HomeStatus:
    """What a home holds, in words and figures."""

    home: str
    facts: dict[str, str]
    outcomes: dict[str, int]
    skipped: dict[str, int]
    quarantined: int
    quarantine: list[dict[str, Any]]


def planned_run(settings: Settings, *, verify: bool) -> PlannedRun:
    """Return what a run would do to the documents.

    Raises:
        HomeError: No folder is known, or the home belongs to another.
        ListingError: The folder is missing.
    """
    from xnai_pipelines.resources import configured

    home, source = Home(settings.home), configured(settings)["source"]
    folder, rules = source.inputs().documents, source.rules()
    todo = plan_documents(Tables(home.lancedb), folder, rules, DocumentsRequest(verify=verify))
    to_read = len(todo.changes.to_read)
    return PlannedRun(
        folder=str(folder),
        files={**todo.changes.counts(), "skipped": len(todo.listing.skipped)},
        to_read=to_read,
        seconds=expected_seconds(home, todo),
        refusal=refusal(todo, rules.guard),
    )


def home_status(settings: Settings) -> HomeStatus:
    """Return what the home holds; every table may be missing."""
    home = Home(settings.home)
    tables, inputs, release = Tables(home.lancedb), recorded_inputs(home), Releases(home.releases).current()
    files = tables.read(FILES, ["outcome", "reason"]).to_pylist()
    quarantine = tables.read(QUARANTINE, ["source", "error_type", "error", "attempts", "last_seen_at"]).to_pylist()
    facts = {
        "documents folder": str(inputs.documents) if inputs else "none yet",
        "questions": str(inputs.questions or "generated from the documents") if inputs else "none yet",
        "documents": f"{tables.count(DOCUMENTS):,}",
        "chunks": f"{tables.count(CHUNKS):,}",
        "labelled or generated questions": f"{tables.count(QUESTIONS):,}",
        "quarantined": f"{len(quarantine):,}",
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
            "encoder": f"{release.encoder}, {release.precision}",
            "vector space": release.vector_space,
            "vectors": f"{tables.count(spec):,}",
            "vector search": f"approximate, recall@10 {index.recall_at_10:.3f}" if index and index.nprobes else "exact",
        }
    candidate = read_candidate(home.releases)
    if candidate:
        facts["encoder for the next release"] = f"{candidate.variant}, chosen {candidate.chosen_at}"
    evaluation = _evaluation(home)
    if evaluation:
        facts |= evaluation
    return HomeStatus(
        home=str(home.root),
        facts=facts,
        outcomes=dict(Counter(row["outcome"] for row in files)),
        skipped=dict(Counter(row["reason"] for row in files if row["outcome"] == "skipped").most_common()),
        quarantined=len(quarantine),
        quarantine=quarantine,
    )


def run_reports(home: Home, job: str) -> dict[str, Any]:
    """Return the reports of the stages of a job that have run, and of the evaluation."""
    paths = {name: home.reports / f"{name}.json" for name in STAGES_OF_JOB[job]}
    if job == "quantize":
        paths["card"] = home.reports / "precision_card" / "card.json"
    if job in ("evaluate", "refresh"):
        paths["evaluation"] = home.reports / "evaluation" / "report.json"
        paths["tracked"] = home.reports / "evaluation" / "kept.json"
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.exists()}


def require_release_encoder(settings: Settings) -> None:
    """Refuse a search when the settings name another encoder than the release was embedded with.

    Raises:
        VectorSpaceError: They do; the message says what to do.
        SettingsError: XNAI_ENCODER names nothing that can be read.
    """
    if not {"encoder", "precision"} & settings.model_fields_set:
        return
    home = Home(settings.home)
    release = Releases(home.releases).require()
    try:
        base = read_specification(resolve_encoder(settings.encoder), Precision.FP32)
    except (ValueError, OSError, RuntimeError) as error:
        raise SettingsError(f"XNAI_ENCODER={settings.encoder!r} cannot be used: {error}") from error
    asked = asked_vector_space(home, base, settings.precision, release)
    if asked != release.vector_space:
        raise VectorSpaceError(
            f"XNAI_ENCODER and XNAI_PRECISION name vector space {asked}, and release {release.release} holds vectors "
            f"of {release.vector_space} ({release.encoder}, {release.precision}): they cannot be compared. Unset them "
            "to search this release, or embed anew with them: `xnai run --new-release`."
        )


def _evaluation(home: Home) -> dict[str, str]:
    path = home.reports / "evaluation" / "report.json"
    if not path.exists():
        return {}
    from xnai_pipelines.evaluation import EvaluationReport

    report = EvaluationReport.from_json(path.read_text(encoding="utf-8"))
    figures = ", ".join(
        f"{section.mode} {section.metrics['ndcg_at_10'].mean:.3f}" for section in report.sections_of(report.headline)
    )
    when = report.evaluated_at.isoformat(timespec="seconds")
    return {"last evaluation": f"{when}, {report.headline.statement}", "nDCG@10": figures}
