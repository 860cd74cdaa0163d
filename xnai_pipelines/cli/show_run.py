"""What people see of a run: its stages, its reports, and what failed."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from xnai_pipelines.cli.show_models import show_card, show_comparison, show_encoder_card, show_evaluation
from xnai_pipelines.cli.terminal import say, table
from xnai_pipelines.wording import counted

if TYPE_CHECKING:
    from xnai_pipelines.cli.runs import FinishedRun
    from xnai_pipelines.settings import Settings

FAILURES_SHOWN = 5  # per source

Kind = TypeVar("Kind")


def show_stages(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Print what each stage of a run did and how fast."""
    documents, chunks, embeddings = reports["documents"], reports["chunks"], reports["embeddings"]
    changed = sum(documents["changes"][name] for name in ("new", "edited", "renamed", "deleted", "to_retry"))
    rows = [
        _stage("documents", counted(documents["documents"], "document"), counted(changed, "file"), changed, documents),
        _stage("chunks", counted(chunks["chunks"], "chunk"), counted(chunks["cut"], "document"), chunks["cut"], chunks),
        _stage(
            "embeddings",
            counted(embeddings["vectors"], "vector"),
            f"{counted(embeddings['encoded'], 'passage')}, {embeddings['from_cache']:,} from cache",
            embeddings["encoded"],
            embeddings,
        ),
    ]
    if "questions" in reports:
        questions = reports["questions"]
        rows.append(_stage("questions", counted(questions["questions"], "question"), "", 0, questions))
    table("Stages", ["stage", "stored", "worked on", "seconds", "per second"], rows, ["seconds", "per second"])


def _stage(name: str, stored: str, worked: str, items: int, report: Mapping[str, Any]) -> list[str]:
    seconds = report["seconds"]
    if name != "questions" and not items:
        removed = report.get("removed", 0)
        worked = f"{removed:,} removed" if removed else "nothing to do"
    return [name, stored, worked, f"{seconds:.1f}", f"{items / seconds:,.0f}" if items and seconds else ""]


def show_sources(sources: Sequence[Mapping[str, Any]]) -> None:
    """Print sources with what their last synchronisation did, and the trouble of each."""
    columns = ["name", "kind", "prefix", "files", "fetched", "removed", "not read", "last sync"]
    rows = [
        [
            *(source[column] for column in ("name", "kind", "prefix")),
            *(f"{source[column]:,}" for column in ("files", "fetched", "removed")),
            f"{len(source['failed']):,}",
            source["synced_at"] or "never",
        ]
        for source in sources
    ]
    table("Sources", columns, rows, ["files", "fetched", "removed", "not read"])
    for source in sources:
        if source["trouble"]:
            say(f"{source['name']}: {source['trouble']}")
        for path, reason in list(source["failed"].items())[:FAILURES_SHOWN]:
            say(f"{source['name']}: {path}: {reason}")
        if len(source["failed"]) > FAILURES_SHOWN:
            say(f"{source['name']}: {len(source['failed']) - FAILURES_SHOWN:,} more (--json lists all).")


def show_run(run: "FinishedRun") -> None:
    """Print what went wrong in a run, if anything did."""
    if run.failure:
        say(("The run failed.", "red"), f" {run.failure}", error=True)
        say(f"Run {run.run_id}; its log is in the UI (`xnai ui`).", fold=True, error=True)
    for check in run.failed_checks:
        facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in check.metadata.items())
        reason = check.description or f"{facts}. Its page in the UI has the details (`xnai ui`)."
        label = "Warning" if check.severity == "WARN" else "Error"
        say((f"{label}: the check {check.asset}/{check.check} did not pass.", "yellow"), f" {reason}", error=True)


def show_run_reports(reports: Mapping[str, Any], settings: "Settings") -> None:
    """Print what a run did, from its stages' reports."""
    from xnai_pipelines.cli.left_out import left_out

    synced = [reports.get(name, {}).get("sources", ()) for name in ("mirrored_sources", "crawled_pages")]
    if any(synced):
        show_sources([source for sources in synced for source in sources])
    if "documents" in reports:
        show_stages(reports)
    for sentence in left_out(reports):
        say(sentence)
    for name, show in SHOWN.items():
        if name in reports:
            show(reports[name])
    if "evaluation" in reports:
        _show_tracked(reports["tracked"]["mlflow_run"], settings)


