import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.support.pipeline import Pipeline, five_files, settled, variables
from tests.support.retrained import Retrained, retrained_once
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.questions.make import make_questions


@pytest.fixture
def pipeline(tmp_path: Path, built_encoder: Encoder, mlflow_database: Path) -> Iterator[Pipeline]:
    """A folder of five files and its home with MLflow's empty database, on a Dagster instance in memory."""
    work = five_files(Workplace(tmp_path, built_encoder))
    shutil.copy(mlflow_database, work.home.root)
    with settled(variables(work)), dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(work, instance)


@pytest.fixture(scope="session")
def retrained(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Retrained:
    """The small world after a run of the job `retrain`; tests copy it."""
    return retrained_once(tmp_path_factory, built_encoder)


@pytest.fixture(scope="session")
def ingested_once(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = five_files(Workplace(tmp_path_factory.mktemp("ingested"), built_encoder))
    work.ingest()
    make_questions(work.context(), None)
    return work


@pytest.fixture
def checked(ingested_once: Workplace, tmp_path: Path) -> Iterator[Workplace]:
    """A folder of five files, one of them broken, and the home that took it in; to be broken further."""
    shutil.copytree(ingested_once.home.root, tmp_path / "home", symlinks=True)
    shutil.copytree(ingested_once.documents, tmp_path / "documents")
    (tmp_path / "home" / "home.json").unlink()  # which names the folder that was copied
    with settled(variables(home=tmp_path / "home", documents=tmp_path / "documents", quarantine_rate=0.5)):
        yield Workplace(tmp_path, ingested_once.encoder)
