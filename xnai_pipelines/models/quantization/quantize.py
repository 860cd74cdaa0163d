"""Quantize a model folder."""

import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from xnai_pipelines.encoders.stored.scheme import Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, Statistics
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.assembly import assemble, rounded_table
from xnai_pipelines.models.quantization.awq import quantize_by_awq
from xnai_pipelines.models.quantization.calibration_texts import (
    Batch,
    choose_texts,
    texts_sha256,
    tokenise,
)
from xnai_pipelines.models.quantization.layerwise import Done, Layerwise, quantize_by_gptq, round_the_rest
from xnai_pipelines.models.quantization.memory import check_quantization_memory
from xnai_pipelines.models.quantization.model import Transformer, load_transformer
from xnai_pipelines.models.quantization.rate import quantize_by_rate
from xnai_pipelines.state.artefacts import weights_sha256

_LIBRARIES = ("numpy", "safetensors", "tokenizers", "torch", "transformers", "xnai-pipelines")


def _silent(name: str, done: int, total: int) -> None:
    """Report nothing."""


def quantize(
    folder: Path,
    scheme: Scheme,
    texts: Sequence[str] = (),
    *,
    max_length: int = 256,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = _silent,
) -> QuantizedModel:
    """Return a folder's model with quantized linear layers and embedding tables; the same for the same seed.

    Embedding tables come first, then the blocks in order, each calibrated on the outputs of the quantized parts before
    it. Norms, biases and tables of fewer than 64 rows (token types) are kept in float16.

    Args:
        folder: A Hugging Face transformer: config.json, safetensors and the tokenizer's files. An encoder, or a causal
            language model if the config's architecture says so. Nothing is downloaded, and no code in it is run.
        scheme: Scheme of the quantization.
        texts: Calibration texts, for all methods except float16 and rtn: up to 256 of them are drawn.
        max_length: Max tokens of a text.
        seed: Seed of the draw.
        progress: Receives the finished layer, the number of finished layers, and the number of all layers.

    Raises:
        QuantizationError: The folder cannot be read, has infinities or NaN, the calibration texts are too few or too
            short, or memory is too small (before any work).
    """
    started = time.monotonic()
    chosen = choose_texts(texts, seed) if scheme.method.calibrated else []
    model = load_transformer(folder)
    batches = tokenise(model, chosen, max_length) if chosen else []
    if scheme.method.calibrated and not model.blocks:
        raise QuantizationError(f"{folder} has no list of equal layers, which {scheme.method} needs. Use rtn.")
    tokens = sum(int(batch["attention_mask"].sum()) for batch in batches)
    check_quantization_memory(model, scheme, tokens)
    result = _run(model, scheme, batches, _counted(model, progress))
    return QuantizedModel(
        tensors=assemble(model, result.tensors),
        scheme=scheme,
        base_sha256=weights_sha256(folder),
        calibration_sha256=texts_sha256(texts) if scheme.method.calibrated else None,
        statistics=Statistics(
            seconds=time.monotonic() - started,
            layers=len(result.tensors),
            better_than_rounding=result.better_than_rounding if scheme.method.calibrated else None,
            notes=tuple(result.notes),
        ),
        libraries=_versions(),
    )


def _run(model: Transformer, scheme: Scheme, batches: Sequence[Batch], done: Done) -> Layerwise:
    if scheme.method is Method.FLOAT16:
        return Layerwise()
    if scheme.method is Method.RATE:
        return quantize_by_rate(model, scheme, batches, done)
    tables = {}
    for embedding in model.embeddings:
        tensor = rounded_table(embedding, scheme)
        if tensor is not None:
            embedding.replace(tensor.restored())
            tables[embedding.name] = tensor
        done(embedding.name)
    if scheme.method is Method.GPTQ:
        result = quantize_by_gptq(model, scheme, batches, done)
    elif scheme.method is Method.AWQ:
        result = quantize_by_awq(model, scheme, batches, done)
    else:
        result = Layerwise()
    result.tensors.update(tables)
    round_the_rest(model, scheme, result, done)
    return result


def _counted(model: Transformer, progress: Callable[[str, int, int], None]) -> Done:
    total = len(model.embeddings) + len(model.linears)
    finished = 0

    def done(name: str) -> None:
        nonlocal finished
        finished += 1
        progress(name, min(finished, total), total)

    return done


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a source tree that is not installed
            continue
    return found
