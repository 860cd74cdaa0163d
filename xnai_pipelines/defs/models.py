"""Models: the encoder in full precision, its variants, and the card that compares them and chooses one."""

from typing import Any

import dagster as dg
import numpy as np
from pydantic import Field

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import image, result, revision_of, workers_table
from xnai_pipelines.defs.resources import EncoderResource, StoresResource, TrackingResource
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import cpu_flags
from xnai_pipelines.encoders.specification import WEIGHTS_FILE
from xnai_pipelines.encoders.stored.inspection import inspect
from xnai_pipelines.models.calibration import calibration_overlap, draw_calibration
from xnai_pipelines.models.card.make import choose_candidate, last_card, make_card
from xnai_pipelines.models.card.markdown import card_markdown
from xnai_pipelines.models.encoder_comparison.candidates import names_to_compare
from xnai_pipelines.models.encoder_comparison.make import compare_encoders, last_encoder_card
from xnai_pipelines.models.encoder_comparison.markdown import card_markdown as encoder_card_markdown
from xnai_pipelines.models.export import export_encoder
from xnai_pipelines.models.make import quantize_variant, read_model_report
from xnai_pipelines.models.variants import VARIANTS, Variant
from xnai_pipelines.state.artefacts import CARD, read_card
from xnai_pipelines.state.manifest import read_candidate

TORCH_TOLERANCE = 1e-4
UNIT_TOLERANCE = 1e-3
SAMPLE = "A short sentence, to see that the model answers."


class EncoderCardConfig(dg.Config):
    """Options of this run."""

    encoders: list[str] = Field(
        default_factory=list,
        description="Encoders to compare with the current one: folders, multilingual-e5-small, or hub ids if "
        "XNAI_ENCODER is one. Empty: XNAI_ENCODER and, if it is installed, multilingual-e5-small.",
    )


class CalibrationConfig(dg.Config):
    """Options of this run."""

    redraw: bool = Field(default=False, description="Draw a new set even if the current one still fits the corpus.")


def encoder_onnx(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult[None]:
    """The configured encoder in full precision, as an ONNX graph. Every variant is made from it."""
    report = export_encoder(stores.stage_context(context), encoder.choice.base())
    names = {
        "name": "encoder",
        "folder": "dagster/uri",
        "max_length": "max_tokens",
        "built": "exported_in_this_run",
    }
    difference = report.max_difference_to_torch
    more = {"max_difference_to_torch": "not measured: torch was not installed"} if difference is None else {}
    return result(report, report.vector_space, names, **more)


def equals_torch(stores: StoresResource, encoder: EncoderResource) -> dg.AssetCheckResult:
    """Every component of the graph's vectors is within 1e-4 of torch's."""
    folder = stores.layout.models / encoder.choice.base().vector_space
    difference = read_card(folder)["metrics"]["largest_difference_to_torch_fp32"]
    if difference is None:
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description="Not measured: torch was not installed when the graph was built. To measure, run "
            f"pip install 'xnai-pipelines[quantize]', delete {folder} and materialize again.",
        )
    return dg.AssetCheckResult(
        passed=difference <= TORCH_TOLERANCE, metadata={"max_difference": difference, "tolerance": TORCH_TOLERANCE}
    )


def calibration_texts(
    context: dg.AssetExecutionContext, config: CalibrationConfig, stores: StoresResource
) -> dg.MaterializeResult[None]:
    """Chunks to calibrate quantizers on, drawn by source and length, separate from what is evaluated.

    Kept until over a fifth of the chunks changed; only ids and a hash are stored.
    """
    report = draw_calibration(stores.stage_context(context), redraw=config.redraw)
    return result(report, report.sha256, {"drawn": "drawn_in_this_run", "changed_share": "chunks_changed_since"})


def apart_from_evaluation(stores: StoresResource) -> dg.AssetCheckResult:
    """No calibration text comes from a document that answers a validation or test question."""
    overlapping = calibration_overlap(stores.tables, stores.layout)
    return dg.AssetCheckResult(passed=not overlapping, metadata={"documents": overlapping})


