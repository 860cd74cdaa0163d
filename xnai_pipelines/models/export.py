"""The artefact that serves an encoder: an ONNX graph, a tokenizer, and a card; a run exports it in full precision."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import UNSTORED, Runtime, int8_sums_saturate
from xnai_pipelines.encoders.specification import MODEL_FILE, TOKENIZER_FILE, EncoderSpec, write_encoder_file
from xnai_pipelines.encoders.stored.graph import quantize_dynamic_int8
from xnai_pipelines.extras import missing, require
from xnai_pipelines.models.bert import is_bert, write_bert
from xnai_pipelines.models.folder_card import SAMPLES, agreement_with, folder_card, unmeasured
from xnai_pipelines.models.tokenizer import write_tokenizer
from xnai_pipelines.models.torch_export import LIBRARIES, torch_vectors, write_with_torch
from xnai_pipelines.state.artefacts import publish_artefact, read_card
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


_LIBRARIES = ("onnx", "onnxruntime", "safetensors", "tokenizers", "numpy")


def build_encoder(spec: EncoderSpec, models_root: Path) -> Path:
    """Return models_root/<vector_space>, built first if it is missing or damaged (MiniLM: 5 s).

    The folder has model.onnx, tokenizer.json (no truncation, no padding), encoder.json and card.json. It appears
    atomically, even if the process is killed or two build it together. Torch exports architectures other than BERT.

    Raises:
        MissingExtraError: The architecture is not BERT, and the extra `export` is not installed.
        UnsupportedEncoderError: The weights do not fit the architecture, or it cannot be exported.
        ValueError: The variant needs more than the base weights.
    """
    if spec.variant not in UNSTORED or spec.recipe is not None:
        raise ValueError(
            f"The variant {spec.variant} is not built from the base weights alone, as {', '.join(UNSTORED)} are. "
            "Quantize it first."
        )
    return publish_artefact(models_root / spec.vector_space, lambda folder: _fill(spec, folder))


def _fill(spec: EncoderSpec, folder: Path) -> dict[str, Any]:
    bert = is_bert(spec.source)
    if not bert:
        require("export", f"The encoder in {spec.source}, of another architecture than BERT,")
    write_graph = write_bert if bert else write_with_torch
    write_tokenizer(spec.source, folder / TOKENIZER_FILE)
    write_encoder_file(spec, folder)
    reduce_range = spec.variant == Runtime.INT8_DYNAMIC and int8_sums_saturate()
    if spec.variant == Runtime.FP32:
        write_graph(spec.source, folder / MODEL_FILE)
        float_bytes = (folder / MODEL_FILE).stat().st_size
        metrics = _compared_with_torch(spec, folder)
    else:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fp32-") as workplace:
            graph = Path(workplace) / MODEL_FILE
            write_graph(spec.source, graph)
            quantize_dynamic_int8(graph, folder / MODEL_FILE, reduce_range=reduce_range)
            float_bytes = graph.stat().st_size
            ours, exact = (
                Encoder.open_unchecked(folder, 1, model).encode_passages(SAMPLES).vectors
                for model in (folder / MODEL_FILE, graph)
            )
        metrics = agreement_with(ours, exact, "fp32")
    return folder_card(
        spec,
        folder,
        runtime=Runtime(spec.variant),
        reduce_range=reduce_range,
        float_bytes=float_bytes,
        metrics=metrics,
        libraries=_LIBRARIES if bert else (*_LIBRARIES, *LIBRARIES),
    )


def _compared_with_torch(spec: EncoderSpec, folder: Path) -> Mapping[str, float | None]:
    """Return the agreement of the graph's vectors with torch's, None for each figure if torch is not installed."""
    if missing("quantize"):
        return unmeasured("torch_fp32")
    ours = Encoder.open_unchecked(folder, 1).encode_passages(SAMPLES).vectors
    return agreement_with(ours, torch_vectors(spec, folder), "torch_fp32")
