"""A graph without weights gets back what the codes stand for, in every form that ONNX Runtime runs."""

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.stored.graph import quantize_dynamic_int8, to_onnx, write_skeleton
from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor, Statistics
from xnai_pipelines.errors import GraphError
from xnai_pipelines.state.artefacts import read_card

IDS = np.random.default_rng(3).integers(0, 50, (2, 9))
TABLE, LINEAR, BIAS, LAST = "words.weight", "layer.weight", "layer.bias", "last.weight"


def model_of(*tensors: QuantizedTensor) -> QuantizedModel:
    return QuantizedModel(
        tensors=tensors,
        scheme=Scheme(method=Method.RTN, bits=8, granularity=Granularity.CHANNEL),
        base_sha256="0" * 64,
        calibration_sha256=None,
        statistics=Statistics(seconds=0.0, layers=len(tensors)),
        libraries={},
    )


def uncoded(name: str, weights: NDArray[np.float32]) -> QuantizedTensor:
    return QuantizedTensor(
        name=name, shape=weights.shape, dtype="float32", method=Method.FLOAT16, values=weights.astype(np.float32)
    )


def coded(
    name: str, weights: NDArray[np.float32], bits: int, group: int | None, *, symmetric: bool, reorder: bool = False
) -> QuantizedTensor:
    """Random codes of the weights' shape, in the same range: their being good does not matter here."""
    random = np.random.default_rng(len(name))
    rows, columns = weights.shape
    groups = -(-columns // (group or columns))
    half = 2 ** (bits - 1)
    low, high = (-half, half) if symmetric else (0, 2 * half)
    scales = random.uniform(0.5, 1.5, (rows, groups)) * np.abs(weights).max() / 2**bits
    return QuantizedTensor(
        name=name,
        shape=weights.shape,
        dtype="float32",
        method=Method.RTN,
        bits=bits,
        group_size=group,
        symmetric=symmetric,
        codes=random.integers(low, high, (rows, columns)).astype(np.int32),
        scales=scales.astype(np.float16),
        zero_points=None if symmetric else random.integers(0, 2 * half, (rows, groups)).astype(np.uint8),
        permutation=random.permutation(columns).astype(np.int32) if reorder else None,
        column_scales=random.uniform(0.5, 2, columns).astype(np.float32) if reorder else None,
    )


@pytest.fixture(scope="module")
def weights() -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(1)
    shapes = {TABLE: (50, 128), LINEAR: (48, 128), BIAS: (48,), LAST: (32, 48)}
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def float_graph(weights: Mapping[str, NDArray[np.float32]], tmp_path: Path) -> Path:
    """Words looked up and sent through two linear layers, whose weights an exporter transposed and numbered."""
    nodes = [
        helper.make_node("Gather", [TABLE, "ids"], ["looked_up"], "lookup"),
        helper.make_node("MatMul", ["looked_up", "onnx::MatMul_1"], ["product"], "layer"),
        helper.make_node("Add", ["product", BIAS], ["sum"], "bias"),
        helper.make_node("MatMul", ["sum", "onnx::MatMul_2"], ["vectors"], "last", doc_string="exported from here"),
    ]
    initializers = [
        numpy_helper.from_array(weights[TABLE], TABLE),
        numpy_helper.from_array(np.ascontiguousarray(weights[LINEAR].T), "onnx::MatMul_1"),
        numpy_helper.from_array(weights[BIAS], BIAS),
        numpy_helper.from_array(np.ascontiguousarray(weights[LAST].T), "onnx::MatMul_2"),
    ]
    inputs = [helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["batch", "tokens"])]
    outputs = [helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, ["batch", "tokens", 32])]
    graph = helper.make_graph(nodes, "small", inputs, outputs, initializers)
    path = tmp_path / "float.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def skeleton(float_graph: Path, weights: Mapping[str, NDArray[np.float32]]) -> Path:
    path = float_graph.with_name("graph.onnx")
    assert write_skeleton(float_graph, weights, path) == path.stat().st_size
    return path


def run(graph: Path, feed: Mapping[str, NDArray[np.int64]] | None = None) -> NDArray[np.float32]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # ONNX Runtime would quantize activations in front of weights that DequantizeLinear restores.
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    output: NDArray[np.float32] = session.run(None, dict(feed) if feed else {"ids": IDS})[0]
    return output


