"""Dagster's files are valid, and its state lies where the settings say: under the home, nowhere else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.instance.ref import InstanceRef
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.workspace.load import location_origins_from_yaml_paths
from dagster_postgres.utils import pg_url_from_config

from xnai_pipelines.environment import prepare
from xnai_pipelines.settings import PROJECT_ROOT, Settings

POSTGRES = {
    "XNAI_POSTGRES_HOST": "postgres",
    "XNAI_POSTGRES_USER": "dagster",
    "XNAI_POSTGRES_DB": "dagster",
    "XNAI_POSTGRES_PASSWORD": "p@ss/word",
}


def test_a_run_writes_under_the_home_and_nothing_beside_dagster_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project's folder is DAGSTER_HOME, and stays as it was checked out."""

    @dg.asset
    def nothing() -> None: ...

    project, storage = tmp_path / "project", tmp_path / "home/dagster"
    project.mkdir()
    shutil.copy(PROJECT_ROOT / "dagster.yaml", project)
    monkeypatch.setenv("XNAI_DAGSTER", str(storage))
    with dg.DagsterInstance.from_config(str(project)) as instance:
        assert dg.materialize([nothing], instance=instance).success
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.get_tick_retention_settings(InstigatorType.SENSOR)[TickStatus.SKIPPED] == 3
        assert set(instance.get_tick_retention_settings(InstigatorType.SCHEDULE).values()) == {90}
    assert [path.name for path in project.iterdir()] == ["dagster.yaml"]
    assert (storage / "history/runs.db").exists()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment of the test's own, that `prepare` may write to."""
    changed = {name: value for name, value in os.environ.items() if not name.startswith(("XNAI_", "DAGSTER_"))}
    monkeypatch.setattr(os, "environ", changed)
    return changed


def test_a_dagster_home_of_other_projects_does_not_matter(environment: dict[str, str], tmp_path: Path) -> None:
    environment["DAGSTER_HOME"] = "/somewhere/else"
    prepare(Settings(home=tmp_path))
    assert environment["DAGSTER_HOME"] == str(PROJECT_ROOT)
    assert environment["XNAI_DAGSTER"] == str(tmp_path / "dagster")


def test_a_container_names_the_folder_of_its_own_dagster_yaml(environment: dict[str, str], tmp_path: Path) -> None:
    environment["XNAI_DAGSTER_HOME"] = str(PROJECT_ROOT / "docker")
    prepare(Settings(home=tmp_path))
    assert environment["DAGSTER_HOME"] == str(PROJECT_ROOT / "docker")


def test_the_containers_instance_keeps_its_state_in_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validated by Dagster's own schema, with the driver that is installed; nothing is connected to."""
    for name, value in {**POSTGRES, "XNAI_DAGSTER": "/state/dagster"}.items():
        monkeypatch.setenv(name, value)
    reference = InstanceRef.from_dir(str(PROJECT_ROOT / "docker"))
    assert reference.storage_data.class_name == "DagsterPostgresStorage"
    config = reference.storage_data.config_dict["postgres_db"]
    values = {key: os.environ[value["env"]] if isinstance(value, dict) else value for key, value in config.items()}
    assert pg_url_from_config({"postgres_db": values}).startswith(
        "postgresql+psycopg2://dagster:p%40ss/word@postgres:5432/dagster"
    )


def test_both_instances_differ_in_their_storage_alone() -> None:
    files = [(PROJECT_ROOT / folder / "dagster.yaml").read_text() for folder in (".", "docker")]
    local, container = (text[text.index("local_artifact_storage:") :] for text in files)
    assert local == container


@pytest.mark.parametrize(("folder", "host", "port"), [(".", "127.0.0.1", 4777), ("docker", "code", 4266)])
def test_the_workspace_names_one_code_server(
    monkeypatch: pytest.MonkeyPatch, folder: str, host: str, port: int
) -> None:
    monkeypatch.setenv("XNAI_CODE_PORT", "4777")
    (origin,) = location_origins_from_yaml_paths([str(PROJECT_ROOT / folder / "workspace.yaml")])
    assert isinstance(origin, GrpcServerCodeLocationOrigin)
    assert (origin.host, origin.port, origin.location_name) == (host, port, "xnai_pipelines")


@pytest.mark.slow
def test_dg_checks_the_definitions_without_a_warning(tmp_path: Path) -> None:
    """The tool that Dagster's users know works here, too."""
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "DAGSTER_HOME": str(PROJECT_ROOT),
        "XNAI_HOME": str(tmp_path / "home"),
        "XNAI_DAGSTER": str(tmp_path / "home/dagster"),
    }
    command = [Path(sys.executable).parent / "dg", "check", "defs"]
    finished = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "All definitions loaded successfully." in finished.stdout
    assert "arning" not in finished.stdout + finished.stderr
    assert not (tmp_path / ".dagster").exists(), "dg noted what it would report"
