from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.pipeline import Pipeline, five_files, settled, variables
from tests.workplace import Workplace
from xnai_pipelines.encoding import Encoder


@pytest.fixture
def pipeline(tmp_path: Path, built_encoder: Encoder) -> Iterator[Pipeline]:
    """A folder of five files and its home before the first run, on a Dagster instance in memory."""
    work = five_files(Workplace(tmp_path, built_encoder))
    with settled(variables(work)), dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(work, instance)
