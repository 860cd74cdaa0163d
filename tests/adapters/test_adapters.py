"""An adapter is trained once, kept whatever MLflow does, and refused where it is not what its card says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.support.adaptation_world import TRAINED, TRAINING, base_encoder, source, tracker_of
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.adapter import list_adapters
from xnai_pipelines.adapters.logged import find_adapter
from xnai_pipelines.adapters.make import (
    AdapterOutcome,
    adapt_encoder,
    adapter_faults,
    deleted_in_adapters,
    read_adapter_report,
    train_adapter,
)
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.encoders.specification import EncoderSpec, read_encoder_file
from xnai_pipelines.errors import AdaptationError, NoAdapterError, TrackingUnavailableError
from xnai_pipelines.models.companion import build_named
from xnai_pipelines.state.artefacts import CARD, file_sha256
from xnai_pipelines.state.manifest import Releases

pytestmark = pytest.mark.slow

WEIGHTS = "adapter_model.safetensors"


def train(work: Workplace, **changed: int) -> AdapterOutcome:
    config = replace(TRAINING, **changed)
    return train_adapter(work.context(), tracker_of(work.home), base_encoder(), config, threads=1)


def adapter_folder(work: Workplace) -> Path:
    return work.home.adapters / read_adapter_report(work.home).adapter


def write_weights(folder: Path, tensors: dict[str, np.ndarray]) -> None:
    """Replace the weights, and what the card says of the file."""
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    card = json.loads((folder / CARD).read_text())
    card["files"][WEIGHTS] = {
        "bytes": (folder / WEIGHTS).stat().st_size,
        "sha256": file_sha256(folder / WEIGHTS),
    }
    (folder / CARD).write_text(json.dumps(card))


def test_the_same_pairs_and_config_are_not_trained_twice(adapted: Workplace):
    before = read_adapter_report(adapted.home)
    assert before.trained
    written = (adapter_folder(adapted) / WEIGHTS).stat().st_mtime_ns
    again = train(adapted).report
    assert not again.trained
    assert (again.adapter, again.mlflow_run) == (before.adapter, before.mlflow_run)
    assert (adapter_folder(adapted) / WEIGHTS).stat().st_mtime_ns == written


def test_an_adapter_trained_while_mlflow_is_down_is_kept_and_logged_by_the_next_run(adapted: Workplace):
    database, away = adapted.home.root / "mlflow.db", adapted.home.root / "away.db"
    database.rename(away)
    database.mkdir()
    with pytest.raises(TrackingUnavailableError):
        train(adapted, seed=8, max_steps=1)
    kept = read_adapter_report(adapted.home)
    assert kept.trained
    assert kept.mlflow_run is None
    assert adapter_faults(adapted.home, kept.adapter) == []

    database.rmdir()
    away.rename(database)
    again = train(adapted, seed=8, max_steps=1).report
    assert (again.adapter, again.trained) == (kept.adapter, False)
    assert again.mlflow_run == find_adapter(tracker_of(adapted.home), kept.adapter) is not None
    assert len(list_adapters(adapted.home.adapters)) == 2


def test_a_corrupt_adapter_is_refused_and_trained_again_to_the_same_bytes(adapted: Workplace):
    weights = adapter_folder(adapted) / WEIGHTS
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(AdaptationError, match=r"damaged.*adapter_model.safetensors does not match"):
        adapt_encoder(adapted.context(), base_encoder())
    assert "damaged" in adapter_faults(adapted.home, weights.parent.name)[0]
    assert train(adapted).report.trained
    assert weights.read_bytes() == whole


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"weights_sha256": "0" * 64}, "was trained on .* with weights of SHA-256"),
        ({"dimension": 768}, "is for vectors of 384 dimensions .* has 768"),
    ],
)
def test_an_adapter_of_another_base_or_other_dimensions_is_refused_with_the_reason(
    adapted: Workplace, other: dict[str, object], reason: str
):
    base: EncoderSpec = replace(base_encoder(), **other)
    with pytest.raises(AdaptationError, match=reason):
        adapt_encoder(adapted.context(), base)


def test_the_adapted_encoder_keeps_the_releases_companion(adapted: Workplace, tiny_bert: Path):
    releases, models = Releases(adapted.home.releases), adapted.home.models
    released = build_named(models, f"+{tiny_bert}", models / releases.require().vector_space)
    releases.publish(replace(releases.require(), release=2, vector_space=released.name), "promoted")
    built = adapt_encoder(adapted.context(), base_encoder())
    spec, kept = read_encoder_file(models / built.vector_space), read_encoder_file(released)
    assert spec.adapter == built.adapter
    assert (spec.companion, spec.companion_weight) == (kept.companion, kept.companion_weight)


def test_without_an_adapter_there_is_nothing_to_adapt(adapted: Workplace):
    (adapted.home.state / "lora_adapter.json").unlink()
    with pytest.raises(NoAdapterError, match="xnai retrain"):
        adapt_encoder(adapted.context(), base_encoder())


def test_numbers_that_are_none_are_found_in_an_adapter(adapted: Workplace):
    folder = adapter_folder(adapted)
    assert adapter_faults(adapted.home, folder.name) == []
    tensors = load_file(folder / WEIGHTS)
    name = sorted(tensors)[0]
    tensors[name] = np.full_like(tensors[name], np.nan)
    write_weights(folder, tensors)
    assert adapter_faults(adapted.home, folder.name) == [f"{name} has non-finite values"]


def test_an_adapter_that_learned_from_a_deleted_document_is_marked_until_it_is_trained_without(adapted: Workplace):
    assert deleted_in_adapters(adapted.home, adapted.tables) == {}
    (adapted.documents / source(TRAINED[0], 0)).unlink()
    (adapted.documents / source("copper kettle", 0)).unlink()  # never trained on
    adapted.ingest()
    trained = read_adapter_report(adapted.home).adapter
    assert deleted_in_adapters(adapted.home, adapted.tables) == {trained: [document_id(source(TRAINED[0], 0))]}
