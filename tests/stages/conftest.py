from pathlib import Path

import pytest

from tests.workplace import Workplace, fill
from xnai_pipelines.encoding import Encoder


@pytest.fixture
def work(tmp_path: Path, built_encoder: Encoder) -> Workplace:
    """An empty folder of documents and its home."""
    return Workplace(tmp_path, built_encoder)


@pytest.fixture
def filled(work: Workplace) -> Workplace:
    """A folder of several formats, see `fill`, and its home before the first run."""
    return fill(work)
