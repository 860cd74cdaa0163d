"""Other libraries' quantizers on the same model: what has to be shipped, how near its vectors are, how long it took."""

import io
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from benchmarks.fidelity import Yardstick
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import MODEL_FILE

BLOCK = 32

Row = dict[str, Any]


def optimum_int8(yardstick: Yardstick, folder: Path) -> Row:
    """Return the row of optimum's dynamic INT8, per channel, on the same float graph."""
    from optimum.onnxruntime import ORTQuantizer
    from optimum.onnxruntime.configuration import AutoQuantizationConfig
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(yardstick.spec.source, local_files_only=True)
    quantizer = ORTQuantizer(yardstick.float_folder / MODEL_FILE, config)
    started = time.perf_counter()
    quantizer.quantize(AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=True), folder)
    seconds = time.perf_counter() - started
    graph = next(folder.glob("*.onnx"))
    return {"bytes": graph.stat().st_size, "seconds": seconds, **yardstick.of_graph(graph)}


def sentence_transformers_int8(yardstick: Yardstick, folder: Path) -> Row:
    """Return the row of sentence-transformers' own export, encoded by its own `encode` in batches of 32."""
    from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model

    cpu = {"provider": "CPUExecutionProvider"}
    model = SentenceTransformer(str(default_encoder_folder()), device="cpu", backend="onnx", model_kwargs=cpu)
    model.save_pretrained(str(folder))
    started = time.perf_counter()
    export_dynamic_quantized_onnx_model(model, "avx512_vnni", str(folder))
    seconds = time.perf_counter() - started
    graph = next((folder / "onnx").glob("*qint8*.onnx"))
    kwargs = cpu | {"file_name": graph.name}
    served = SentenceTransformer(str(folder), device="cpu", backend="onnx", model_kwargs=kwargs)
    vectors = {
        name: served.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        for name, texts in yardstick.texts.measured.items()
    }
    return {"bytes": graph.stat().st_size, "seconds": seconds, **yardstick.of_vectors(vectors)}


def onnxruntime_4bit(yardstick: Yardstick, folder: Path) -> Row:
    """Return the row of MatMulNBits by rounding, asymmetric; the embedding table stays float32, as is its default."""
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig

    return _onnxruntime(yardstick, folder, DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=False))


def onnxruntime_4bit_table(yardstick: Yardstick, folder: Path) -> Row:
    """Return the row of the same with the tables in 4 bits too (GatherBlockQuantized)."""
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig

    operators = ("MatMul", "Gather")
    config = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=False, op_types_to_quantize=operators)
    return _onnxruntime(yardstick, folder, config)


def onnxruntime_k_quant(yardstick: Yardstick, folder: Path) -> Row:
    """Return the row of MatMulNBits by k-quants; the table stays float32."""
    from onnxruntime.quantization.matmul_nbits_quantizer import KQuantWeightOnlyQuantConfig

    return _onnxruntime(yardstick, folder, KQuantWeightOnlyQuantConfig())


def onnxruntime_hqq(yardstick: Yardstick, folder: Path) -> Row:
    """Return the row of MatMulNBits by half-quadratic quantization; the table stays float32."""
    from onnxruntime.quantization.matmul_nbits_quantizer import HQQWeightOnlyQuantConfig

    return _onnxruntime(yardstick, folder, HQQWeightOnlyQuantConfig(block_size=BLOCK, bits=4))


def _onnxruntime(yardstick: Yardstick, folder: Path, config: Any) -> Row:
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    graph = folder / MODEL_FILE
    started = time.perf_counter()
    with _quiet():
        quantizer = MatMulNBitsQuantizer(
            onnx.load(yardstick.float_folder / MODEL_FILE), block_size=BLOCK, is_symmetric=False, algo_config=config
        )
        quantizer.process()
    quantizer.model.save_model_to_file(str(graph), use_external_data_format=False)
    seconds = time.perf_counter() - started
    return {"bytes": graph.stat().st_size, "seconds": seconds, **yardstick.of_graph(graph)}


def hqq(yardstick: Yardstick, folder: Path, bits: int, group: int, *, table: bool) -> Row:
    """Return the row of the HQQ package: its linear layers, all else in float16 as it leaves it.

    With `table` its quantizer is called on the word table as well, which the package does not do by itself. Shipped is
    one safetensors file with what its layers need to be restored: packed codes, scales, zeros.
    """
    import torch
    from hqq.core.quantize import BaseQuantizeConfig, HQQLinear, Quantizer
    from safetensors.torch import save_file

    model = yardstick.fresh()
    started = time.perf_counter()
    config = BaseQuantizeConfig(nbits=bits, group_size=group)
    stored: dict[str, Any] = {}
    restored: dict[str, Any] = {}
    for linear in model.linears:
        layer = HQQLinear(linear.module, config, del_orig=False, compute_dtype=torch.float16, device="cpu")
        stored |= {f"{linear.name}.{part}": layer.state_dict()[part] for part in ("W_q", "scale", "zero")}
        restored[linear.name] = layer.dequantize()
    if table:
        word = max(model.embeddings, key=lambda embedding: embedding.module.weight.numel())
        settings = config["weight_quant_params"]
        codes, meta = Quantizer.quantize(word.module.weight.data, **settings, device="cpu", compute_dtype=torch.float16)
        codes, meta = Quantizer.cpu(codes, meta)
        stored |= {f"{word.name}.W_q": codes, f"{word.name}.scale": meta["scale"], f"{word.name}.zero": meta["zero"]}
        restored[word.name] = Quantizer.dequantize(codes, meta)
    for name, tensor in model.tensors():
        if name not in restored:
            stored[name] = restored[name] = tensor.half() if tensor.is_floating_point() else tensor
    file = folder / "model.safetensors"
    save_file({name: tensor.detach().contiguous() for name, tensor in stored.items()}, file)
    seconds = time.perf_counter() - started
    weights = {name: tensor.detach().float().numpy() for name, tensor in restored.items()}
    return {"bytes": file.stat().st_size, "seconds": seconds, **yardstick.of_weights(weights)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence a quantizer that says a line for each node, and draws a bar."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)


PEERS: dict[str, Callable[[Yardstick, Path], Row]] = {
    "optimum INT8": optimum_int8,
    "sentence-transformers INT8": sentence_transformers_int8,
    "onnxruntime 4 bits": onnxruntime_4bit,
    "onnxruntime 4 bits, tables too": onnxruntime_4bit_table,
    "onnxruntime 4 bits, k-quant": onnxruntime_k_quant,
    "onnxruntime 4 bits, HQQ": onnxruntime_hqq,
    "HQQ 4 bits": lambda yardstick, folder: hqq(yardstick, folder, 4, 64, table=False),
    "HQQ 4 bits, word table too": lambda yardstick, folder: hqq(yardstick, folder, 4, 64, table=True),
    "HQQ 2 bits": lambda yardstick, folder: hqq(yardstick, folder, 2, 64, table=False),
    "HQQ 2 bits, word table too": lambda yardstick, folder: hqq(yardstick, folder, 2, 64, table=True),
    "HQQ 2 bits, groups of 16, word table too": lambda yardstick, folder: hqq(yardstick, folder, 2, 16, table=True),
}
