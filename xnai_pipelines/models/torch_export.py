"""Torch for encoders: export of architectures other than BERT, and reference vectors."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.encoder import open_tokenizer, pool
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import UnsupportedEncoderError
from xnai_pipelines.models.bert import OPSET
from xnai_pipelines.models.folder_card import SAMPLES

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LIBRARIES = ("torch", "transformers", "optimum", "optimum-onnx")
_CHATTY_LOGGERS = ("optimum", "transformers", "torch.onnx")


def write_with_torch(source: Path, destination: Path) -> None:
    """Write the float32 graph of an encoder in any architecture that optimum exports, with the extra `export`.

    Raises:
        UnsupportedEncoderError: The weights do not fit the architecture, or optimum cannot export it.
    """
    from optimum.exporters.onnx import export
    from optimum.exporters.tasks import TasksManager

    with _quiet():
        model = _load_model(source)
        try:
            make_config = TasksManager.get_exporter_config_constructor(
                exporter="onnx", model=model, task="feature-extraction", library_name="transformers"
            )
        except (KeyError, ValueError) as error:
            raise UnsupportedEncoderError(
                f"optimum cannot export the architecture {model.config.model_type!r} to ONNX: {error}"
            ) from error
        export(model, make_config(model.config), destination, opset=OPSET)


def torch_vectors(spec: EncoderSpec, folder: Path) -> NDArray[np.float32]:
    """Return torch's vectors of `SAMPLES`, float32 [samples, dimension], with the tokenizer in `folder`."""
    import torch

    with _quiet():
        model = _load_model(spec.source)
    tokenizer = open_tokenizer(folder, spec.max_length)
    rows = []
    with torch.inference_mode():
        for text in SAMPLES:
            ids = torch.tensor([tokenizer.encode(spec.passage_prefix + text).ids])
            hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            rows.append(pool(hidden[0].numpy(), spec.pooling))
    return np.stack(rows)


def _load_model(source: Path) -> "PreTrainedModel":
    import torch
    from transformers import AutoModel

    model, report = AutoModel.from_pretrained(
        source,
        local_files_only=True,
        use_safetensors=True,
        dtype=torch.float32,
        # the graph of plain matrix products runs faster in onnxruntime than that of fused attention
        attn_implementation="eager",
        output_loading_info=True,
    )
    missing = [name for name in report["missing_keys"] if not name.startswith("pooler.")]
    if missing:
        raise UnsupportedEncoderError(
            f"The weights in {source} lack {len(missing)} tensors of the architecture, {missing[0]} "
            "first; the vectors would be random."
        )
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # trained for next-sentence prediction, used by no pooling
    return model.eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters' messages on every export, about which nothing can be done here."""
    with warnings.catch_warnings(), silenced(_CHATTY_LOGGERS):
        warnings.filterwarnings("ignore", message=r"torch\.tensor results are registered as constants")
        warnings.filterwarnings("ignore", message=r"Converting a tensor to a Python boolean")
        # torch's own use of deprecated features, all within the tracing exporter that optimum calls
        warnings.filterwarnings("ignore", message=r"The feature will be removed\.", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.\w+` is deprecated", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=r"You are using the legacy TorchScript-based ONNX export")
        yield


@contextmanager
def silenced(names: Iterable[str]) -> Iterator[None]:
    """Let these loggers report errors only while the block runs."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
