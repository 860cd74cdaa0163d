"""The default encoder: trained for a few steps, merged, exported."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.adaptation_world import base_encoder
from tests.support.retrained import Retrained
from xnai_pipelines.adapters.adapter import load_adapter
from xnai_pipelines.adapters.applying import open_adapted
from xnai_pipelines.adapters.make import MERGED, read_adapted_encoder, read_adapter_report
from xnai_pipelines.adapters.merging import merged_encoder
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.models.export import build_encoder

TEXTS = ["Where is the red box?", "Перезапустите службу после изменения настроек.", "x = 3"]


@pytest.mark.slow
def test_minilm_is_adapted_merged_and_exported(retrained: Retrained, tmp_path: Path) -> None:
    home, base = retrained.work.home, base_encoder()
    adapter = load_adapter(home.adapters / read_adapter_report(home).adapter, base)
    assert adapter.base_name == "sentence-transformers/all-MiniLM-L6-v2"
    assert read_adapted_encoder(home).largest_difference <= 1e-5
    applied = open_adapted(base, [adapter])
    vectors = applied.encode_passages(TEXTS, adapter.adapter_id)
    assert np.abs(vectors - applied.encode_passages(TEXTS, None)).max() > 1e-3
    merged = merged_encoder(home.adapters / MERGED, adapter.adapter_id)
    assert merged is not None
    built = Encoder.load(build_encoder(merged, tmp_path / "models"), threads=1)
    assert built.vector_space == merged.vector_space
    np.testing.assert_allclose(built.encode_passages(TEXTS).vectors, vectors, atol=1e-5)
