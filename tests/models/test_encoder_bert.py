"""The graph that is built without torch computes what torch does, and its tokenizer cuts as transformers' does."""

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import UNSTORED, Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.errors import UnsupportedEncoderError
from xnai_pipelines.models.bert import is_bert, write_bert
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.tokenizer import write_tokenizer
from xnai_pipelines.models.torch_export import write_with_torch
from xnai_pipelines.state.artefacts import read_card

TEXTS = ["red green", "Query: a blue passage", "x", "z y x w v u t s r q p o n m l k j", "Ünïcode 中文 né"]
FEEDS = {
    "input_ids": np.array([[2, 9, 12, 30, 3], [2, 7, 3, 0, 0]]),
    "attention_mask": np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]),
    "token_type_ids": np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]),
}


def run(graph: Path) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    assert [node.name for node in session.get_inputs()] == list(FEEDS)
    assert [node.name for node in session.get_outputs()] == ["last_hidden_state"]
    return session.run(None, FEEDS)[0]


def torch_output(source: Path) -> Any:
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(source, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.inference_mode():
        return model(**{name: torch.from_numpy(values) for name, values in FEEDS.items()}).last_hidden_state.numpy()


def changed(source: Path, tmp_path: Path, **config: object) -> Path:
    folder = tmp_path / "changed"
    shutil.copytree(source, folder)
    stored = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**stored, **config}))
    return folder


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"])
def test_a_padded_batch_gives_the_token_vectors_of_torch(tiny_bert: Path, tmp_path: Path, activation: str) -> None:
    source = changed(tiny_bert, tmp_path, hidden_act=activation, layer_norm_eps=1e-6)
    write_bert(source, tmp_path / "model.onnx")
    np.testing.assert_allclose(run(tmp_path / "model.onnx"), torch_output(source), atol=1e-5)


def test_the_graph_is_that_of_the_exporter_to_the_last_bit(tiny_bert: Path, tmp_path: Path) -> None:
    write_bert(tiny_bert, tmp_path / "ours.onnx")
    write_with_torch(tiny_bert, tmp_path / "theirs.onnx")
    np.testing.assert_array_equal(run(tmp_path / "ours.onnx"), run(tmp_path / "theirs.onnx"))


def test_reports_name_layers_as_those_of_an_exported_graph(tiny_bert: Path, tmp_path: Path) -> None:
    import onnx

    write_bert(tiny_bert, tmp_path / "ours.onnx")
    write_with_torch(tiny_bert, tmp_path / "theirs.onnx")
    ours, theirs = (
        {
            node.name
            for node in onnx.load(tmp_path / name).graph.node
            if node.op_type in {"MatMul", "LayerNormalization"}
        }
        for name in ("ours.onnx", "theirs.onnx")
    )
    assert ours == theirs


