"""MLflow on SQLite, as the room's tests use it."""

from pathlib import Path

import mlflow
import pytest

from xnai_pipelines.tracking import Tracker


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of MLflow's; making one takes seconds."""
    database = tmp_path_factory.mktemp("mlflow") / "migrated.db"
    mlflow.MlflowClient(f"sqlite:///{database}").search_experiments()
    return database


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    path.write_bytes(migrated.read_bytes())
    return path


@pytest.fixture
def tracker(database: Path, tmp_path: Path) -> Tracker:
    return Tracker(f"sqlite:///{database}", (tmp_path / "artifacts").as_uri(), timeout_seconds=0.2)
