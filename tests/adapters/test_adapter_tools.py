"""Adapters are listed, refused where they cannot be right, applied side by side, compared, and merged exactly."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.adapters import merging
from xnai_pipelines.adapters.adapter import Adapter, list_adapters, load_adapter
from xnai_pipelines.adapters.applying import open_adapted
from xnai_pipelines.adapters.comparison import compare_adapters
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.merging import merge_adapter, merged_encoder
from xnai_pipelines.adapters.pairs import HardNegatives, TrainingPair
from xnai_pipelines.adapters.training import Training, train_encoder
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification
from xnai_pipelines.errors import AdaptationError
from xnai_pipelines.models.export import build_encoder

TEXTS = ["the red box 3", "where is green 7 ?", "blue"]


@pytest.fixture(scope="module")
def another(
    base: EncoderSpec,
    pairs: list[TrainingPair],
    quick: AdapterConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> Adapter:
    return train_encoder(
        base,
        pairs,
        Training(
            config=dataclasses.replace(quick, seed=8, epochs=1),
            folder=tmp_path_factory.mktemp("another"),
            threads=1,
            progress=lambda step: None,
        ),
        validation=[],
        documents=[],
    )


def test_damaged_adapters_are_listed_with_their_damage_and_documents(copied: Path) -> None:
    (copied / "adapter_model.safetensors").write_bytes(b"nothing")
    broken = copied.parent / "0123456789abcdef"
    broken.mkdir()
    (copied.parent / ".training").mkdir()
    nameless, damaged = list_adapters(copied.parent)
    assert damaged.adapter_id == copied.name
    assert damaged.damage is not None
    assert "is damaged" in damaged.damage
    assert "document-3" in damaged.documents
    assert nameless.damage is not None
    assert list_adapters(copied / "nothing") == []


def test_a_whole_adapter_is_listed_and_loaded(copied: Path, trained: Adapter, base: EncoderSpec) -> None:
    [found] = list_adapters(copied.parent)
    assert found == load_adapter(copied, base) == dataclasses.replace(trained, folder=copied)


def test_an_adapter_is_refused_with_the_reason(copied: Path, base: EncoderSpec) -> None:
    with pytest.raises(AdaptationError, match=r"trained on .* with weights of SHA-256"):
        load_adapter(copied, dataclasses.replace(base, weights_sha256="0" * 64))
    with pytest.raises(AdaptationError, match=r"vectors of 32 dimensions .* has 384"):
        load_adapter(copied, dataclasses.replace(base, dimension=384))
    with pytest.raises(AdaptationError, match="no adapter nothing"):
        load_adapter(copied.parent / "nothing")
    card = json.loads((copied / "card.json").read_text())
    (copied / "card.json").write_text(json.dumps({**card, "task": "causal"}))
    with pytest.raises(AdaptationError, match="for a language model"):
        load_adapter(copied, base)
    (copied / "card.json").write_text(json.dumps({**card, "config": {"rank": 0}}))
    with pytest.raises(AdaptationError, match="rank is 0"):
        load_adapter(copied)
    (copied / "adapter_config.json").write_text("{}")
    with pytest.raises(AdaptationError, match="is damaged"):
        load_adapter(copied)


def test_adapters_lie_side_by_side_on_one_network(trained: Adapter, another: Adapter, base: EncoderSpec) -> None:
    encoder = open_adapted(base, [trained, another])
    plain, first, second = (
        encoder.encode_passages(TEXTS, name) for name in (None, trained.adapter_id, another.adapter_id)
    )
    assert first.shape == (3, 32)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-6)
    assert np.abs(plain - first).max() > 1e-3
    assert np.abs(second - first).max() > 1e-3
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS, None), plain)
    np.testing.assert_array_equal(encoder.encode_queries(TEXTS, trained.adapter_id), first)
    assert encoder.encode_passages([], None).shape == (0, 32)
    with pytest.raises(AdaptationError, match="is not open"):
        encoder.encode_passages(TEXTS, "other")


def test_an_adapter_that_is_applied_is_the_one_that_was_trained_on_the_base(
    trained: Adapter, base: EncoderSpec, tmp_path: Path
) -> None:
    plain = Encoder.load(build_encoder(base, tmp_path), threads=1).encode_passages(TEXTS).vectors
    found = open_adapted(base, [trained]).encode_passages(TEXTS, None)
    np.testing.assert_allclose(found, plain, atol=1e-5)


def test_a_comparison_names_what_differs(trained: Adapter, another: Adapter) -> None:
    comparison = compare_adapters(trained, another)
    rows = {row.name: (row.first, row.second) for row in comparison.differences}
    assert rows["seed"] == ("7", "8")
    assert rows["epochs"] == ("3", "1")
    assert rows["documents"] == ("12", "0")
    assert rows["validation_mrr_after"][1] is None
    assert "rank" not in rows
    assert len(comparison.cosines) == 13
    assert all(-1 <= value < 0.9 for value in comparison.cosines.values())
    same = compare_adapters(trained, trained)
    assert same.differences == ()
    assert all(value == pytest.approx(1) for value in same.cosines.values())


@pytest.mark.slow
def test_a_merged_encoder_is_a_model_folder_whose_space_names_base_and_adapter(
    trained: Adapter, base: EncoderSpec, tmp_path: Path
) -> None:
    merged = merge_adapter(trained, base, tmp_path / "merged")
    assert merged.largest_difference < 1e-5
    assert merged.spec.weights_sha256 != base.weights_sha256
    assert merged.spec == merged_encoder(tmp_path / "merged", trained.adapter_id)
    assert merged.spec.adapter == trained.adapter_id
    assert merged.spec.vector_space != base.vector_space
    assert (merged.folder / "1_Pooling" / "config.json").is_file()
    before = (merged.folder / "model.safetensors").stat().st_mtime_ns
    assert merge_adapter(trained, base, tmp_path / "merged") == merged
    assert (merged.folder / "model.safetensors").stat().st_mtime_ns == before
    built = Encoder.load(build_encoder(merged.spec, tmp_path), threads=1)
    applied = open_adapted(base, [trained]).encode_passages(TEXTS, trained.adapter_id)
    np.testing.assert_allclose(built.encode_passages(TEXTS).vectors, applied, atol=1e-5)


def test_a_base_whose_transformer_lies_in_a_folder_of_its_own_is_merged_likewise(
    trained: Adapter, base: EncoderSpec, tmp_path: Path
) -> None:
    root = tmp_path / "base"
    shutil.copytree(base.source, root / "0_Transformer")
    for name in ("modules.json", "1_Pooling"):
        shutil.move(root / "0_Transformer" / name, root / name)
    modules = json.loads((root / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (root / "modules.json").write_text(json.dumps(modules))
    merged = merge_adapter(trained, read_specification(root, base.variant), tmp_path / "merged")
    assert merged.spec.source == merged.folder / "0_Transformer"
    assert merged.largest_difference < 1e-5
    assert not (merged.folder / "model.safetensors").exists()


def test_a_merge_that_changes_what_is_computed_is_refused(
    trained: Adapter, base: EncoderSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "_TOLERANCE", 0.0)
    with pytest.raises(AdaptationError, match="differ by"):
        merge_adapter(trained, base, tmp_path / "merged")
    assert not (tmp_path / "merged" / trained.adapter_id).exists()


@pytest.mark.parametrize("at_once", [1, 2, 7])
def test_hard_negatives_are_near_and_neither_answers_nor_their_doubles(at_once: int) -> None:
    question = np.array([[1, 0, 0]], dtype=np.float32)
    angles = [0.3, 0.32, 0.1, 0.8, 0.9, 1.2, 0.8]  # from the question
    passages = np.array([[np.cos(a), np.sin(a), 0] for a in angles], dtype=np.float32)
    passages[6] = [np.cos(0.8), 0, np.sin(0.8)]
    names = list("abcdegf")

    def found(count: int, barred: str) -> list[list[str]]:
        hard = HardNegatives(question, passages[:1], count)
        for first in range(0, 7, at_once):
            some = slice(first, first + at_once)
            hard.see(names[some], passages[some], np.array([[name not in barred] for name in names[some]]))
        return hard.found()

    # b is a double of the answer a, c nearer than it, e barred; d and f are equally near.
    assert found(2, "ae") == [["d", "f"]]
    assert found(1, "ae") == [["d"]]
    assert found(9, "ae") == [["d", "f", "g"]]
    assert found(9, "abcdefg") == [[]]
