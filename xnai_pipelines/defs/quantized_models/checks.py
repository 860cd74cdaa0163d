"""Checks of the models: equal to torch, apart from what is evaluated, loadable, and not broken by quantization."""

import dagster as dg
import numpy as np

from xnai_pipelines.defs.quantized_models.assets import variant_key
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.models.calibration import calibration_overlap
from xnai_pipelines.models.make import read_model_report
from xnai_pipelines.models.variants import VARIANTS, Variant
from xnai_pipelines.state.artefacts import read_card

TORCH_TOLERANCE = 1e-4
UNIT_TOLERANCE = 1e-3
SAMPLE = "A short sentence, to see that the model answers."


@dg.asset_check(asset="encoder_onnx", blocking=True)
def equals_torch(stores: StoresResource, encoder: EncoderResource) -> dg.AssetCheckResult:
    """The graph's vectors differ from torch's by at most 1e-4 in every number."""
    card = read_card(stores.layout.models / encoder.base().vector_space)
    difference = card["metrics"]["largest_difference_to_torch_fp32"]
    return dg.AssetCheckResult(
        passed=difference <= TORCH_TOLERANCE, metadata={"max_difference": difference, "tolerance": TORCH_TOLERANCE}
    )


@dg.asset_check(asset="calibration_texts", blocking=True)
def apart_from_evaluation(stores: StoresResource) -> dg.AssetCheckResult:
    """No calibration text is of a document that answers a question of the validation or test split."""
    overlapping = calibration_overlap(stores.tables, stores.layout)
    return dg.AssetCheckResult(passed=not overlapping, metadata={"documents": overlapping})


def checks_of(variant: Variant) -> list[dg.AssetChecksDefinition]:
    """Return the checks of a variant; they do not block, so that the card can show what failed."""

    @dg.asset_check(asset=variant_key(variant.name), name="loads")
    def loads(stores: StoresResource) -> dg.AssetCheckResult:
        """The variant loads from its files, whose hashes are those on its card, and gives finite unit vectors."""
        report = read_model_report(stores.layout, variant.name)
        if report is None:
            return dg.AssetCheckResult(passed=False, description="It was never built.")
        vector = Encoder.load(stores.layout.models / report.vector_space, threads=1).encode_query(SAMPLE)
        length = float(np.linalg.norm(vector))
        return dg.AssetCheckResult(
            passed=bool(np.isfinite(vector).all()) and abs(length - 1) <= UNIT_TOLERANCE and report.finite,
            metadata={"length": length},
        )

    @dg.asset_check(asset=variant_key(variant.name), name="cosine_floor")
    def cosine_floor(stores: StoresResource) -> dg.AssetCheckResult:
        """The mean cosine to full precision on held-out passages reaches the variant's floor."""
        report = read_model_report(stores.layout, variant.name)
        if report is None:
            return dg.AssetCheckResult(passed=False, description="It was never built.")
        return dg.AssetCheckResult(
            passed=report.finite and report.cosine >= report.cosine_floor,
            metadata={"cosine": report.cosine, "floor": report.cosine_floor, "texts": report.compared_texts},
        )

    return [loads, cosine_floor]


variant_checks = [check for variant in VARIANTS for check in checks_of(variant)]
