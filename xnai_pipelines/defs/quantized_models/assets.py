"""The assets `encoder_onnx`, `calibration_texts`, and one for each variant of the encoder."""

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.metadata import counts_table
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.encoders.folder import WEIGHTS_FILE
from xnai_pipelines.encoders.stored.inspection import inspect
from xnai_pipelines.models.calibration import draw_calibration
from xnai_pipelines.models.encoder_onnx import export_encoder
from xnai_pipelines.models.make import quantize_variant
from xnai_pipelines.models.variants import VARIANTS, Variant

GROUP = "models"


class CalibrationConfig(dg.Config):
    """What this run does beyond the usual."""

    redraw: bool = Field(default=False, description="Draw another set although the present one still fits the corpus.")


@dg.asset(group_name=GROUP, kinds={"python", "onnx", "pytorch"}, owners=["team:platform"])
def encoder_onnx(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The encoder that the settings name, in full precision as an ONNX graph: what every variant is made from."""
    report = export_encoder(stores.stage_context(context), encoder.base())
    return dg.MaterializeResult(
        metadata={
            "encoder": report.name,
            "vector_space": report.vector_space,
            "weights_sha256": report.weights_sha256,
            "dagster/uri": report.folder,
            "bytes": report.bytes,
            "max_difference_to_torch": report.max_difference_to_torch,
            "dimension": report.dimension,
            "max_tokens": report.max_length,
            "exported_in_this_run": report.built,
            "seconds": round(report.seconds, 2),
        }
    )


@dg.asset(deps=["chunks", "questions"], group_name=GROUP, kinds={"python", "parquet"}, owners=["team:platform"])
def calibration_texts(
    context: dg.AssetExecutionContext, config: CalibrationConfig, stores: StoresResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Chunks that show the quantizers what the corpus is like, by source and length, apart from what is evaluated.

    Kept until over a fifth of the chunks changed; only ids and a hash are stored.
    """
    report = draw_calibration(stores.stage_context(context), redraw=config.redraw)
    return dg.MaterializeResult(
        metadata={
            "texts": report.texts,
            "tokens": report.tokens,
            "documents": report.documents,
            "sha256": report.sha256,
            "drawn_in_this_run": report.drawn,
            "reason": report.reason,
            "chunks_changed_since": report.changed_share,
            "held_out_documents": report.held_out_documents,
            "held_out_chunks": report.held_out_chunks,
            "folders": counts_table(report.folders, "folder"),
            "seconds": round(report.seconds, 2),
        }
    )


def variant_key(name: str) -> dg.AssetKey:
    """Return the asset of a variant."""
    return dg.AssetKey(["quantized_models", name])


def variant_asset(variant: Variant) -> dg.AssetsDefinition:
    """Return the asset of a variant."""

    @dg.asset(
        key=variant_key(variant.name),
        deps=["encoder_onnx", "calibration_texts"] if variant.calibrated else ["encoder_onnx"],
        group_name=GROUP,
        kinds={"python", "onnx"} if variant.scheme is None else {"python", "arrow", "onnx"},
        owners=["team:platform"],
        tags={"serving": variant.serving.value},
        description=variant.description,
    )
    def quantized_model(
        context: dg.AssetExecutionContext,
        stores: StoresResource,
        encoder: EncoderResource,
        tracking: TrackingResource,
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        report = quantize_variant(
            stores.stage_context(context), variant, encoder.base(), tracking.tracker(), threads=encoder.threads
        )
        folder = stores.layout.models / report.vector_space
        weights, version = folder / WEIGHTS_FILE, report.registered
        return dg.MaterializeResult(
            metadata={
                "vector_space": report.vector_space,
                "dagster/uri": str(folder),
                "shipped_bytes": report.shipped_bytes,
                "ratio": report.ratio,
                "bits_per_weight": report.bits_per_weight,
                "cosine_to_fp32": report.cosine,
                "compared_texts": report.compared_texts,
                "serving": report.serving,
                "calibration_sha256": report.calibration_sha256 or "none needed",
                "notes": list(report.notes),
                "built_in_this_run": report.built,
                **({"seconds_to_build": report.seconds} if report.seconds is not None else {}),
                **({"tensors": dg.MetadataValue.md(inspect(weights).markdown())} if weights.exists() else {}),
                **({"mlflow_model": dg.MetadataValue.url(tracking.page(version))} if version else {}),
            }
        )

    return quantized_model


quantized_models = [variant_asset(variant) for variant in VARIANTS]
