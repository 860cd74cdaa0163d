"""Adapters: trained on pairs that share no document with the evaluation, merged into their base, and exported."""

from typing import Any

import dagster as dg
from pydantic import Field

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.make import (
    adapt_encoder,
    adapter_faults,
    deleted_in_adapters,
    read_adapted_encoder,
    read_adapter_report,
    train_adapter,
)
from xnai_pipelines.adapters.training_pairs import leaked_documents, make_training_pairs, read_training_pairs
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import column_schema, counts_table, image, result, table, table_facts
from xnai_pipelines.defs.resources import EncoderResource, StoresResource, TrackingResource
from xnai_pipelines.questions.question import Split
from xnai_pipelines.state.schemas import TRAINING_PAIRS
from xnai_pipelines.state.tables import Tables

EXAMPLES = 5
NAMED = 20
MERGE_TOLERANCE = 1e-5
UNSET = " Unset: as XNAI_TRAINING says, else {}."
DEFAULT = AdapterConfig()


def _field(name: str, description: str) -> Any:
    return Field(default=None, description=description + UNSET.format(getattr(DEFAULT, name)))


class TrainingConfig(dg.Config):
    """Training options of this run; unset fields come from XNAI_TRAINING."""

    rank: int | None = _field("rank", "Rank of the adapter's matrices.")
    alpha: float | None = _field("alpha", "The adapter's output is scaled by alpha / rank.")
    dropout: float | None = _field("dropout", "Dropout of the adapter's inputs.")
    target_modules: list[str] | None = Field(
        default=None, description="Layers that get an adapter, by name. Unset: found from the architecture."
    )
    learning_rate: float | None = _field("learning_rate", "Highest learning rate, after the warm-up.")
    schedule: str | None = _field("schedule", "How the learning rate falls: linear, cosine or constant.")
    warmup: float | None = _field("warmup", "Share of the steps in which the learning rate rises.")
    epochs: float | None = _field("epochs", "How often each pair is seen.")
    max_steps: int | None = _field("max_steps", "Steps after which the training ends.")
    max_minutes: float | None = _field("max_minutes", "Minutes after which it ends, time before a kill included.")
    batch_size: int | None = _field("batch_size", "Pairs in a batch; each other's passages are negatives.")
    mini_batch: int | None = _field("mini_batch", "Texts in the network at once, by gradient caching.")
    questions_per_passage: int | None = _field(
        "questions_per_passage", "Questions of one passage that share a batch, so that it is encoded once for them."
    )
    gradient_accumulation: int | None = _field("gradient_accumulation", "Batches a step.")
    question_length: int | None = _field("question_length", "Tokens of a question that are read.")
    passage_length: int | None = _field("passage_length", "Tokens of a passage that are read.")
    scale: float | None = _field("scale", "Factor of the cosines in the ranking loss.")
    seed: int | None = _field("seed", "Seed of matrices, order and dropout.")
    precision: str | None = _field("precision", "fp32 or bf16.")
    device: str | None = _field("device", "auto, cpu or cuda.")

    def over(self, settings: AdapterConfig) -> AdapterConfig:
        """Return the whole config: these fields over those of the settings."""
        return settings.changed({name: value for name, value in self.model_dump().items() if value is not None})


class TrainingPairsConfig(dg.Config):
    """How pairs are mined."""

    negatives: int | None = Field(
        default=None, ge=0, le=16, description="Max hard negatives per question. Unset: XNAI_HARD_NEGATIVES."
    )


def training_pairs(
    context: dg.AssetExecutionContext,
    config: TrainingPairsConfig,
    base: Base,
    stores: StoresResource,
    encoder: EncoderResource,
) -> dg.MaterializeResult[None]:
    """Questions of the training split with the passages that answer them, and hard negatives from the current index.

    No document of an evaluation question is among them, neither as an answer nor as a hard negative.
    """
    report = make_training_pairs(
        stores.stage_context(context),
        threads=encoder.threads,
        negatives=base.settings.hard_negatives if config.negatives is None else config.negatives,
        least_pairs=base.settings.least_pairs,
    )
    examples = table(_examples(stores.tables), ["question", "answer", "not the answer"])
    return result(
        report,
        report.sha256,
        {
            "negatives": "hard_negatives",
            "dropped": "questions_dropped_for_evaluation",
            "without_answer": "questions_without_passage",
            "release": "mined_from_release",
            "changed": "mined_in_this_run",
        },
        **table_facts(stores.tables, TRAINING_PAIRS, ["question", "origin", "split", "language", "chunk_id"]),
        examples=examples,
        by_origin=None,
        origin=counts_table(report.by_origin, "origin"),
        by_language=None,
        language=counts_table(report.by_language, "language"),
    )


