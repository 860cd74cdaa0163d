"""Builds the artefact that serves an encoder: an ONNX graph, a tokenizer, and a card."""

import json
import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import normalizers

from xnai_pipelines.artefacts import publish_artefact
from xnai_pipelines.encoding.encoder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    Encoder,
    open_tokenizer,
    pool,
    write_encoder_file,
)
from xnai_pipelines.encoding.hardware import cpu_flags, int8_sums_saturate
from xnai_pipelines.encoding.source import encoder_name
from xnai_pipelines.encoding.specification import EncoderSpec, Precision, UnsupportedEncoderError

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
_SAMPLES = (
    "How do I split a path into folder and file name?",
    "The committee postponed its decision until the auditors have finished their report.",
    "Statins lower the risk of stroke in patients with diabetes.",
    "def add(a: int, b: int) -> int:\n    return a + b",
    "Die Lieferung verzögert sich um zwei Wochen.",
    "Перезапустите службу после изменения настроек.",
    "Invoice 2024-118: 3 units at 19.90 EUR, due in 30 days.",
    "Short.",
)


def build_encoder(spec: EncoderSpec, models_root: Path) -> Path:
    """Returns models_root/<vector_space>, building it where it is missing or damaged.

    The folder holds model.onnx, tokenizer.json (no truncation, no padding), encoder.json and card.json. It
    appears whole or not at all, also when the process is killed or two build at once.

    Raises:
        ImportError: the libraries of the extra `export` are not installed.
        UnsupportedEncoderError: the weights do not fit the architecture, or it cannot be exported.
    """
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
        _write_tokenizer(spec, folder / TOKENIZER_FILE)
        reduce_range = spec.precision is Precision.INT8_DYNAMIC and int8_sums_saturate()
        _write_graph(model, spec.precision, folder / MODEL_FILE, reduce_range=reduce_range)
    write_encoder_file(spec, folder)
    encoder = Encoder.open_unchecked(folder, threads=1)
    built = encoder.encode_passages(_SAMPLES).vectors
    cosine = np.sum(built * _torch_vectors(model, spec, folder), axis=1)
    return {
        "base": {"name": encoder_name(spec.source), "sha256": spec.weights_sha256},
        "adapter": spec.adapter,
        "precision": spec.precision,
        "reduce_range": reduce_range,
        "metrics": {
            "bytes": sum(path.stat().st_size for path in folder.iterdir()),
            "cosine_to_torch_fp32_mean": round(float(cosine.mean()), 6),
            "cosine_to_torch_fp32_min": round(float(cosine.min()), 6),
        },
        "libraries": {name: version(name) for name in _LIBRARIES},
        "cpu_flags": list(cpu_flags()),
    }


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


def _write_tokenizer(spec: EncoderSpec, path: Path) -> None:
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


def _write_graph(model: "PreTrainedModel", precision: Precision, path: Path, *, reduce_range: bool) -> None:
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
    if precision is Precision.FP32:
        export(model, make_config(model.config), path, opset=_OPSET)
        return
    workplace = path.parent / "fp32"
    workplace.mkdir()
    export(model, make_config(model.config), workplace / "model.onnx", opset=_OPSET)
    _quantize(workplace, path, reduce_range=reduce_range)
    shutil.rmtree(workplace)


def _quantize(workplace: Path, path: Path, *, reduce_range: bool) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = workplace / "prepared.onnx"
    quant_pre_process(workplace / "model.onnx", prepared, skip_optimization=True, skip_symbolic_shape=True)
    quantize_dynamic(prepared, path, per_channel=True, reduce_range=reduce_range, weight_type=QuantType.QInt8)


def _torch_vectors(model: "PreTrainedModel", spec: EncoderSpec, folder: Path) -> NDArray[np.float32]:
    """Returns the samples' vectors, float32 [samples, dimension]: what the built graph is compared with."""
    import torch

    tokenizer = open_tokenizer(folder, spec.max_length)
    rows = []
    with torch.inference_mode():
        for text in _SAMPLES:
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
        warnings.filterwarnings("ignore", message=r"You are using the legacy TorchScript-based ONNX export")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
