"""From training pairs to an adapter, and from the adapter to an encoder for search."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xnai_pipelines.adapters.adapter import Adapter, list_adapters, load_adapter
from xnai_pipelines.adapters.config import AdapterConfig, Task, adapter_id
from xnai_pipelines.adapters.logged import log_adapter
from xnai_pipelines.adapters.memory import estimate
from xnai_pipelines.adapters.merging import merge_adapter, merged_encoder
from xnai_pipelines.adapters.pairs import TrainingPair, pairs_sha256
from xnai_pipelines.adapters.plots import curve_plot
from xnai_pipelines.adapters.progress import TrainingStep
from xnai_pipelines.adapters.training import Training, train_encoder
from xnai_pipelines.adapters.training_pairs import documents_of_pairs, read_training_pairs
from xnai_pipelines.encoders.specification import EncoderSpec, shipped_bytes
from xnai_pipelines.errors import AdaptationError, NoAdapterError, NoTrainingPairsError
from xnai_pipelines.models.companion import companion_like
from xnai_pipelines.models.make import build_variant, texts_for, variant_spec
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.questions.question import Split
from xnai_pipelines.state.artefacts import CARD, read_card
from xnai_pipelines.state.context import StageContext, StageRun, record, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases, now
from xnai_pipelines.state.measured import logged_once
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.state.tracker import MlflowRun, Tracker

MERGED = "merged"  # folder beside the adapters: full-precision encoders with an adapter merged into their weights
TOLD_EVERY_SECONDS = 20.0
VALIDATED = ("loss", "mrr", "recall_at_1")


@dataclass(frozen=True, slots=True)
class AdapterReport:
    """The last trained adapter: its id, its training data and settings, its figures, and where it was logged."""

    adapter: str
    base: str
    base_sha256: str
    pairs_sha256: str
    pairs: int
    documents: int
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    trained: bool
    mlflow_run: MlflowRun | None


@dataclass(frozen=True, slots=True)
class AdapterOutcome:
    """The adapter's report, the adapter itself, and its curve as PNG."""

    report: AdapterReport
    adapter: Adapter
    curve: bytes


@dataclass(frozen=True, slots=True)
class AdaptedEncoderReport:
    """The adapter merged into its base, in the variant of the current release.

    `largest_difference` is the max difference between a vector of the merged weights and one with the adapter applied.
    """

    adapter: str
    vector_space: str
    variant: str
    encoder: str
    folder: str
    shipped_bytes: int
    largest_difference: float
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """Cost of a retraining: pairs, steps, memory in bytes, minutes (None before the first training)."""

    adapter: str
    pairs: int
    trained_already: bool
    steps: int
    memory_bytes: int
    minutes: float | None


def train_adapter(
    context: StageContext, tracker: Tracker, base: EncoderSpec, config: AdapterConfig, *, threads: int
) -> AdapterOutcome:
    """Train an adapter of the base on the stored training pairs; the same pairs and config are never trained twice.

    Resumes a killed training from its last checkpoint. Other writers can use the tables meanwhile.

    Raises:
        NoTrainingPairsError: There are no pairs.
        AdaptationError: The training cannot continue; the message says why. No adapter is left.
        TrackingUnavailableError: MLflow cannot be reached; the adapter is kept, and the next run logs it.
    """
    pairs = _stored_pairs(context.tables)
    done, steps, told = 0, estimate(pairs, config, base.source).steps, time.monotonic()
    with context.progress.work("adapter", steps, "steps") as advance:

        def progress(step: TrainingStep) -> None:
            nonlocal done, told
            advance(step.step - done)
            done = step.step
            if step.validation is not None or time.monotonic() - told >= TOLD_EVERY_SECONDS:
                told = time.monotonic()
                context.progress.say(_words(step))

        adapter = train_encoder(
            base,
            pairs,
            Training(config=config, folder=context.home.adapters, threads=threads, progress=progress),
            validation=read_training_pairs(context.tables, Split.VALIDATION),
            documents=sorted(set().union(*documents_of_pairs(context.tables))),
        )
    if done:
        record(
            context.home.state,
            StageRun(
                stage="adapter",
                run_id=context.run_id,
                finished_at=now(),
                items=done,
                seconds=adapter.metrics["seconds"],
            ),
        )
    curve = curve_plot(adapter)
    report = AdapterReport(
        adapter=adapter.adapter_id,
        base=adapter.base_name,
        base_sha256=adapter.base_sha256,
        pairs_sha256=adapter.data_sha256,
        pairs=len(pairs),
        documents=len(adapter.documents),
        config=json.loads(config.description),
        metrics=dict(adapter.metrics),
        trained=done > 0,
        mlflow_run=None,
    )
    path = _adapter_path(context.home)
    write_record(path, report)  # before MLflow, so that nothing trained is lost if MLflow is down
    logged = logged_once(path, report, lambda: _log(context, tracker, adapter=adapter, report=report, curve=curve))
    return AdapterOutcome(logged, adapter, curve)