def quantized_model(
    context: dg.AssetExecutionContext,
    variant: Variant,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """A way to ship and run the encoder."""
    report = quantize_variant(
        stores.stage_context(context), variant, encoder.choice.base(), tracking.tracker(), threads=encoder.threads
    )
    folder = stores.layout.models / report.vector_space
    weights = folder / WEIGHTS_FILE
    return result(
        report,
        report.vector_space,
        {"cosine": "cosine_to_fp32", "built": "built_in_this_run", "seconds": "seconds_to_build"},
        calibration_sha256=report.calibration_sha256 or "none needed",
        tensors=dg.MetadataValue.md(inspect(weights).markdown()) if weights.exists() else None,
        mlflow_model=tracking.link(report.registered),
        **{"dagster/uri": str(folder)},
    )


def loads(variant: Variant, stores: StoresResource) -> dg.AssetCheckResult:
    """The variant loads, its files match the hashes on its card, and its vectors are finite and of unit length."""
    report = read_model_report(stores.layout, variant.name)
    if report is None:
        return dg.AssetCheckResult(passed=False, description="It was never built.")
    vector = Encoder.load(stores.layout.models / report.vector_space, threads=1).encode_query(SAMPLE)
    length = float(np.linalg.norm(vector))
    return dg.AssetCheckResult(
        passed=bool(np.isfinite(vector).all()) and abs(length - 1) <= UNIT_TOLERANCE and report.finite,
        metadata={"length": length},
    )


def cosine_floor(variant: Variant, stores: StoresResource) -> dg.AssetCheckResult:
    """The mean cosine to fp32 on held-out passages reaches the floor of the variant."""
    report = read_model_report(stores.layout, variant.name)
    if report is None:
        return dg.AssetCheckResult(passed=False, description="It was never built.")
    return dg.AssetCheckResult(
        passed=report.finite and report.cosine >= report.cosine_floor,
        metadata={"cosine": report.cosine, "floor": report.cosine_floor, "texts": report.compared_texts},
    )


def precision_card(
    context: dg.AssetExecutionContext,
    base: Base,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """Every variant measured on this corpus: size, accuracy, speed and memory, compared with fp32.

    Measured again only when the models, the corpus, the questions or the processor changed.
    """
    stage = stores.stage_context(context)
    outcome = make_card(
        stage,
        tracking.tracker(),
        encoder.choice.base(),
        base.settings.policy,
        threads=encoder.threads,
        max_chunks=base.settings.card_chunks,
    )
    card = outcome.card
    return result(
        outcome,
        outcome.kept.fingerprint,
        {"measured": "measured_in_this_run"},
        card=dg.MetadataValue.md(card_markdown(card)),
        pareto=image("size against quality", outcome.plot),
        choice=card.choice.variant or "none" if card.choice else "none",
        variants=len(card.variants),
        failed=dg.MetadataValue.json({figures.name: figures.failed for figures in card.variants if figures.failed}),
        questions=card.origin,
        corpus=card.corpus,
        cpu_flags=list(card.cpu_flags),
        mlflow_run=tracking.link(outcome.kept.mlflow_run),
        workers=workers_table(stage.engine),
    )


def card_fits_this_processor(stores: StoresResource) -> dg.AssetCheckResult:
    """The card was measured on a processor with the same vector instructions."""
    measured, here = set(last_card(stores.layout).cpu_flags), set(cpu_flags())
    return dg.AssetCheckResult(
        passed=measured == here,
        severity=dg.AssetCheckSeverity.WARN,
        description=None if measured == here else "Speed and 8-bit accuracy differ here: run `xnai quantize` again.",
        metadata={"missing_here": sorted(measured - here), "new_here": sorted(here - measured)},
    )


def candidate_encoder(
    context: dg.AssetExecutionContext, base: Base, stores: StoresResource
) -> dg.MaterializeResult[None]:
    """The encoder of the next release: the variant that the policy chooses from the card, and why."""
    candidate, choice = choose_candidate(stores.stage_context(context), base.settings.policy)
    rejected: dict[str, Any] = dict(choice.rejected)
    return result(
        choice,
        revision_of(choice.variant, choice.vector_space),
        candidate=candidate.variant if candidate else "none",
        variant=None,
        vector_space=candidate.vector_space if candidate else "none",
        reasons=dg.MetadataValue.md("\n".join(f"- {reason}" for reason in choice.reasons)),
        rejected=dg.MetadataValue.json(rejected),
        to_release="xnai run --new-release embeds everything with it, as a new release",
    )


def candidate_can_be_released(stores: StoresResource, encoder: EncoderResource) -> dg.AssetCheckResult:
    """A variant is chosen, made from the configured base weights, and its files exist."""
    candidate = read_candidate(stores.layout.releases)
    if candidate is None:
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description="No variant qualifies; the reasons are on the precision card.",
        )
    made_of_them = candidate.base_sha256 == encoder.choice.base().weights_sha256
    there = (stores.layout.models / candidate.vector_space / CARD).exists()
    return dg.AssetCheckResult(
        passed=made_of_them and there,
        metadata={"variant": candidate.variant, "of_present_weights": made_of_them, "files_there": there},
    )


def encoder_card(
    context: dg.AssetExecutionContext,
    config: EncoderCardConfig,
    base: Base,
    stores: StoresResource,
    encoder: EncoderResource,
) -> dg.MaterializeResult[None]:
    """Other encoders compared with the current one on this corpus's questions: accuracy, speed, size.

    It changes nothing. XNAI_ENCODER with `xnai run --new-release` switches; the accuracy sensor tries the best encoder
    before it requests an adapter.
    """
    stage = stores.stage_context(context)
    card = compare_encoders(
        stage,
        names_to_compare(config.encoders, encoder.encoder),
        weight=base.settings.vector_weight,
        threads=encoder.threads,
        max_chunks=base.settings.card_chunks,
    )
    return result(
        card,
        revision_of(card.made_at.isoformat()),
        card=dg.MetadataValue.md(encoder_card_markdown(card)),
        encoders=[one.name for one in card.encoders],
        made_at=None,
        failed=dg.MetadataValue.json(dict(card.failed)),
        conclusion=card.conclusion,
        workers=workers_table(stage.engine),
    )


def every_encoder_was_measured(stores: StoresResource) -> dg.AssetCheckResult:
    """Every encoder that was named could be built and measured."""
    failed = last_encoder_card(stores.layout).failed
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{name}: {why}" for name, why in failed.items()) or None,
        metadata={"failed": sorted(failed)},
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the assets from `encoder_onnx` to `candidate_encoder`, one for each variant, and their checks."""
    policy = base.settings.policy
    keys = {variant: f"quantized_models/{variant.name}" for variant in VARIANTS}
    card_deps = [*keys.values(), "embeddings", "questions"]
    variants = [
        base.asset(
            quantized_model,
            version=(1, variant),
            key=key,
            deps=["encoder_onnx", "calibration_texts"] if variant.calibrated else ["encoder_onnx"],
            group="models",
            kinds={"python", "onnx"} if variant.scheme is None else {"python", "arrow", "onnx"},
            tags={"serving": variant.runtime.value},
            description=variant.description,
            given={"variant": variant},
        )
        for variant, key in keys.items()
    ]
    return dg.Definitions(
        assets=[
            base.asset(
                encoder_onnx,
                version=(1, base.settings.encoder),
                group="models",
                kinds={"python", "onnx", "pytorch"},
            ),
            base.asset(
                calibration_texts,
                version=(1,),
                deps=["chunks", "questions"],
                group="models",
                kinds={"python", "parquet"},
            ),
            *variants,
            base.asset(
                precision_card,
                version=(1, policy, base.settings.card_chunks),
                deps=card_deps,
                group="models",
                kinds={"python", "onnx", "mlflow"},
            ),
            base.asset(
                candidate_encoder,
                version=(1, policy),
                deps=["precision_card"],
                group="models",
                kinds={"python"},
            ),
            base.asset(
                encoder_card,
                version=(1, base.settings.card_chunks, base.settings.vector_weight),
                deps=["embeddings", "questions"],
                group="models",
                kinds={"python", "onnx"},
            ),
        ],
        asset_checks=[
            base.check(equals_torch, "encoder_onnx", blocking=True),
            base.check(apart_from_evaluation, "calibration_texts", blocking=True),
            # these do not block, so that the card can show what failed
            *(
                base.check(check, key, given={"variant": v})
                for v, key in keys.items()
                for check in (loads, cosine_floor)
            ),
            base.check(card_fits_this_processor, "precision_card"),
            base.check(candidate_can_be_released, "candidate_encoder"),
            base.check(every_encoder_was_measured, "encoder_card"),
        ],
    )
