import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.support.pipeline import Pipeline, settled, variables
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.encoders.encoder import Encoder


@pytest.fixture
def pipeline(tmp_path: Path, built_encoder: Encoder, mlflow_database: Path) -> Iterator[Pipeline]:
    """A folder of five files and its home with MLflow's empty database, on a Dagster instance in memory."""
    work = five_files(Workplace(tmp_path, built_encoder))
    shutil.copy(mlflow_database, work.home.root)
    with settled(variables(work)), dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(work, instance)


@pytest.fixture
def checked(searchable: Workplace) -> Iterator[Workplace]:
    """A folder of five files, one of them broken, and the home that took it in; to be broken further."""
    with settled(variables(searchable, quarantine_rate=0.5)):
        yield searchable
