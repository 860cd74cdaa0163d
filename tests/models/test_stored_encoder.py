"""Few bits are stored, INT8 or float32 is served: expanded once, by one process, without torch."""

import dataclasses
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.expansion import expanded
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification
from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor, Statistics
from xnai_pipelines.errors import DamagedArtefactError, QuantizationError
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.stored_encoder import build_static_encoder, build_stored_encoder
from xnai_pipelines.state.artefacts import read_card

TEXTS = ["red green", "query: a b c", "blue blue passage", ""]
FORMS = [Runtime.FP32, Runtime.INT8_DYNAMIC]


def quantized(name: str, weights: np.ndarray, bits: int) -> QuantizedTensor:
    if weights.ndim < 2:
        values = weights.astype(np.float16)
        return QuantizedTensor(name=name, shape=weights.shape, dtype="float32", method=Method.FLOAT16, values=values)
    scales = (np.abs(weights).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)).astype(np.float16)
    codes = np.rint(weights / np.maximum(scales.astype(np.float32), 1e-6)).clip(
        1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1
    )
    return QuantizedTensor(
        name=name,
        shape=weights.shape,
        dtype="float32",
        method=Method.RTN,
        bits=bits,
        symmetric=True,
        codes=codes.astype(np.int32),
        scales=scales,
    )


def round_to_nearest(spec: EncoderSpec, bits: int) -> QuantizedModel:
    from xnai_pipelines.models.quantization.model import load_transformer

    tensors = tuple(quantized(name, tensor.numpy(), bits) for name, tensor in load_transformer(spec.source).tensors())
    return QuantizedModel(
        tensors=tensors,
        scheme=Scheme(method=Method.RTN, bits=bits, granularity=Granularity.CHANNEL, symmetric=True),
        base_sha256=spec.weights_sha256,
        calibration_sha256=None,
        statistics=Statistics(seconds=0.1, layers=14, notes=("two layers only",)),
        libraries={"torch": "2"},
    )