def _show_maintenance(report: Mapping[str, Any]) -> None:
    before, after = (report[name] / 2**20 for name in ("bytes_before", "bytes_after"))
    say(
        f"Tables: {before:,.1f} MB before, {after:,.1f} MB now; {len(report['dropped'])} dropped, "
        f"{counted(len(report['expired']), 'release')} expired, "
        f"{counted(report['vectors_removed'], 'unused vector')} removed.",
        fold=True,
    )


def _read(kind: type[Kind], report: Mapping[str, Any]) -> Kind:
    """Return a report, which a run handed over as plain values, as what it was."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_json(json.dumps(report))


def _show_card(report: Mapping[str, Any]) -> None:
    from xnai_pipelines.models.card.card import Card

    show_card(_read(Card, report))


def _show_encoder_card(report: Mapping[str, Any]) -> None:
    from xnai_pipelines.models.encoder_comparison.card import EncoderCard

    show_encoder_card(_read(EncoderCard, report))


def _show_training_pairs(report: Mapping[str, Any]) -> None:
    say(
        f"Training pairs: {report['pairs']:,} about {counted(report['documents'], 'document')}; "
        f"{counted(report['dropped'], 'question')} left out for evaluation.",
        fold=True,
    )


def _show_adapter(report: Mapping[str, Any]) -> None:
    trained = "trained" if report["trained"] else "known already"
    say(f"Adapter {report['adapter']} ({trained}): {report['metrics']['seconds'] / 60:.1f} minutes.", fold=True)


def _show_comparison(report: Mapping[str, Any]) -> None:
    from xnai_pipelines.releases.comparison import Comparison

    show_comparison(_read(Comparison, report))


def _show_rollback(report: Mapping[str, Any]) -> None:
    say(
        f"Release {report['to_release']} answers searches now, in place of {report['from_release']}. "
        f"{counted(report['behind'], 'chunk')} changed since: `xnai run` brings them.",
        fold=True,
    )


def _show_forgetting(report: Mapping[str, Any]) -> None:
    columns = ["table", "rows_removed", "rows_found", "versions"]
    rows = [[row[column] for column in columns] for row in report["tables"]]
    headings = ["table", "rows removed", "rows left", "versions"]
    table(f"Forgotten: {report['source']}", headings, rows, headings[1:])
    say(f"{counted(report['cached_vectors'], 'vector')} of the cache removed.", fold=True)
    for adapter in report["adapters"]:
        say(f"Adapter {adapter} was trained on it: `xnai retrain` trains one without it.", fold=True)


def _show_evaluation(report: Mapping[str, Any]) -> None:
    from xnai_pipelines.evaluation.report import EvaluationReport

    show_evaluation(_read(EvaluationReport, report))


def _show_language_model(report: Mapping[str, Any]) -> None:
    from xnai_pipelines.answers.language_model.evaluation import ModelReport, model_sentence, model_tables

    found = _read(ModelReport, report)
    beside, alone = model_tables(found)
    for (columns, rows), title in zip(
        (beside, alone), (f"{found.model}, beside quotes", f"{found.model} alone"), strict=True
    ):
        if rows:  # no reply, no figures of the model alone
            table(f"Answers by {title}", columns, rows, columns[1:])
    say(model_sentence(found), fold=True)


def _show_tracked(run: Mapping[str, Any] | None, settings: "Settings") -> None:
    from xnai_pipelines.state.tracker import MlflowRun

    if run:
        say(f"MLflow run {run['run_id']}: {settings.mlflow_ui_url}/{MlflowRun(**run).page}")


# What is printed of each report, in this order.
SHOWN: Mapping[str, Callable[[Any], None]] = {
    "maintenance": _show_maintenance,
    "card": _show_card,
    "encoder_card": _show_encoder_card,
    "training_pairs": _show_training_pairs,
    "lora_adapter": _show_adapter,
    "comparison": _show_comparison,
    "release": lambda report: say(report["reason"], fold=True),
    "rollback": _show_rollback,
    "forgetting": _show_forgetting,
    "evaluation": _show_evaluation,
    "language_model": _show_language_model,
}
