"""Weights are hashed once while they stay as they are, and again after any change."""

from pathlib import Path

import pytest

from xnai_pipelines.state import artefacts


@pytest.fixture
def hashed(monkeypatch) -> list[Path]:
    """The files whose content was read."""
    read: list[Path] = []

    def noted(path: Path) -> str:
        read.append(path)
        return file_sha256(path)

    file_sha256 = artefacts.file_sha256
    monkeypatch.setattr(artefacts, "file_sha256", noted)
    return read


def test_weights_that_stay_as_they_are_are_read_once(tmp_path, hashed, monkeypatch):
    monkeypatch.setattr(artefacts, "_SETTLED_NS", 0)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"some weights")
    assert artefacts.weights_sha256(tmp_path) == artefacts.weights_sha256(tmp_path)
    assert hashed == [weights]


def test_weights_that_take_their_place_have_another_hash(tmp_path, monkeypatch):
    monkeypatch.setattr(artefacts, "_SETTLED_NS", 0)
    weights, others = tmp_path / "model.safetensors", tmp_path / "others"
    weights.write_bytes(b"some weights")
    before = artefacts.weights_sha256(tmp_path)
    others.write_bytes(b"OTHER WEIGHT")
    others.rename(weights)
    assert artefacts.weights_sha256(tmp_path) != before


def test_weights_that_were_just_written_are_read_each_time(tmp_path, hashed):
    """A second change within one tick of the file system's clock would look like none."""
    (tmp_path / "model.safetensors").write_bytes(b"some weights")
    assert artefacts.weights_sha256(tmp_path) == artefacts.weights_sha256(tmp_path)
    assert len(hashed) == 2
