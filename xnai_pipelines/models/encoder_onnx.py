"""The full-precision graph of the encoder, from which variants are made and with which they are compared."""

from dataclasses import dataclass

from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.context import StageContext, stage


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The exported encoder; `built` says whether this run exported it.

    `max_difference_to_torch` is None if it was built without torch, so that it was not compared.
    """

    name: str
    vector_space: str
    weights_sha256: str
    folder: str
    bytes: int
    max_difference_to_torch: float | None
    dimension: int
    max_length: int
    built: bool
    seconds: float


def export_encoder(context: StageContext, base: EncoderSpec) -> ExportReport:
    """Export the encoder in full precision if that was not done before.

    Raises:
        MissingExtraError: The architecture is not BERT, and the extra `export` is not installed.
        UnsupportedEncoderError: The architecture cannot be exported.
    """
    with stage(context, "encoder_onnx") as watch:
        missing = not (context.home.models / base.vector_space).is_dir()
        folder = build_encoder(base, context.home.models)
        watch.items = int(missing)
    card = read_card(folder)
    return ExportReport(
        name=card["base"]["name"],
        vector_space=base.vector_space,
        weights_sha256=base.weights_sha256,
        folder=str(folder),
        bytes=card["files"]["model.onnx"]["bytes"],
        max_difference_to_torch=card["metrics"]["largest_difference_to_torch_fp32"],
        dimension=base.dimension,
        max_length=base.max_length,
        built=missing,
        seconds=watch.seconds,
    )