def operators(graph: Path) -> list[str]:
    return [node.op_type for node in onnx.load(graph).graph.node]


def test_a_filled_skeleton_is_the_float_graph(
    skeleton: Path, float_graph: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    model = model_of(*(uncoded(name, values) for name, values in weights.items()))
    assert to_onnx(model, skeleton, tmp_path / "model.onnx", Runtime.FP32) == ()
    np.testing.assert_array_equal(run(tmp_path / "model.onnx"), run(float_graph))
    graph = onnx.load(tmp_path / "model.onnx").graph
    assert {tensor.name for tensor in graph.initializer} == set(weights)
    assert not any(node.doc_string for node in graph.node)


def test_a_weight_of_the_graph_that_the_model_lacks_is_named(
    float_graph: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    others = {**weights, LAST: weights[LAST] + 1}
    with pytest.raises(GraphError, match=r"onnx::MatMul_2 of shape \[48, 32\] that is not one of the model's weights"):
        write_skeleton(float_graph, others, tmp_path / "graph.onnx")
    assert not (tmp_path / "graph.onnx").exists()


def test_a_model_of_other_tensors_is_refused(
    skeleton: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    tensors = [uncoded(name, values) for name, values in weights.items()]
    with pytest.raises(GraphError, match=r"needs the weight last\.weight"):
        to_onnx(model_of(*tensors[:-1]), skeleton, tmp_path / "model.onnx", Runtime.FP32)
    tensors[-1] = uncoded(LAST, weights[LAST][:, :-1])
    with pytest.raises(GraphError, match=r"last\.weight with shape \[32, 48\], the quantized model with \[32, 47\]"):
        to_onnx(model_of(*tensors), skeleton, tmp_path / "model.onnx", Runtime.FP32)


def test_weights_that_were_one_tensor_may_not_come_to_differ(
    float_graph: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    shared = {**weights, "twin.bias": weights[BIAS]}
    write_skeleton(float_graph, shared, tmp_path / "graph.onnx")
    tensors = {name: uncoded(name, values) for name, values in shared.items()}
    to_onnx(model_of(*tensors.values()), tmp_path / "graph.onnx", tmp_path / "model.onnx", Runtime.FP32)
    tensors["twin.bias"] = uncoded("twin.bias", weights[BIAS] + 1)
    with pytest.raises(GraphError, match=r"layer\.bias and twin\.bias are one tensor"):
        to_onnx(model_of(*tensors.values()), tmp_path / "graph.onnx", tmp_path / "model.onnx", Runtime.FP32)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("group", [16, 32, 64, 128, None])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_codes_in_kernels_of_few_bits_give_the_outputs_of_float(
    skeleton: Path,
    weights: Mapping[str, NDArray[np.float32]],
    tmp_path: Path,
    bits: int,
    group: int | None,
    symmetric: bool,
) -> None:
    model = model_of(
        coded(TABLE, weights[TABLE], bits, group, symmetric=symmetric),
        coded(LINEAR, weights[LINEAR], bits, group, symmetric=symmetric),
        uncoded(BIAS, weights[BIAS]),
        coded(LAST, weights[LAST], bits, group, symmetric=symmetric, reorder=True),
    )
    to_onnx(model, skeleton, tmp_path / "float.onnx", Runtime.FP32)
    notes = to_onnx(model, skeleton, tmp_path / "nbits.onnx", Runtime.NBITS)
    expected = run(tmp_path / "float.onnx")
    np.testing.assert_allclose(run(tmp_path / "nbits.onnx"), expected, atol=1e-5 * np.abs(expected).max())
    assert notes == ()
    found = operators(tmp_path / "nbits.onnx")
    assert (found.count("MatMulNBits"), found.count("GatherBlockQuantized"), found.count("MatMul")) == (2, 1, 0)


def test_a_table_whose_rows_end_within_a_block_stays_float(tmp_path: Path) -> None:
    table = np.random.default_rng(8).normal(size=(50, 40)).astype(np.float32)
    nodes = [helper.make_node("Gather", [TABLE, "ids"], ["vectors"], "lookup")]
    inputs = [helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["batch", "tokens"])]
    outputs = [helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, ["batch", "tokens", 40])]
    graph = helper.make_graph(nodes, "small", inputs, outputs, [numpy_helper.from_array(table, TABLE)])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "float.onnx"
    )
    write_skeleton(tmp_path / "float.onnx", {TABLE: table}, tmp_path / "graph.onnx")
    model = model_of(coded(TABLE, table, 4, 32, symmetric=False))
    notes = to_onnx(model, tmp_path / "graph.onnx", tmp_path / "nbits.onnx", Runtime.NBITS)
    assert notes == ("1 layer stays float32 in the graph: a row of 40 is not divisible by blocks of 32.",)
    np.testing.assert_array_equal(run(tmp_path / "nbits.onnx"), model.weights()[TABLE][IDS])


def test_codes_without_a_kernel_stay_float_and_are_counted(
    skeleton: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    unbounded = [
        QuantizedTensor(
            name=name,
            shape=weights[name].shape,
            dtype="float32",
            method=Method.RATE,
            codes=np.rint(weights[name] * 300).astype(np.int32),
            scales=np.full((1, 1), 1 / 300, dtype=np.float32),
        )
        for name in (LINEAR, LAST)
    ]
    model = model_of(
        coded(TABLE, weights[TABLE], 4, 32, symmetric=False),
        uncoded(BIAS, weights[BIAS]),
        *unbounded,
    )
    to_onnx(model, skeleton, tmp_path / "float.onnx", Runtime.FP32)
    notes = to_onnx(model, skeleton, tmp_path / "nbits.onnx", Runtime.NBITS)
    assert notes == ("2 layers stay float32 in the graph: their codes have no fixed width.",)
    expected = run(tmp_path / "float.onnx")
    np.testing.assert_allclose(run(tmp_path / "nbits.onnx"), expected, atol=1e-5 * np.abs(expected).max())


def test_eight_bit_codes_behind_dequantize_linear_give_the_outputs_of_float(
    skeleton: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    whole = dataclasses.replace(
        coded(LINEAR, weights[LINEAR], 8, None, symmetric=True), scales=np.full((1, 1), 0.01, dtype=np.float16)
    )
    model = model_of(
        coded(TABLE, weights[TABLE], 8, None, symmetric=True),
        whole,
        uncoded(BIAS, weights[BIAS]),
        coded(LAST, weights[LAST], 8, 32, symmetric=False),
    )
    to_onnx(model, skeleton, tmp_path / "float.onnx", Runtime.FP32)
    notes = to_onnx(model, skeleton, tmp_path / "qdq.onnx", Runtime.QDQ)
    expected = run(tmp_path / "float.onnx")
    np.testing.assert_allclose(run(tmp_path / "qdq.onnx"), expected, atol=1e-5 * np.abs(expected).max())
    assert notes == (
        "1 layer stays float32 in the graph: only symmetric 8-bit codes with one scale per row or tensor are copied.",
    )
    stored = {tensor.name: tensor.data_type for tensor in onnx.load(tmp_path / "qdq.onnx").graph.initializer}
    assert stored[f"{TABLE}.codes"] == stored[f"{LINEAR}.codes"] == onnx.TensorProto.INT8


@pytest.mark.parametrize("reduce_range", [False, True], ids=["VNNI", "saturating sums"])
def test_int8_is_the_same_from_its_weights_as_from_the_float_graph(
    skeleton: Path,
    float_graph: Path,
    weights: Mapping[str, NDArray[np.float32]],
    tmp_path: Path,
    reduce_range: bool,
) -> None:
    model = model_of(*(uncoded(name, values) for name, values in weights.items()))
    filled, exported = tmp_path / "model.onnx", tmp_path / "exported.onnx"
    to_onnx(model, skeleton, filled, Runtime.INT8_DYNAMIC, reduce_range=reduce_range)
    quantize_dynamic_int8(float_graph, exported, reduce_range=reduce_range)
    np.testing.assert_array_equal(run(filled), run(exported))
    initializers = [numpy_helper.to_array(tensor) for tensor in onnx.load(filled).graph.initializer]
    largest = max(np.abs(codes.astype(int)).max() for codes in initializers if codes.dtype == np.int8)
    assert largest <= 64 if reduce_range else largest >= 127


@pytest.mark.parametrize("damage", ["truncated", "flipped", "no compression", "empty"])
def test_a_damaged_skeleton_is_refused(
    skeleton: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path, damage: str
) -> None:
    content = bytearray(skeleton.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    parts = {"truncated": content[:-40], "flipped": content, "no compression": b"graph" * 50, "empty": b""}
    skeleton.write_bytes(parts[damage])
    model = model_of(*(uncoded(name, values) for name, values in weights.items()))
    with pytest.raises(GraphError, match="is damaged"):
        to_onnx(model, skeleton, tmp_path / "model.onnx", Runtime.FP32)


def test_a_skeleton_that_unpacks_without_end_or_reads_other_files_is_refused(
    skeleton: Path, weights: Mapping[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    model = model_of(*(uncoded(name, values) for name, values in weights.items()))
    with pa.input_stream(str(skeleton), compression="zstd") as stream:
        graph = onnx.load_model_from_string(stream.read())
    graph.graph.initializer[0].external_data.add(key="location", value="../secret")
    del graph.metadata_props[:]
    content = graph.SerializeToString()
    seal = onnx.ModelProto()
    seal.metadata_props.add(key="sha256", value=hashlib.sha256(content).hexdigest())
    for crafted, reason in (
        (content + seal.SerializeToString(), "refers to another file"),
        (bytes(65 << 20), "unpacks to more"),
    ):
        with pa.CompressedOutputStream(str(skeleton), "zstd") as output:
            output.write(crafted)
        with pytest.raises(GraphError, match=reason):
            to_onnx(model, skeleton, tmp_path / "model.onnx", Runtime.FP32)


@pytest.fixture(scope="module")
def minilm_weights() -> dict[str, NDArray[np.float32]]:
    from safetensors.numpy import load_file

    tensors = load_file(default_encoder_folder() / "model.safetensors")
    return {
        name: values
        for name, values in tensors.items()
        if values.dtype == np.float32 and not name.startswith("pooler.")
    }


@pytest.mark.slow
def test_minilm_in_int8_is_the_same_from_its_weights_as_from_its_export(
    fp32_encoder: Encoder, built_encoder: Encoder, minilm_weights: dict[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    size = write_skeleton(fp32_encoder.spec.source / "model.onnx", minilm_weights, tmp_path / "graph.onnx")
    assert size < 10_000
    model = model_of(*(uncoded(name, values) for name, values in minilm_weights.items()))
    reduce_range = read_card(built_encoder.spec.source)["reduce_range"]
    to_onnx(model, tmp_path / "graph.onnx", tmp_path / "model.onnx", Runtime.INT8_DYNAMIC, reduce_range=reduce_range)
    ids = np.array([[101, 2129, 2079, 1045, 3975, 1037, 4130, 102]])
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    np.testing.assert_array_equal(
        run(tmp_path / "model.onnx", feed), run(built_encoder.spec.source / "model.onnx", feed)
    )


@pytest.mark.slow
def test_minilm_in_four_bits_gives_what_torch_gives_on_restored_weights(
    fp32_encoder: Encoder, minilm_weights: dict[str, NDArray[np.float32]], tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModel

    write_skeleton(fp32_encoder.spec.source / "model.onnx", minilm_weights, tmp_path / "graph.onnx")
    model = model_of(
        *(
            coded(name, values, 4, 32, symmetric=False) if values.ndim == 2 else uncoded(name, values)
            for name, values in minilm_weights.items()
        )
    )
    assert to_onnx(model, tmp_path / "graph.onnx", tmp_path / "model.onnx", Runtime.NBITS) == ()
    assert (tmp_path / "model.onnx").stat().st_size < 16_000_000
    network = AutoModel.from_pretrained(default_encoder_folder(), attn_implementation="eager").eval()
    restored = {name: torch.from_numpy(values) for name, values in model.weights().items()}
    network.load_state_dict(restored, strict=False)
    ids = np.array([[101, 2129, 2079, 1045, 3975, 1037, 4130, 102]])
    with torch.inference_mode():
        expected = network(torch.from_numpy(ids)).last_hidden_state.numpy()
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    np.testing.assert_allclose(run(tmp_path / "model.onnx", feed), expected, atol=1e-4)