def _words(step: TrainingStep) -> str:
    loss = "" if step.loss is None else f"loss {step.loss:.3f}, learning rate {step.learning_rate:.2g}, "
    held_out = "" if step.validation is None else f"validation loss {step.validation.loss:.3f}, "
    left = "" if step.seconds_left is None else f", {step.seconds_left / 60:.1f} minutes left"
    return f"adapter: step {step.step}/{step.steps}, {loss}{held_out}{step.pairs_per_second:.1f} pairs/s{left}"


def read_adapter_report(home: Home) -> AdapterReport:
    """Return the report of the last trained adapter.

    Raises:
        NoAdapterError: No adapter was trained.
    """
    report = read_record(_adapter_path(home), AdapterReport)
    if report is None:
        raise NoAdapterError("No adapter has been trained yet. `xnai retrain` trains one.")
    return report


def _adapter_path(home: Home) -> Path:
    return home.state / "lora_adapter.json"


def adapt_encoder(context: StageContext, base: EncoderSpec) -> AdaptedEncoderReport:
    """Merge the last adapter into its base and build the encoder in the variant of the current release.

    Raises:
        NoAdapterError: No adapter was trained.
        AdaptationError: The adapter is damaged or of another base, or merging changes its vectors.
        CalibrationError: The variant needs calibration texts, and none were drawn.
    """
    home = context.home
    report = read_adapter_report(home)
    release = Releases(home.releases).require()
    with stage(context, "adapted_encoder") as watch:
        adapter = load_adapter(home.adapters / report.adapter, base)
        merged = merge_adapter(adapter, base, home.adapters / MERGED)
        [variant] = [variant for variant in VARIANTS if variant.name == release.variant]
        texts = texts_for(context, variant, merged.spec)
        spec = variant_spec(variant, merged.spec, texts)
        folder = build_variant(context, variant, base=merged.spec, spec=spec, texts=texts)
        folder = companion_like(home.models, folder, home.models / release.vector_space)
        watch.items = 1
    built = AdaptedEncoderReport(
        adapter=report.adapter,
        vector_space=folder.name,
        variant=variant.name,
        encoder=read_card(folder)["base"]["name"],
        folder=str(folder),
        shipped_bytes=shipped_bytes(folder),
        largest_difference=merged.largest_difference,
        seconds=watch.seconds,
    )
    write_record(_encoder_path(home), built)
    return built


def read_adapted_encoder(home: Home) -> AdaptedEncoderReport:
    """Return the report of the last adapted encoder.

    Raises:
        NoAdapterError: No encoder was built.
    """
    report = read_record(_encoder_path(home), AdaptedEncoderReport)
    if report is None:
        raise NoAdapterError("No adapted encoder has been built yet. `xnai retrain` builds one.")
    return report


def _encoder_path(home: Home) -> Path:
    return home.state / "adapted_encoder.json"