@pytest.fixture(scope="module")
def float_encoder(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    spec = read_specification(tiny_bert, Runtime.FP32)
    return Encoder.load(build_encoder(spec, tmp_path_factory.mktemp("tiny_models")), threads=1)


@pytest.fixture(scope="module")
def eight_bits(tiny_bert: Path) -> QuantizedModel:
    return round_to_nearest(read_specification(tiny_bert, Runtime.FP32), 8)


def spec_of(tiny_bert: Path, recipe: str) -> EncoderSpec:
    return dataclasses.replace(read_specification(tiny_bert, Runtime.FP32), variant="int8_arrow", recipe=recipe)


@pytest.fixture(params=FORMS)
def stored(
    tiny_bert: Path,
    float_encoder: Encoder,
    eight_bits: QuantizedModel,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Path:
    spec = spec_of(tiny_bert, request.param)
    return build_stored_encoder(spec, eight_bits, float_encoder.spec.source, tmp_path / "models", request.param)


def test_a_stored_encoder_gives_nearly_the_vectors_of_full_precision(stored: Path, float_encoder: Encoder) -> None:
    encoder = Encoder.load(stored, threads=1)
    assert (encoder.vector_space, encoder.spec.source, encoder.spec.variant) == (stored.name, stored, "int8_arrow")
    ours, exact = (each.encode_passages(TEXTS).vectors for each in (encoder, float_encoder))
    assert np.sum(ours * exact, axis=1).min() > 0.98


def test_the_folder_holds_what_is_shipped_and_the_card_says_how_large_and_close_it_is(stored: Path) -> None:
    assert sorted(path.name for path in stored.iterdir()) == [
        "card.json",
        "encoder.json",
        "graph.onnx",
        "tokenizer.json",
        "weights.arrow",
    ]
    card = read_card(stored)
    assert card["recipe"] == card["runtime"]
    assert card["scheme"]["bits"] == 8
    assert card["notes"] == ["two layers only"]
    assert card["statistics"]["layers"] == 14
    assert card["libraries"].keys() >= {"torch", "onnx", "onnxruntime"}
    metrics = card["metrics"]
    parts = ("encoder.json", "graph.onnx", "weights.arrow")
    assert metrics["shipped_bytes"] == sum((stored / name).stat().st_size for name in parts)
    assert metrics["ratio"] == pytest.approx(metrics["float_bytes"] / metrics["shipped_bytes"], abs=1e-4)
    assert metrics["cosine_to_fp32_min"] > 0.98


def test_weights_are_expanded_for_the_processor_that_serves_them(
    tiny_bert: Path, float_encoder: Encoder, eight_bits: QuantizedModel, tmp_path: Path, saturates: bool
) -> None:
    spec, source = spec_of(tiny_bert, "any"), float_encoder.spec.source
    folder = build_stored_encoder(spec, eight_bits, source, tmp_path, Runtime.INT8_DYNAMIC)
    assert read_card(expanded(folder))["reduce_range"] is read_card(folder)["reduce_range"] is saturates
    ours, exact = (each.encode_passages(TEXTS).vectors for each in (Encoder.load(folder, threads=1), float_encoder))
    assert np.sum(ours * exact, axis=1).min() > 0.98


def test_expanding_is_done_once_and_again_only_for_damage(stored: Path, caplog: pytest.LogCaptureFixture) -> None:
    served = expanded(stored)
    assert served == stored.parent / "expanded" / stored.name
    assert read_card(served)["runtime"] == read_card(stored)["runtime"]
    model = served / "model.onnx"
    content, made = model.read_bytes(), model.stat().st_mtime_ns
    assert expanded(stored) == served
    assert model.stat().st_mtime_ns == made
    model.write_bytes(content[:-1])
    assert expanded(stored) == served
    assert model.read_bytes() == content
    assert "Building" in caplog.text
    shutil.rmtree(served.parent)
    assert expanded(stored) == served
    assert model.read_bytes() == content


def test_an_encoder_with_a_graph_of_its_own_is_served_from_its_folder(float_encoder: Encoder) -> None:
    folder = float_encoder.spec.source
    assert expanded(folder) == folder
    assert not (folder.parent / "expanded").exists()


def test_an_expansion_of_other_weights_is_made_anew(
    tiny_bert: Path, float_encoder: Encoder, eight_bits: QuantizedModel, tmp_path: Path
) -> None:
    spec = spec_of(tiny_bert, "any")
    coarse = round_to_nearest(dataclasses.replace(spec, variant="fp32"), 4)
    source = float_encoder.spec.source
    folder = build_stored_encoder(spec, coarse, source, tmp_path, Runtime.FP32)
    before = Encoder.load(folder, threads=1).encode_query("red green")
    shutil.rmtree(folder)
    build_stored_encoder(spec, eight_bits, source, tmp_path, Runtime.FP32)
    after = Encoder.load(folder, threads=1).encode_query("red green")
    exact = float_encoder.encode_query("red green")
    assert before @ exact < after @ exact


@pytest.mark.parametrize("name", ["weights.arrow", "graph.onnx"])
def test_damaged_weights_or_graph_are_refused(stored: Path, name: str) -> None:
    shutil.rmtree(stored.parent / "expanded")
    content = bytearray((stored / name).read_bytes())
    content[len(content) // 2] ^= 1
    (stored / name).write_bytes(content)
    with pytest.raises(DamagedArtefactError, match=f"{name} does not match the"):
        Encoder.load(stored, threads=1)
    (stored / name).unlink()
    with pytest.raises(DamagedArtefactError, match="incomplete"):
        Encoder.load(stored, threads=1)
    assert not (stored.parent / "expanded" / stored.name).exists()


SERVE = textwrap.dedent("""
    import sys
    from pathlib import Path
    from xnai_pipelines.encoders.encoder import Encoder

    Encoder.load(Path(sys.argv[1]), threads=1).encode_query("red green")
    sys.exit([name for name in ("torch", "transformers", "optimum") if name in sys.modules] or 0)
""")


@pytest.mark.slow
def test_two_processes_serve_at_once_without_torch_and_leave_one_expansion(stored: Path) -> None:
    served = expanded(stored)
    content = (served / "model.onnx").read_bytes()
    shutil.rmtree(served)
    processes = [
        subprocess.Popen([sys.executable, "-c", SERVE, str(stored)], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * 2
    assert [path.name for path in served.parent.iterdir() if path.is_dir()] == [stored.name]
    assert (served / "model.onnx").read_bytes() == content


def test_a_model_of_other_weights_or_without_a_recipe_is_refused(
    tiny_bert: Path, float_encoder: Encoder, eight_bits: QuantizedModel, tmp_path: Path
) -> None:
    source = float_encoder.spec.source
    other = dataclasses.replace(eight_bits, base_sha256="f" * 64)
    with pytest.raises(ValueError, match="was made from weights ffffffffffff"):
        build_stored_encoder(spec_of(tiny_bert, "any"), other, source, tmp_path, Runtime.FP32)
    plain = dataclasses.replace(spec_of(tiny_bert, "any"), recipe=None)
    with pytest.raises(ValueError, match="int8_arrow has no recipe"):
        build_stored_encoder(plain, eight_bits, source, tmp_path, Runtime.FP32)
    with pytest.raises(ValueError, match="int8_arrow has no recipe"):
        build_static_encoder(plain, TEXTS, source, tmp_path)


@pytest.mark.slow
def test_static_int8_is_calibrated_with_texts_and_served_as_it_is(
    tiny_bert: Path, float_encoder: Encoder, tmp_path: Path, saturates: bool
) -> None:
    spec = dataclasses.replace(spec_of(tiny_bert, "static"), variant="int8_static")
    with pytest.raises(QuantizationError, match="4 texts are too few"):
        build_static_encoder(spec, TEXTS, float_encoder.spec.source, tmp_path)
    texts = [f"{one} {other} red" for one in "abcdefgh" for other in ("green blue", "query", "passage")]
    folder = build_static_encoder(spec, texts, float_encoder.spec.source, tmp_path)
    assert expanded(folder) == folder
    card = read_card(folder)
    assert card["runtime"] == "int8_static"
    assert card["reduce_range"] is saturates
    assert card["static"]["cosine"] >= 0.98
    assert card["metrics"]["ratio"] > 1
    ours, exact = (each.encode_passages(TEXTS).vectors for each in (Encoder.load(folder, threads=1), float_encoder))
    assert np.sum(ours * exact, axis=1).min() > 0.95
