"""An encoder is built once, serves without its source folder, and appears whole or not at all."""

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import UNSTORED, Runtime
from xnai_pipelines.encoders.source import tokenizer_file
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.errors import DamagedArtefactError, MissingExtraError, UnsupportedEncoderError
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.state.artefacts import publish_artefact, read_card


def test_the_artefact_serves_without_its_source(tiny_bert: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(tiny_bert, source)
    folder = build_encoder(read_specification(source, Runtime.FP32), tmp_path / "models")
    shutil.rmtree(source)
    encoder = Encoder.load(folder, threads=1)
    assert encoder.vector_space == folder.name
    assert encoder.encode_query("red green").shape == (32,)
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json",
        "encoder.json",
        "model.onnx",
        "tokenizer.json",
    ]


def test_the_card_says_what_was_built_from_what(built_encoder: Encoder) -> None:
    card = read_card(built_encoder.spec.source)
    assert card["base"]["name"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert card["base"]["sha256"] == built_encoder.spec.weights_sha256
    assert card["adapter"] is None
    assert card["variant"] == "int8_dynamic"
    assert card["metrics"]["cosine_to_fp32_min"] > 0.97
    assert card["metrics"]["bytes"] < 25_000_000
    assert card["metrics"]["ratio"] > 3.9
    assert card["runtime"] == "int8_dynamic"
    assert card["recipe"] is None
    assert set(card["files"]) == {"encoder.json", "model.onnx", "tokenizer.json"}
    assert card["libraries"]["onnxruntime"]


def test_the_card_of_full_precision_shows_the_outputs_of_torch(fp32_encoder: Encoder) -> None:
    metrics = read_card(fp32_encoder.spec.source)["metrics"]
    assert metrics["largest_difference_to_torch_fp32"] < 1e-4
    assert metrics["cosine_to_torch_fp32_min"] > 0.9999
    assert metrics["ratio"] == 1.0


@pytest.mark.parametrize("change", [{"variant": "int4_gptq"}, {"recipe": "4 bits"}])
def test_a_variant_that_needs_more_than_the_base_weights_is_refused(
    tiny_bert: Path, tmp_path: Path, change: dict[str, str]
) -> None:
    spec = dataclasses.replace(read_specification(tiny_bert, Runtime.FP32), **change)
    with pytest.raises(ValueError, match="not built from the base weights alone, as fp32, int8_dynamic are"):
        build_encoder(spec, tmp_path)


@pytest.mark.slow
def test_int8_weights_keep_7_bits_where_sums_saturate(tiny_bert: Path, tmp_path: Path, saturates: bool) -> None:
    import onnx

    texts = ["red green", "query: a b c", "blue blue passage"]
    folders = [build_encoder(read_specification(tiny_bert, variant), tmp_path) for variant in UNSTORED]
    exact, int8 = (Encoder.load(folder, threads=1).encode_passages(texts).vectors for folder in folders)
    assert np.sum(exact * int8, axis=1).min() > 0.98
    assert read_card(folders[1])["reduce_range"] is saturates
    initializers = map(onnx.numpy_helper.to_array, onnx.load(folders[1] / "model.onnx").graph.initializer)
    largest = max(np.abs(codes.astype(int)).max() for codes in initializers if codes.dtype == np.int8 and codes.ndim)
    assert largest <= 64 if saturates else largest >= 127


def test_the_unused_pooler_is_not_in_the_graph(fp32_encoder: Encoder) -> None:
    import onnx

    graph = onnx.load(fp32_encoder.spec.source / "model.onnx").graph
    assert [output.name for output in graph.output] == ["last_hidden_state"]
    assert not [tensor.name for tensor in graph.initializer if "pooler" in tensor.name]


def test_cls_pooling_and_prefixes_reach_the_vectors(tiny_bert: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    plain = read_specification(tiny_bert, Runtime.FP32)
    spec = dataclasses.replace(plain, pooling="cls", query_prefix="query: ", passage_prefix="passage: ")
    encoder = Encoder.load(build_encoder(spec, tmp_path), threads=1)
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    model = AutoModel.from_pretrained(tiny_bert).eval()
    with torch.inference_mode():
        for text, vector in (
            ("query: red blue", encoder.encode_query("red blue")),
            ("passage: red blue", encoder.encode_passages(["red blue"]).vectors[0]),
        ):
            first = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 0].numpy()
            np.testing.assert_allclose(vector, first / np.linalg.norm(first), atol=1e-4)


def test_lower_casing_of_the_model_folder_is_kept(tiny_bert: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(tiny_bert, source)
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": False}
    (source / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (source / "sentence_bert_config.json").write_text('{"max_seq_length": 16, "do_lower_case": true}')
    encoder = Encoder.load(build_encoder(read_specification(source, Runtime.FP32), tmp_path), threads=1)
    assert encoder.max_length == 16
    np.testing.assert_array_equal(encoder.encode_query("RED Green"), encoder.encode_query("red green"))


def test_the_built_tokenizer_neither_truncates_nor_pads(built_encoder: Encoder) -> None:
    tokenizer = json.loads(tokenizer_file(built_encoder.spec.source).read_text())
    assert tokenizer["truncation"] is None
    assert tokenizer["padding"] is None


def test_a_vocabulary_without_tokenizer_json_gets_one(tiny_bert: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Build the encoder first"):
        tokenizer_file(tiny_bert)
    assert tokenizer_file(build_encoder(read_specification(tiny_bert, Runtime.FP32), tmp_path)).is_file()


def test_weights_that_miss_a_tensor_are_refused(tiny_bert: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    source = tmp_path / "source"
    shutil.copytree(tiny_bert, source)
    tensors = load_file(source / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.weight"]
    save_file(tensors, source / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UnsupportedEncoderError, match=r"lack 1 tensors .*encoder\.layer\.1\.output\.dense"):
        build_encoder(read_specification(source, Runtime.FP32), tmp_path / "models")
    assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]


def test_missing_libraries_are_named_with_the_extra(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    shutil.copytree(tiny_bert, source)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "model_type": "electra"}))
    monkeypatch.setitem(sys.modules, "optimum.exporters.onnx", None)
    with pytest.raises(
        MissingExtraError, match=r"another architecture than BERT.*optimum.*pip install 'xnai-pipelines\[export\]'"
    ):
        build_encoder(read_specification(source, Runtime.FP32), tmp_path / "models")


def test_an_existing_artefact_is_returned_at_once(built_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = built_encoder.spec.source
    before = (folder / "card.json").stat().st_mtime_ns
    assert build_encoder(built_encoder.spec, folder.parent) == folder
    assert (folder / "card.json").stat().st_mtime_ns == before


def fill(folder: Path) -> dict[str, object]:
    (folder / "model.onnx").write_bytes(b"weights")
    return {"variant": "fp32"}


def test_a_build_killed_half_way_leaves_nothing_visible_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from xnai_pipelines.state.artefacts import publish_artefact

        def fill(folder):
            (folder / "model.onnx").write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)

        publish_artefact(Path(sys.argv[1]), fill)
    """)
    folder = tmp_path / "models" / "abc"
    killed = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not folder.exists()
    assert [path for path in folder.parent.iterdir() if path.is_dir()], "the kill came too early to prove anything"

    publish_artefact(folder, fill)
    assert (folder / "model.onnx").read_bytes() == b"weights"
    assert [path for path in folder.parent.iterdir() if path.is_dir()] == [folder]


def test_of_two_builders_one_builds(tmp_path: Path) -> None:
    builds: list[int] = []
    started = threading.Event()
    go_on = threading.Event()

    def slow(folder: Path) -> dict[str, object]:
        builds.append(1)
        started.set()
        assert go_on.wait()
        return fill(folder)

    threads = [threading.Thread(target=publish_artefact, args=(tmp_path / "abc", slow)) for _ in range(2)]
    threads[0].start()
    assert started.wait()
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert builds == [1]


@pytest.mark.parametrize("damage", ["missing", "shortened", "no card"])
def test_a_damaged_artefact_is_built_again(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    folder = publish_artefact(tmp_path / "abc", fill)
    if damage == "missing":
        (folder / "model.onnx").unlink()
    elif damage == "shortened":
        (folder / "model.onnx").write_bytes(b"weig")
    else:
        (folder / "card.json").unlink()
    with pytest.raises(DamagedArtefactError):
        read_card(folder)
    publish_artefact(folder, fill)
    assert read_card(folder)["variant"] == "fp32"
    assert "Building" in caplog.text
