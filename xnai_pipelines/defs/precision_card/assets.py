"""The assets `precision_card` and `candidate_encoder`."""

from typing import Any

import dagster as dg

from xnai_pipelines.defs.metadata import image
from xnai_pipelines.defs.quantized_models.assets import GROUP, variant_key
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.models.card.make import choose_candidate, make_card
from xnai_pipelines.models.card.markdown import card_markdown
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.settings import settings


@dg.asset(
    deps=[*(variant_key(variant.name) for variant in VARIANTS), "embeddings", "questions"],
    group_name=GROUP,
    kinds={"python", "onnx", "mlflow"},
    owners=["team:platform"],
)
def precision_card(
    context: dg.AssetExecutionContext,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Every variant that was made, measured on this corpus: size, accuracy, speed and memory, each against fp32.

    Measured again only when the models, the corpus, the questions or the processor changed.
    """
    current = settings()
    outcome = make_card(
        stores.stage_context(context),
        tracking.tracker(),
        encoder.base(),
        current.policy,
        threads=encoder.threads,
        most_chunks=current.card_chunks,
    )
    card, run = outcome.card, outcome.kept.mlflow_run
    failed = {figures.name: figures.failed for figures in card.variants if figures.failed}
    return dg.MaterializeResult(
        metadata={
            "card": dg.MetadataValue.md(card_markdown(card)),
            "pareto": image("size against quality", outcome.plot),
            "choice": card.choice.variant or "none" if card.choice else "none",
            "variants": len(card.variants),
            "failed": dg.MetadataValue.json(failed),
            "questions": card.origin,
            "corpus": card.corpus,
            "cpu_flags": list(card.cpu_flags),
            "measured_in_this_run": outcome.measured,
            **({"mlflow_run": dg.MetadataValue.url(tracking.page(run))} if run else {}),
            "seconds": round(outcome.seconds, 2),
        }
    )


@dg.asset(deps=["precision_card"], group_name=GROUP, kinds={"python"}, owners=["team:platform"])
def candidate_encoder(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The variant that the policy of the settings picks from the card, and why: the encoder of the next release."""
    candidate, choice = choose_candidate(stores.stage_context(context), settings().policy)
    reasons = "\n".join(f"- {reason}" for reason in choice.reasons)
    rejected: dict[str, Any] = dict(choice.rejected)
    return dg.MaterializeResult(
        metadata={
            "candidate": candidate.variant if candidate else "none",
            "vector_space": candidate.vector_space if candidate else "none",
            "reasons": dg.MetadataValue.md(reasons),
            "rejected": dg.MetadataValue.json(rejected),
            "to_release": "xnai run --new-release embeds everything with it, as a new release",
        }
    )
