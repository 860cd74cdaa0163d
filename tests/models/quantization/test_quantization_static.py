"""Static INT8 keeps in float32 what 8 bits cannot hold, because it measured that, and says so with figures."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import int8_sums_saturate
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.static import quantize_static

WIDTH = 64
OUTLIER = 7  # the channel of the second product's input that is 3,000 times as large as the others

EITHER_PROCESSOR = pytest.mark.parametrize("reduce_range", [False, True], ids=["VNNI", "saturating sums"])


def write_graph(path: Path, gain: float) -> Path:
    """Two products; what enters the second is multiplied by `gain` in one channel, which its weights undo."""
    random = np.random.default_rng(2)
    first, second = (random.normal(size=(WIDTH, WIDTH)).astype(np.float32) for _ in range(2))
    gains = np.ones(WIDTH, dtype=np.float32)
    gains[OUTLIER] = gain
    second[OUTLIER] /= gain
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["hidden"], "calm"),
        helper.make_node("Mul", ["hidden", "gains"], ["loud"], "amplify"),
        helper.make_node("MatMul", ["loud", "second"], ["y"], "shouted_at"),
    ]
    initializers = [
        numpy_helper.from_array(array, name) for name, array in (("first", first), ("gains", gains), ("second", second))
    ]
    values = [helper.make_tensor_value_info(name, 1, ["batch", "tokens", WIDTH]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "small", values[:1], values[1:], initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def feeds(count: int) -> list[Mapping[str, NDArray[np.float32]]]:
    random = np.random.default_rng(4)
    return [{"x": random.normal(size=(1, 5 + i % 3, WIDTH)).astype(np.float32)} for i in range(count)]


@EITHER_PROCESSOR
def test_a_product_whose_input_has_outliers_is_found_by_its_error_and_left_out(
    tmp_path: Path, reduce_range: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = write_graph(tmp_path / "float.onnx", gain=3000.0)
    report = quantize_static(graph, tmp_path / "int8.onnx", feeds(24), reduce_range=reduce_range)
    (left_out,) = report.left_out
    assert left_out.node == "shouted_at"
    assert left_out.error > 0.1
    assert left_out.outliers > 1
    assert report.cosine_of_all < 0.98 <= report.cosine
    assert (report.calibrated, report.measured, report.products) == (18, 6, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["float.onnx", "int8.onnx"]
    assert capsys.readouterr().out == ""


@EITHER_PROCESSOR
def test_a_graph_without_outliers_is_quantized_whole(tmp_path: Path, reduce_range: bool) -> None:
    graph = write_graph(tmp_path / "float.onnx", gain=1.0)
    report = quantize_static(graph, tmp_path / "int8.onnx", feeds(24), reduce_range=reduce_range)
    assert report.left_out == ()
    assert report.cosine == report.cosine_of_all > 0.99


def test_too_few_texts_are_refused_with_the_number_needed(tmp_path: Path) -> None:
    graph = write_graph(tmp_path / "float.onnx", gain=1.0)
    with pytest.raises(QuantizationError, match=r"7 texts are too few .* at least 8"):
        quantize_static(graph, tmp_path / "int8.onnx", feeds(7))


def test_outputs_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    graph = write_graph(tmp_path / "float.onnx", gain=1.0)
    broken = [{"x": np.full((1, 5, WIDTH), np.float32(np.inf))} if i == 0 else feed for i, feed in enumerate(feeds(8))]
    with (
        pytest.raises(QuantizationError, match="not finite"),
        np.errstate(invalid="ignore"),
    ):
        quantize_static(graph, tmp_path / "int8.onnx", broken)


@pytest.mark.slow
def test_minilm_is_held_by_static_int8(fp32_encoder: Encoder, tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    tokens = [np.array([[101, *random.integers(1996, 4000, 20), 102]]) for _ in range(16)]
    texts = [
        {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)} for ids in tokens
    ]
    graph = fp32_encoder.spec.source / "model.onnx"
    report = quantize_static(graph, tmp_path / "int8.onnx", texts, reduce_range=int8_sums_saturate())
    assert report.cosine >= 0.98
    assert (tmp_path / "int8.onnx").stat().st_size < 35_000_000