def released_base(home: Home, base: EncoderSpec) -> EncoderSpec:
    """Return the full-precision encoder behind the current release: the base with the release's adapter.

    It is the base itself if the release has no adapter, or if the settings now name another base. The adapter is merged
    again if what it was merged into is gone, or was never on this machine.
    """
    release = Releases(home.releases).current()
    if release is None or release.adapter is None:
        return base
    try:
        adapter = load_adapter(home.adapters / release.adapter, base)
    except AdaptationError:
        return base
    return (
        merged_encoder(home.adapters / MERGED, release.adapter)
        or merge_adapter(adapter, base, home.adapters / MERGED).spec
    )


def adapters_trained_on(home: Home, documents: frozenset[str]) -> tuple[str, ...]:
    """Return the ids of the adapters that learned from any of the documents."""
    kept = list_adapters(home.adapters)
    return tuple(adapter.adapter_id for adapter in kept if not documents.isdisjoint(adapter.documents))


def deleted_in_adapters(home: Home, tables: Tables) -> dict[str, list[str]]:
    """Return, by adapter, the documents it learned from that have since been deleted; only adapters with such ones."""
    stored = tables.ids(DOCUMENTS)
    gone = {adapter.adapter_id: sorted({*adapter.documents} - stored) for adapter in list_adapters(home.adapters)}
    return {adapter: documents for adapter, documents in gone.items() if documents}


def adapter_faults(home: Home, adapter: str) -> list[str]:
    """Return an adapter's faults as phrases; none if it is undamaged and every number in it is finite."""
    from safetensors.numpy import load_file

    try:
        kept = load_adapter(home.adapters / adapter)
    except AdaptationError as error:
        return [str(error)]
    tensors = load_file(kept.folder / "adapter_model.safetensors")
    return [f"{name} has non-finite values" for name, tensor in tensors.items() if not np.isfinite(tensor).all()]


def estimate_training(tables: Tables, home: Home, base: EncoderSpec, config: AdapterConfig) -> TrainingEstimate:
    """Return the cost of training on the stored pairs; minutes are by the rate of the last training.

    Raises:
        NoTrainingPairsError: There are no pairs.
    """
    pairs = _stored_pairs(tables)
    identity = adapter_id(base.weights_sha256, pairs_sha256(pairs), config, Task.ENCODER)
    kept = [adapter for adapter in list_adapters(home.adapters) if adapter.damage is None]
    rates = [adapter.metrics["tokens_per_second"] for adapter in kept if "tokens_per_second" in adapter.metrics]
    expected = estimate(pairs, config, base.source, rates[-1] if rates else None)
    return TrainingEstimate(
        adapter=identity,
        pairs=len(pairs),
        trained_already=any(adapter.adapter_id == identity for adapter in kept),
        steps=expected.steps,
        memory_bytes=expected.memory_bytes,
        minutes=None if expected.seconds is None else expected.seconds / 60,
    )


def _stored_pairs(tables: Tables) -> list[TrainingPair]:
    pairs = read_training_pairs(tables, Split.TRAIN)
    if not pairs:
        raise NoTrainingPairsError("There are no training pairs yet. `xnai retrain` mines them and trains on them.")
    return pairs


def _log(context: StageContext, tracker: Tracker, adapter: Adapter, report: AdapterReport, curve: bytes) -> MlflowRun:
    points = adapter.curve()
    return log_adapter(
        tracker,
        adapter_id=adapter.adapter_id,
        params={**report.config, "base": report.base, "pairs": report.pairs, "pairs_sha256": report.pairs_sha256},
        curve=[
            *((int(p["step"]), {"loss": p["loss"], "learning_rate": p["learning_rate"]}) for p in points["steps"]),
            *(
                (int(p["step"]), {f"validation_{name}": p[name] for name in VALIDATED if p[name] is not None})
                for p in points["validation"]
            ),
        ],
        metrics=report.metrics,
        files={"card.json": (adapter.folder / CARD).read_bytes(), "curve.png": curve},
        tags={"dagster_run_id": context.run_id, "base_sha256": report.base_sha256},
    )