@pytest.mark.parametrize("kept", ["float16", "bfloat16", "of another head", "old names", "shards"])
def test_weights_are_read_however_they_were_saved(tiny_bert: Path, tmp_path: Path, kept: str) -> None:
    import ml_dtypes
    from safetensors.numpy import load_file, save_file

    source = changed(tiny_bert, tmp_path)
    tensors = load_file(source / "model.safetensors")
    expected = run_of(source, tmp_path / "before.onnx")
    tolerance = 0.0
    (source / "model.safetensors").unlink()
    if kept in {"float16", "bfloat16"}:
        dtype = np.float16 if kept == "float16" else ml_dtypes.bfloat16
        tensors = {name: values.astype(dtype) for name, values in tensors.items()}
        tolerance = 0.1
    elif kept == "of another head":
        tensors = {f"bert.{name}": values for name, values in tensors.items()} | {"cls.bias": np.zeros(3, np.float32)}
    elif kept == "old names":
        tensors = {
            name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"): values
            for name, values in tensors.items()
        }
    if kept == "shards":
        names = sorted(tensors)
        for index, part in enumerate((names[::2], names[1::2]), 1):
            shard = source / f"model-0000{index}-of-00002.safetensors"
            save_file({name: tensors[name] for name in part}, shard, metadata={"format": "pt"})
    else:
        save_file(tensors, source / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_allclose(run_of(source, tmp_path / "after.onnx"), expected, atol=tolerance)


def run_of(source: Path, graph: Path) -> Any:
    write_bert(source, graph)
    return run(graph)


def test_a_config_of_another_model_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    source = changed(tiny_bert, tmp_path, intermediate_size=128)
    message = r"encoder\.layer\.0\.intermediate\.dense\.weight with shape \[64, 32\].*\[128, 32\]"
    with pytest.raises(UnsupportedEncoderError, match=message):
        write_bert(source, tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "config", [{"model_type": "roberta"}, {"position_embedding_type": "relative_key"}, {"hidden_act": "silu"}]
)
def test_other_architectures_are_left_to_the_exporter(tiny_bert: Path, tmp_path: Path, config: dict[str, str]) -> None:
    assert is_bert(tiny_bert)
    assert not is_bert(changed(tiny_bert, tmp_path, **config))


@pytest.mark.slow
def test_another_architecture_is_exported_by_torch(tmp_path: Path, tiny_bert: Path) -> None:
    import torch
    from transformers import DistilBertConfig, DistilBertModel

    torch.manual_seed(7)
    words = (tiny_bert / "vocab.txt").read_text().split("\n")
    config = DistilBertConfig(
        vocab_size=len(words), dim=32, n_layers=2, n_heads=2, hidden_dim=64, max_position_embeddings=64
    )
    source = tmp_path / "distilbert"
    DistilBertModel(config).save_pretrained(source, safe_serialization=True)
    shutil.copyfile(tiny_bert / "vocab.txt", source / "vocab.txt")
    (source / "tokenizer_config.json").write_text('{"tokenizer_class": "DistilBertTokenizer", "do_lower_case": true}')
    folder = build_encoder(read_specification(source, Runtime.FP32), tmp_path / "models")
    assert read_card(folder)["metrics"]["largest_difference_to_torch_fp32"] < 1e-5
    assert Encoder.load(folder, threads=1).encode_query("red green").shape == (32,)


@pytest.mark.parametrize(
    "settings",
    [
        {"do_lower_case": True},
        {"do_lower_case": False},
        {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False},
        {},
    ],
)
@pytest.mark.parametrize("whole", [False, True], ids=["vocab.txt", "tokenizer.json"])
def test_texts_are_cut_as_transformers_cuts_them(
    tiny_bert: Path, tmp_path: Path, settings: dict[str, bool], whole: bool
) -> None:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    source = changed(tiny_bert, tmp_path)
    if whole:
        AutoTokenizer.from_pretrained(source).save_pretrained(source)
    (source / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **settings}))
    write_tokenizer(read_specification(source, Runtime.FP32).source, tmp_path / "tokenizer.json")
    ours = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    theirs = AutoTokenizer.from_pretrained(source)
    assert [ours.encode(text).ids for text in TEXTS] == theirs(TEXTS)["input_ids"]


WITHOUT_TORCH = """
    import sys

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in {"torch", "transformers", "optimum", "sentence_transformers"}:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Absent())
    from pathlib import Path
    from xnai_pipelines.encoders.encoder import Encoder
    from xnai_pipelines.encoders.runtime import UNSTORED
    from xnai_pipelines.encoders.specification import read_specification
    from xnai_pipelines.models.export import build_encoder

    for variant in UNSTORED:
        folder = build_encoder(read_specification(Path(sys.argv[1]), variant), Path(sys.argv[2]))
        Encoder.load(folder, 1).encode_query("red")
        print(folder)
"""


@pytest.mark.slow
def test_without_torch_encoders_are_built_and_not_compared_with_it(tiny_bert: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-c", textwrap.dedent(WITHOUT_TORCH), str(tiny_bert), str(tmp_path)]
    finished = subprocess.run(program, capture_output=True, text=True, check=True)
    fp32, int8 = (read_card(Path(line)) for line in finished.stdout.split())
    assert fp32["metrics"]["largest_difference_to_torch_fp32"] is None
    assert int8["metrics"]["cosine_to_fp32_min"] > 0.9
    assert "torch" not in fp32["libraries"]


@pytest.mark.slow
def test_existing_homes_keep_the_default_encoders_vector_spaces() -> None:
    spaces = [read_specification(default_encoder_folder(), variant).vector_space for variant in UNSTORED]
    assert spaces == ["f2c2d6fe18cc0721", "3f08c00572020111"]
