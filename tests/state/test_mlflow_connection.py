"""A database that another process makes at the same time is one that cannot be used now, and says so."""

from pathlib import Path

import mlflow
import pytest

from xnai_pipelines.errors import TrackingUnavailableError
from xnai_pipelines.state.mlflow_connection import connect


def test_migrations_that_meet_those_of_another_process_are_no_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def half_migrated(**_: str) -> None:
        raise AttributeError("dimension_attributes")

    monkeypatch.setattr(mlflow, "MlflowClient", half_migrated)
    with pytest.raises(TrackingUnavailableError, match="another process is making the same database"):
        connect(f"sqlite:///{tmp_path / 'mlflow.db'}", 1)
