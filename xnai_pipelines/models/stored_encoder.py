"""Variants of an encoder that need more than its weights: few bits stored, or static INT8."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.encoder import Encoder, graph_inputs, open_tokenizer
from xnai_pipelines.encoders.expansion import expand, expanded_folder
from xnai_pipelines.encoders.runtime import Runtime, int8_sums_saturate
from xnai_pipelines.encoders.specification import (
    GRAPH_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    EncoderSpec,
    write_encoder_file,
)
from xnai_pipelines.encoders.stored.file import save
from xnai_pipelines.encoders.stored.graph import write_skeleton
from xnai_pipelines.encoders.stored.tensor import QuantizedModel
from xnai_pipelines.models.folder_card import SAMPLES, agreement_with, folder_card
from xnai_pipelines.models.quantization.model import load_transformer
from xnai_pipelines.models.quantization.static import StaticReport, quantize_static
from xnai_pipelines.state.artefacts import publish_artefact

_LIBRARIES = ("onnx", "onnxruntime", "tokenizers", "numpy", "pyarrow")
_CALIBRATION_TEXTS = 64  # more give the same ranges
_CALIBRATION_TOKENS = 128


def build_stored_encoder(
    spec: EncoderSpec, model: QuantizedModel, float_folder: Path, models_root: Path, runtime: Runtime
) -> Path:
    """Return models_root/<vector_space> of a quantized model, built first if it is missing or damaged.

    The folder has weights.arrow, graph.onnx (the graph without weights, 6 kB), tokenizer.json, encoder.json and
    card.json, and is all that is shipped. The executable graph is expanded from it beside it: see `expanded`.

    Args:
        spec: Specification of the result, with the recipe; `source` is the folder that was quantized.
        model: The quantized weights.
        float_folder: The same encoder in fp32, built by `build_encoder`.
        models_root: Root folder of the encoders.
        runtime: Runtime of the result: fp32 or int8_dynamic.

    Raises:
        ValueError: `spec` has no recipe, or `model` was quantized from other weights.
        GraphError: The float graph has other weights.
    """
    _require_recipe(spec)
    if model.base_sha256 != spec.weights_sha256:
        raise ValueError(
            f"The quantized model was made from weights {model.base_sha256[:12]}, not from {spec.weights_sha256[:12]} "
            f"in {spec.source}. Quantize that folder."
        )

    def fill(folder: Path) -> dict[str, Any]:
        tensors = dict(load_transformer(spec.source).tensors())
        floats = {name: tensor.numpy() for name, tensor in tensors.items() if tensor.is_floating_point()}
        write_skeleton(float_folder / MODEL_FILE, floats, folder / GRAPH_FILE)
        save(model, folder / WEIGHTS_FILE)
        shutil.copyfile(float_folder / TOKENIZER_FILE, folder / TOKENIZER_FILE)
        write_encoder_file(spec, folder)
        # other processes find no stored folder yet, and this graph is the one they will find
        served = expand(folder, expanded_folder(models_root, spec.vector_space), runtime)
        card = folder_card(
            spec,
            folder,
            runtime=runtime,
            reduce_range=runtime is Runtime.INT8_DYNAMIC and int8_sums_saturate(),
            float_bytes=(float_folder / MODEL_FILE).stat().st_size,
            metrics=_compare(folder, served, float_folder),
            libraries=_LIBRARIES,
            more={
                "scheme": json.loads(model.scheme.description),
                "calibration_sha256": model.calibration_sha256,
                "statistics": asdict(model.statistics),
                "notes": list(model.statistics.notes),
            },
        )
        return {**card, "libraries": {**model.libraries, **card["libraries"]}}

    return publish_artefact(models_root / spec.vector_space, fill)


def build_static_encoder(spec: EncoderSpec, texts: Sequence[str], float_folder: Path, models_root: Path) -> Path:
    """Return models_root/<vector_space> of static INT8, built first if it is missing or damaged (MiniLM: 10 s).

    Args:
        spec: Specification of the result, with the recipe.
        texts: Calibration texts, including prefixes; 64 evenly spaced ones are read, up to 128 tokens each.
        float_folder: The same encoder in fp32, built by `build_encoder`.
        models_root: Root folder of the encoders.

    Raises:
        ValueError: `spec` has no recipe.
        QuantizationError: There are fewer than 8 texts.
    """
    _require_recipe(spec)

    def fill(folder: Path) -> dict[str, Any]:
        reduce_range = int8_sums_saturate()
        feeds = _feeds(float_folder, texts, spec.max_length)
        report = quantize_static(float_folder / MODEL_FILE, folder / MODEL_FILE, feeds, reduce_range=reduce_range)
        shutil.copyfile(float_folder / TOKENIZER_FILE, folder / TOKENIZER_FILE)
        write_encoder_file(spec, folder)
        return folder_card(
            spec,
            folder,
            runtime=Runtime.INT8_STATIC,
            reduce_range=reduce_range,
            float_bytes=(float_folder / MODEL_FILE).stat().st_size,
            metrics=_compare(folder, folder, float_folder),
            libraries=_LIBRARIES,
            more={
                "static": asdict(report),
                "notes": _notes(report),
            },
        )

    return publish_artefact(models_root / spec.vector_space, fill)


def _notes(report: StaticReport) -> list[str]:
    left_out = ", ".join(f"{each.node} (error {each.error:.1%})" for each in report.left_out)
    count = f"{len(report.left_out)} of {report.products} matrix products stay float32"
    return [f"{count}, because their inputs do not fit 8 bits: {left_out}."] if left_out else []


def _require_recipe(spec: EncoderSpec) -> None:
    if spec.recipe is None:
        raise ValueError(f"The variant {spec.variant} has no recipe, which says how its weights are quantized.")


def _compare(folder: Path, served: Path, float_folder: Path) -> dict[str, float]:
    ours = Encoder.open_unchecked(folder, 1, served / MODEL_FILE)
    exact = Encoder.open_unchecked(float_folder, 1)
    vectors = [encoder.encode_passages(SAMPLES).vectors for encoder in (ours, exact)]
    return agreement_with(vectors[0], vectors[1], "fp32")


def _feeds(folder: Path, texts: Sequence[str], max_length: int) -> list[dict[str, NDArray[np.int64]]]:
    import onnxruntime

    tokenizer = open_tokenizer(folder, min(_CALIBRATION_TOKENS, max_length))
    session = onnxruntime.InferenceSession(str(folder / MODEL_FILE), providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    chosen = texts[:: max(1, len(texts) // _CALIBRATION_TEXTS)][:_CALIBRATION_TEXTS]
    return [graph_inputs(tokenizer.encode(text), names) for text in chosen]