def _examples(tables: Tables) -> list[dict[str, str]]:
    """Return the first pairs with their texts."""
    return [
        {
            "question": pair.question,
            "answer": pair.positive,
            "not the answer": pair.negatives[0] if pair.negatives else "",
        }
        for pair in read_training_pairs(tables, Split.TRAIN)[:EXAMPLES]
    ]


def apart_from_test_questions(stores: StoresResource) -> dg.AssetCheckResult:
    """No training pair uses a document that answers a validation or test question."""
    leaked = leaked_documents(stores.tables)
    return dg.AssetCheckResult(
        passed=not leaked,
        metadata={"documents": len(leaked), "pairs_by_document": dict(sorted(leaked.items())[:NAMED])},
    )


def lora_adapter(
    context: dg.AssetExecutionContext,
    config: TrainingConfig,
    base: Base,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """A low-rank adapter of the base encoder, trained on the pairs by the multiple-negatives ranking loss.

    The same pairs and config are trained once. A killed training resumes from its last checkpoint. Other runs may
    proceed meanwhile: the training reads nothing that they write.
    """
    with stores.turn_given_up(context):
        outcome = train_adapter(
            stores.stage_context(context),
            tracking.tracker(),
            encoder.choice.original(),
            config.over(base.settings.training),
            threads=encoder.threads,
        )
    report = outcome.report
    return result(
        report,
        report.adapter,
        {"trained": "trained_in_this_run"},
        curve=image("loss and validation", outcome.curve),
        metrics=None,
        **{f"figures/{name}": value for name, value in report.metrics.items()},
        config=dg.MetadataValue.json(dict(report.config)),
        folder=dg.MetadataValue.path(str(outcome.adapter.folder)),
        mlflow_run=tracking.link(report.mlflow_run),
    )


def adapter_is_sound(stores: StoresResource) -> dg.AssetCheckResult:
    """The adapter's files match its card, and all weights are finite."""
    report = read_adapter_report(stores.layout)
    faults = adapter_faults(stores.layout, report.adapter)
    return dg.AssetCheckResult(passed=not faults, metadata={"adapter": report.adapter, "faults": faults})


def holds_no_deleted_document(stores: StoresResource) -> dg.AssetCheckResult:
    """No kept adapter was trained on a deleted document. If one was, retrain."""
    deleted = deleted_in_adapters(stores.layout, stores.tables)
    return dg.AssetCheckResult(
        passed=not deleted,
        severity=dg.AssetCheckSeverity.WARN,
        description="Train again without them: `xnai retrain`." if deleted else None,
        metadata={adapter: documents[:NAMED] for adapter, documents in deleted.items()},
    )


def adapted_encoder(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult[None]:
    """The adapter merged into its base, exported and quantized like the encoder of the current release."""
    report = adapt_encoder(stores.stage_context(context), encoder.choice.original())
    return result(
        report,
        report.vector_space,
        {"largest_difference": "merge_largest_difference"},
        shipped_bytes=None,
        megabytes=round(report.shipped_bytes / 1e6, 2),
        folder=dg.MetadataValue.path(report.folder),
    )


def merged_equals_applied(stores: StoresResource) -> dg.AssetCheckResult:
    """Every component of the merged encoder's vectors is within 1e-5 of the vectors with the adapter applied."""
    report = read_adapted_encoder(stores.layout)
    return dg.AssetCheckResult(
        passed=report.largest_difference <= MERGE_TOLERANCE,
        metadata={"largest_difference": report.largest_difference, "tolerance": MERGE_TOLERANCE},
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the assets `training_pairs`, `lora_adapter` and `adapted_encoder` and their checks."""
    return dg.Definitions(
        assets=[
            base.asset(
                training_pairs,
                version=(1, base.settings.least_pairs, base.settings.hard_negatives),
                deps=["chunks", "questions"],
                group="adaptation",
                kinds={"python", "lancedb", "table"},
                pool=base.pool,
                metadata={"dagster/column_schema": column_schema(TRAINING_PAIRS)},
            ),
            base.asset(
                lora_adapter,
                version=(1, base.settings.encoder, base.settings.training),
                deps=["training_pairs"],
                group="adaptation",
                kinds={"python", "pytorch", "mlflow"},
            ),
            base.asset(
                adapted_encoder, version=(1,), deps=["lora_adapter"], group="adaptation", kinds={"python", "onnx"}
            ),
        ],
        asset_checks=[
            base.check(apart_from_test_questions, "training_pairs", blocking=True),
            base.check(adapter_is_sound, "lora_adapter", blocking=True),
            base.check(holds_no_deleted_document, "lora_adapter"),
            base.check(merged_equals_applied, "adapted_encoder", blocking=True),
        ],
    )
