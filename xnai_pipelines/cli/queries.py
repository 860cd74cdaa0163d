"""What a home holds: read-only answers for the terminal."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from xnai_pipelines.adapters.adapter import list_adapters, load_adapter
from xnai_pipelines.adapters.comparison import compare_adapters
from xnai_pipelines.adapters.make import TrainingEstimate, deleted_in_adapters, estimate_training, read_adapter_report
from xnai_pipelines.adapters.training_pairs import read_training_pairs_report
from xnai_pipelines.answers.language_model.make import last_model_report
from xnai_pipelines.evaluation.make import last_evaluation
from xnai_pipelines.evaluation.policy import PolicyReport, last_policy
from xnai_pipelines.evaluation.timeline import TIMELINE_COLUMNS, timeline_rows
from xnai_pipelines.models.card.make import last_card
from xnai_pipelines.models.encoder_comparison.make import last_encoder_card
from xnai_pipelines.questions.question import Origin
from xnai_pipelines.releases.decision import decisions, model_events
from xnai_pipelines.releases.encoders import EncoderChoice
from xnai_pipelines.releases.evaluate import last_comparison
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.context import report_path
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import embeddings_spec
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.state.tracker import tracker_of
from xnai_pipelines.wording import counted

PAST_EVALUATIONS = 60
# What a step of a run leaves under reports/.
REPORT_OF_STEP = {
    "mirrored_sources": "mirrored_sources",
    "crawled_pages": "crawled_pages",
    "documents": "documents",
    "chunks": "chunks",
    "embeddings": "embeddings",
    "questions": "questions",
    "calibration_texts": "calibration",
    "release": "release",
    "compact_tables": "maintenance",
    "move_release_pointer": "rollback",
    "erase_document": "forgetting",
}


@dataclass(frozen=True, slots=True)
class ListedRelease:
    """A kept release, or the challenger: `state` is current, kept or challenger."""

    release: int
    state: str
    created_at: str
    encoder: str
    variant: str
    adapter: str | None
    vectors: int
    metrics: dict[str, float]


def current_policy(home: Home) -> tuple[RankingPolicy, PolicyReport | None]:
    """Return the ranking policy of the current release, and the report on how it was chosen, None if there is none.

    Raises:
        ReleaseError: Nothing is released yet.
    """
    policy, report = RankingPolicy.of(Releases(home.releases).require()), last_policy(home)
    # a report on another release would explain another policy
    return policy, report if report and report.policy == policy else None


def listed_releases(home: Home) -> list[ListedRelease]:
    """Return the kept releases, oldest first, and the challenger last."""
    releases, tables = Releases(home.releases), Tables.of(home)
    current, challenger = releases.require(), releases.challenger()
    listed = []
    for release in releases.with_challenger():
        state = "current" if release == current else "challenger" if release == challenger else "kept"
        listed.append(
            ListedRelease(
                release=release.release,
                state=state,
                created_at=release.created_at,
                encoder=release.encoder,
                variant=release.variant,
                adapter=release.adapter,
                vectors=tables.count(embeddings_spec(release.embeddings_table, release.dimension)),
                metrics=release.metrics,
            )
        )
    return listed


def planned_training(settings: Settings, changes: dict[str, Any]) -> TrainingEstimate:
    """Return what a training on the stored pairs would take, with these changes to the config of the settings."""
    home = Home(settings.home)
    base = EncoderChoice(home, settings.encoder).original()
    return estimate_training(Tables.of(home), home, base, settings.training.changed(changes))


def listed_adapters(home: Home) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of all adapters: what they learned from, and what was decided on them last."""
    decided = {decision.adapter: decision for decision in reversed(decisions(home.decisions))}
    released = {release.adapter: str(release.release) for release in Releases(home.releases).all() if release.adapter}
    deleted = deleted_in_adapters(home, Tables.of(home))
    rows = []
    for adapter in list_adapters(home.adapters):
        decision = decided.get(adapter.adapter_id)
        gone = len(deleted.get(adapter.adapter_id, ()))
        notes = [counted(gone, "deleted document")] if gone else []
        rows.append(
            [
                adapter.adapter_id,
                adapter.base_name,
                f"{len(adapter.documents):,}",
                f"{adapter.metrics.get('train_loss', float('nan')):.3f}",
                f"{adapter.metrics.get('seconds', float('nan')) / 60:.1f}",
                str(decision.outcome) if decision else "not judged",
                released.get(adapter.adapter_id, ""),
                adapter.damage or "; ".join(notes),
            ]
        )
    return ["adapter", "base", "documents", "loss", "minutes", "decision", "release", "notes"], rows


def compared_adapters(home: Home, first: str, second: str) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of what differs between two adapters.

    Raises:
        AdaptationError: One of them is missing or damaged.
    """
    found = compare_adapters(load_adapter(home.adapters / first), load_adapter(home.adapters / second))
    rows = [[difference.name, str(difference.first), str(difference.second)] for difference in found.differences]
    rows += [[f"cosine of the changes to {name}", f"{cosine:.3f}", ""] for name, cosine in found.cosines.items()]
    return ["what", first, second], rows


def past_accuracy(settings: Settings) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Return columns and rows of past evaluations and of what happened to the model.

    Raises:
        TrackingUnavailableError: MLflow cannot be reached.
    """
    from xnai_pipelines.evaluation.logged import past_evaluations

    home = Home(settings.home)
    past = past_evaluations(tracker_of(home, settings.mlflow_uri), PAST_EVALUATIONS)
    labelled = any(name.startswith(f"{Origin.LABELLED}.") for one in past for name in one.metrics)
    return TIMELINE_COLUMNS, timeline_rows(past, model_events(home), Origin.LABELLED if labelled else Origin.GENERATED)


def run_reports(home: Home, steps: Collection[str]) -> dict[str, Any]:
    """Return what the steps of a run reported; of any other step there may be the report of an earlier run."""
    paths = {name: report_path(home, name) for step, name in REPORT_OF_STEP.items() if step in steps}
    reports = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.exists()}
    if "precision_card" in steps:
        reports["card"] = to_jsonable_python(last_card(home))
    if "encoder_card" in steps:
        reports["encoder_card"] = to_jsonable_python(last_encoder_card(home))
    if "training_pairs" in steps:
        reports["training_pairs"] = to_jsonable_python(read_training_pairs_report(home))
    if "lora_adapter" in steps:
        reports["lora_adapter"] = to_jsonable_python(read_adapter_report(home))
    if "adapter_evaluation" in steps:
        reports["comparison"] = to_jsonable_python(last_comparison(home).comparison)
    if "retrieval_evaluation" in steps and (evaluated := last_evaluation(home)) is not None:
        tracked = to_jsonable_python(evaluated)
        reports |= {"evaluation": tracked.pop("report"), "tracked": tracked}
    if "language_model_evaluation" in steps and (kept := last_model_report(home)) is not None:
        reports["language_model"] = to_jsonable_python(kept.report)
    return reports
