"""The assets `lora_adapter` and `adapted_encoder`."""

from typing import Any

import dagster as dg
from pydantic import Field

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.make import adapt_encoder, train_adapter
from xnai_pipelines.defs.metadata import image
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.settings import settings

UNSET = " Unset: as XNAI_TRAINING says, else {}."
DEFAULT = AdapterConfig()


def _field(name: str, description: str) -> Any:
    return Field(default=None, description=description + UNSET.format(getattr(DEFAULT, name)))


class TrainingConfig(dg.Config):
    """What this training does differently from XNAI_TRAINING."""

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

    def config(self) -> AdapterConfig:
        """Return the whole config: these fields over those of the settings."""
        given = {name: value for name, value in self.model_dump().items() if value is not None}
        return settings().training.changed(given)


@dg.asset(
    deps=["training_pairs"],
    group_name="adaptation",
    kinds={"python", "pytorch", "mlflow"},
    owners=["team:platform"],
)
def lora_adapter(
    context: dg.AssetExecutionContext,
    config: TrainingConfig,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """A low-rank adapter of the base encoder, trained on the pairs by the multiple-negatives ranking loss.

    The same pairs and config are trained once. A training that was killed goes on from its last checkpoint. Other runs
    may go ahead meanwhile: nothing that they write is read.
    """
    with stores.turn_given_up(context):
        outcome = train_adapter(
            stores.stage_context(context),
            tracking.tracker(),
            encoder.original(),
            config.config(),
            threads=encoder.threads,
        )
    report = outcome.report
    return dg.MaterializeResult(
        metadata={
            "adapter": report.adapter,
            "base": report.base,
            "curve": image("loss and validation", outcome.curve),
            "pairs": report.pairs,
            "pairs_sha256": report.pairs_sha256,
            "documents": report.documents,
            **{f"figures/{name}": value for name, value in report.metrics.items()},
            "config": dg.MetadataValue.json(dict(report.config)),
            "trained_in_this_run": report.trained,
            "folder": dg.MetadataValue.path(str(outcome.adapter.folder)),
            **({"mlflow_run": dg.MetadataValue.url(tracking.page(report.mlflow_run))} if report.mlflow_run else {}),
        }
    )


@dg.asset(deps=["lora_adapter"], group_name="adaptation", kinds={"python", "onnx"}, owners=["team:platform"])
def adapted_encoder(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The adapter merged into its base, exported and quantized as the current release's encoder is."""
    report = adapt_encoder(stores.stage_context(context), encoder.original())
    return dg.MaterializeResult(
        metadata={
            "adapter": report.adapter,
            "vector_space": report.vector_space,
            "variant": report.variant,
            "megabytes": round(report.shipped_bytes / 1e6, 2),
            "merge_largest_difference": report.largest_difference,
            "folder": dg.MetadataValue.path(report.folder),
            "seconds": round(report.seconds, 2),
        }
    )
