"""The default encoder: trained for a few steps, merged, exported."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.adaptation_pairs import pairs_of
from xnai_pipelines.adapters.applying import open_adapted
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.merging import merge_adapter
from xnai_pipelines.adapters.training import train_encoder
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.models.export import build_encoder

TEXTS = ["Where is the red box?", "Перезапустите службу после изменения настроек.", "x = 3"]


@pytest.mark.slow
def test_minilm_is_adapted_merged_and_exported(tmp_path: Path) -> None:
    base = read_specification(default_encoder_folder(), Runtime.FP32)
    pairs = pairs_of(range(16))
    adapter = train_encoder(
        base,
        pairs,
        validation=[],
        config=AdapterConfig(max_steps=3, batch_size=8, schedule="constant", device="cpu"),
        folder=tmp_path / "adapters",
        documents=[],
        threads=1,
        progress=lambda step: None,
    )
    merged = merge_adapter(adapter, base, tmp_path / "merged")
    assert merged.largest_difference <= 1e-5
    assert adapter.base_name == "sentence-transformers/all-MiniLM-L6-v2"
    applied = open_adapted(base, [adapter])
    vectors = applied.encode_passages(TEXTS, adapter.adapter_id)
    assert np.abs(vectors - applied.encode_passages(TEXTS, None)).max() > 1e-3
    built = Encoder.load(build_encoder(merged.spec, tmp_path / "models"), threads=1)
    assert built.vector_space == merged.spec.vector_space
    np.testing.assert_allclose(built.encode_passages(TEXTS).vectors, vectors, atol=1e-5)
