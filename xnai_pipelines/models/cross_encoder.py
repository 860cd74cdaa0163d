"""The artefact of a cross-encoder: an ONNX graph and a tokenizer, made from a folder that a person names."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from xnai_pipelines.encoders.cross_encoder import CrossEncoder
from xnai_pipelines.encoders.runtime import int8_sums_saturate
from xnai_pipelines.encoders.source import encoder_name
from xnai_pipelines.encoders.specification import MODEL_FILE, TOKENIZER_FILE, read_max_length
from xnai_pipelines.encoders.stored.graph import quantize_dynamic_int8
from xnai_pipelines.errors import UnsupportedEncoderError
from xnai_pipelines.models.bert import is_bert, write_bert
from xnai_pipelines.models.tokenizer import write_tokenizer
from xnai_pipelines.search.reranking import TOKENS
from xnai_pipelines.state.artefacts import file_sha256, publish_artefact, weights_sha256

_GRAPHS = ("onnx/model.onnx", "model.onnx")  # where sentence-transformers writes one, and others
_PAIR = ("Is the signal lost?", "The signal is lost behind the hill.")


def rerankers_to_try(source: Path | None, rerankers: Path) -> tuple[str, ...]:
    """Return the names of the re-rankers that a policy may have: token vectors, and the cross-encoder of a folder.

    Raises:
        UnsupportedEncoderError: The folder cannot be used.
    """
    return (TOKENS, build_cross_encoder(source, rerankers)) if source else (TOKENS,)


def build_cross_encoder(source: Path, rerankers: Path) -> str:
    """Return the name of the folder under `rerankers` that serves a cross-encoder, built first if it is missing.

    A graph in the folder is taken as it is. Weights of a BERT are exported to INT8.

    Args:
        source: Folder of a sentence-transformers cross-encoder: config.json, tokenizer.json or vocab.txt, and
            onnx/model.onnx or model.safetensors.
        rerankers: Where re-rankers are kept.

    Raises:
        UnsupportedEncoderError: The folder has no graph and no BERT, the model has more than one label, or needs code
            of its own.
    """
    config = _config(source)
    graph = next((source / name for name in _GRAPHS if (source / name).is_file()), None)
    if graph is None and not is_bert(source):
        raise UnsupportedEncoderError(
            f"The re-ranker in {source} has the architecture {config.get('model_type')!r}, which is not exported here. "
            "Save it as ONNX: CrossEncoder(..., backend='onnx').save_pretrained(folder)."
        )
    max_length = read_max_length(source, config)
    sha256 = file_sha256(graph) if graph else weights_sha256(source)
    identity = json.dumps([sha256, graph is None and int8_sums_saturate(), max_length])
    name = hashlib.sha256(identity.encode()).hexdigest()[:16]

    def fill(folder: Path) -> dict[str, Any]:
        write_tokenizer(source, folder / TOKENIZER_FILE)
        if graph:
            shutil.copyfile(graph, folder / MODEL_FILE)
        else:
            _export(source, folder / MODEL_FILE)
        # refused now, not at the first search: a graph that does not run, or gives more than one score
        CrossEncoder.open_unchecked(folder, max_length, threads=1).scores(_PAIR[0], _PAIR[1:])
        return {"base": {"name": encoder_name(source), "sha256": sha256}, "max_length": max_length}

    publish_artefact(rerankers / name, fill)
    return name


def _config(source: Path) -> dict[str, Any]:
    if not (source / "config.json").is_file():
        raise UnsupportedEncoderError(f"{source} has no config.json, so it is not a cross-encoder's folder.")
    config: dict[str, Any] = json.loads((source / "config.json").read_text(encoding="utf-8"))
    if "auto_map" in config:
        raise UnsupportedEncoderError(
            f"{source / 'config.json'} needs code from the model folder (auto_map). Code from a model is never run."
        )
    return config


def _export(source: Path, destination: Path) -> None:
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".fp32-") as workplace:
        graph = Path(workplace) / MODEL_FILE
        write_bert(source, graph, scores=True)
        quantize_dynamic_int8(graph, destination, reduce_range=int8_sums_saturate())
