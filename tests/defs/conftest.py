from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.support.pipeline import Pipeline, five_files, settled, variables
from tests.support.retrained import Retrained, retrained_once
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder


@pytest.fixture
def pipeline(tmp_path: Path, built_encoder: Encoder) -> Iterator[Pipeline]:
    """A folder of five files and its home before the first run, on a Dagster instance in memory."""
    work = five_files(Workplace(tmp_path, built_encoder))
    with settled(variables(work)), dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(work, instance)


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of MLflow's; making one takes seconds."""
    import mlflow

    database = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{database}").search_experiments()
    return database


@pytest.fixture(scope="session")
def retrained(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Retrained:
    """The small world after a run of the job `retrain`; tests copy it."""
    return retrained_once(tmp_path_factory, built_encoder)
