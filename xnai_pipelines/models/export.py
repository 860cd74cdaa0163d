"""Builds the artefact that serves an encoder: an ONNX graph, a tokenizer, and a card."""

import json
import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import normalizers

from xnai_pipelines.encoders.encoder import Encoder, open_tokenizer, pool
from xnai_pipelines.encoders.folder import MODEL_FILE, TOKENIZER_FILE, write_encoder_file
from xnai_pipelines.encoders.hardware import int8_sums_saturate
from xnai_pipelines.encoders.specification import EncoderSpec, Precision, UnsupportedEncoderError
from xnai_pipelines.encoders.stored.graph import quantize_dynamic_int8
from xnai_pipelines.models.encoder_card import SAMPLES, agreement, make_card
from xnai_pipelines.state.artefacts import publish_artefact

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_OPSET = 17  # the first with LayerNormalization as one operator
_LIBRARIES = (
    "torch",
    "transformers",
    "optimum",
    "optimum-onnx",
    "onnx",
    "onnxruntime",
    "tokenizers",
    "numpy",
)
_CHATTY_LOGGERS = ("optimum", "transformers", "torch.onnx")


def build_encoder(spec: EncoderSpec, models_root: Path) -> Path:
    """Returns models_root/<vector_space>, building it where it is missing or damaged.

    The folder holds model.onnx, tokenizer.json (no truncation, no padding), encoder.json and card.json. It
    appears whole or not at all, also when the process is killed or two build at once.

    Raises:
        ImportError: the libraries of the extra `export` are not installed.
        UnsupportedEncoderError: the weights do not fit the architecture, or it cannot be exported.
        ValueError: the variant needs more than the base weights.
    """
    if spec.precision not in list(Precision) or spec.recipe is not None:
        raise ValueError(
            f"The variant {spec.precision} is not built from the base weights alone, as {', '.join(Precision)} are: "
            "quantize it first."
        )
    return publish_artefact(models_root / spec.vector_space, lambda folder: _fill(spec, folder))


def _fill(spec: EncoderSpec, folder: Path) -> dict[str, Any]:
    try:
        for library in ("torch", "transformers", "onnx", "optimum.exporters.onnx"):
            import_module(library)
    except ImportError as error:
        raise ImportError(
            f"Building an encoder needs {error.name}, which is missing: pip install 'xnai-pipelines[export]'"
        ) from error
    with _quiet():
        model = _load_model(spec)
        write_tokenizer(spec, folder / TOKENIZER_FILE)
        reduce_range = spec.precision == Precision.INT8_DYNAMIC and int8_sums_saturate()
        float_bytes = _write_graph(model, spec.precision, folder / MODEL_FILE, reduce_range=reduce_range)
    write_encoder_file(spec, folder)
    built = Encoder.open_unchecked(folder, threads=1).encode_passages(SAMPLES).vectors
    return make_card(
        spec,
        folder,
        form="float" if spec.precision == Precision.FP32 else spec.precision,
        reduce_range=reduce_range,
        float_bytes=float_bytes,
        metrics=agreement(built, _torch_vectors(model, spec, folder), "torch_fp32"),
        libraries=_LIBRARIES,
    )


def _load_model(spec: EncoderSpec) -> "PreTrainedModel":
    import torch
    from transformers import AutoModel

    model, report = AutoModel.from_pretrained(
        spec.source,
        local_files_only=True,
        use_safetensors=True,
        dtype=torch.float32,
        # The graph of plain matrix products runs faster in onnxruntime than that of the fused attention.
        attn_implementation="eager",
        output_loading_info=True,
    )
    missing = [name for name in report["missing_keys"] if not name.startswith("pooler.")]
    if missing:
        raise UnsupportedEncoderError(
            f"The weights in {spec.source} lack {len(missing)} tensors of the architecture, {missing[0]} "
            "first: the vectors would be random."
        )
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # trained for next-sentence prediction, read by no pooling
    return model.eval()


def write_tokenizer(spec: EncoderSpec, path: Path) -> None:
    """Writes an encoder's tokenizer.json, without truncation and padding."""
    # Through transformers, which applies tokenizer_config.json and converts a bare vocab.txt.
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(spec.source, local_files_only=True, use_fast=True).backend_tokenizer
    settings = spec.source / "sentence_bert_config.json"
    if settings.is_file() and json.loads(settings.read_text(encoding="utf-8")).get("do_lower_case"):
        rest = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *rest])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(path))


def _write_graph(model: "PreTrainedModel", precision: str, path: Path, *, reduce_range: bool) -> int:
    """Writes the graph and returns the size that it has in float32."""
    from optimum.exporters.onnx import export
    from optimum.exporters.tasks import TasksManager

    try:
        make_config = TasksManager.get_exporter_config_constructor(
            exporter="onnx", model=model, task="feature-extraction", library_name="transformers"
        )
    except (KeyError, ValueError) as error:
        raise UnsupportedEncoderError(
            f"optimum cannot export the architecture {model.config.model_type!r} to ONNX: {error}"
        ) from error
    if precision == Precision.FP32:
        export(model, make_config(model.config), path, opset=_OPSET)
        return path.stat().st_size
    workplace = path.parent / "fp32"
    workplace.mkdir()
    graph = workplace / "model.onnx"
    export(model, make_config(model.config), graph, opset=_OPSET)
    quantize_dynamic_int8(graph, path, reduce_range=reduce_range)
    float_bytes = graph.stat().st_size
    shutil.rmtree(workplace)
    return float_bytes


def _torch_vectors(model: "PreTrainedModel", spec: EncoderSpec, folder: Path) -> NDArray[np.float32]:
    """Returns the samples' vectors, float32 [samples, dimension]: what the built graph is compared with."""
    import torch

    tokenizer = open_tokenizer(folder, spec.max_length)
    rows = []
    with torch.inference_mode():
        for text in SAMPLES:
            ids = torch.tensor([tokenizer.encode(spec.passage_prefix + text).ids])
            hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            rows.append(pool(hidden[0].numpy(), spec.pooling))
    return np.stack(rows)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences what the exporters say on every export and nobody here can mend."""
    loggers = [logging.getLogger(name) for name in _CHATTY_LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"torch\.tensor results are registered as constants")
        warnings.filterwarnings("ignore", message=r"Converting a tensor to a Python boolean")
        # torch's own use of what torch deprecated, all within the tracing exporter that optimum calls.
        warnings.filterwarnings("ignore", message=r"The feature will be removed\.", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.\w+` is deprecated", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=r"You are using the legacy TorchScript-based ONNX export")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
