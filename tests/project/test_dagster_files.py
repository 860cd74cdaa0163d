"""Dagster's files are valid, and its state lies where the settings say: under the home, nowhere else."""

import os
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

from tests.support.pipeline import ROOT
from xnai_pipelines.environment import make_home, prepare
from xnai_pipelines.settings import Settings

POSTGRES = {
    "XNAI_POSTGRES_HOST": "postgres",
    "XNAI_POSTGRES_USER": "dagster",
    "XNAI_POSTGRES_DB": "dagster",
    "XNAI_POSTGRES_PASSWORD": "p@ss/word",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment of the test's own, that `prepare` may write to."""
    changed = {name: value for name, value in os.environ.items() if not name.startswith(("XNAI_", "DAGSTER_"))}
    monkeypatch.setattr(os, "environ", changed)
    return changed


def test_a_run_writes_under_the_home_and_nowhere_else(environment: dict[str, str], tmp_path: Path) -> None:
    @dg.asset
    def nothing() -> None: ...

    current = Settings(home=tmp_path / "home")
    prepare(current)
    make_home(current)
    with dg.DagsterInstance.get() as instance:
        assert dg.materialize([nothing], instance=instance).success
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.get_tick_retention_settings(InstigatorType.SENSOR)[TickStatus.SKIPPED] == 3
        assert set(instance.get_tick_retention_settings(InstigatorType.SCHEDULE).values()) == {90}
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert (tmp_path / "home/dagster/history/runs.db").exists()


def test_the_homes_files_follow_those_of_the_package(environment: dict[str, str], tmp_path: Path) -> None:
    """Whatever wrote them, an older version or a person: a file of one's own is named by XNAI_DAGSTER_HOME."""
    make_home(Settings(home=tmp_path))
    (tmp_path / "dagster/dagster.yaml").write_text("telemetry: {enabled: true}")
    make_home(Settings(home=tmp_path))
    for name in ("dagster.yaml", "workspace.yaml"):
        assert (tmp_path / "dagster" / name).read_bytes() == (ROOT / "xnai_pipelines" / name).read_bytes()


def test_a_dagster_home_of_other_projects_does_not_matter(environment: dict[str, str], tmp_path: Path) -> None:
    environment["DAGSTER_HOME"] = "/somewhere/else"
    prepare(Settings(home=tmp_path))
    assert environment["DAGSTER_HOME"] == str(tmp_path / "dagster")


@pytest.mark.parametrize(
    ("encoder", "offline"), [(None, "1"), ("multilingual-e5-small", "1"), (".", "1"), ("organisation/model", None)]
)
def test_the_hub_is_contacted_only_for_an_encoder_of_the_hub(
    environment: dict[str, str], tmp_path: Path, encoder: str | None, offline: str | None
) -> None:
    environment.pop("HF_HUB_OFFLINE", None)
    prepare(Settings(home=tmp_path, encoder=encoder))
    assert environment.get("HF_HUB_OFFLINE") == offline


def test_a_container_names_the_folder_of_its_own_dagster_yaml(environment: dict[str, str], tmp_path: Path) -> None:
    environment["XNAI_DAGSTER_HOME"] = str(ROOT / "docker")
    prepare(Settings(home=tmp_path))
    assert environment["DAGSTER_HOME"] == str(ROOT / "docker")


def test_the_containers_instance_keeps_its_state_in_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validated by Dagster's own schema, with the driver that is installed; nothing is connected to."""
    for name, value in {**POSTGRES, "XNAI_DAGSTER": "/state/dagster"}.items():
        monkeypatch.setenv(name, value)
    reference = InstanceRef.from_dir(str(ROOT / "docker"))
    assert reference.storage_data.class_name == "DagsterPostgresStorage"
    config = reference.storage_data.config_dict["postgres_db"]
    values = {key: os.environ[value["env"]] if isinstance(value, dict) else value for key, value in config.items()}
    assert pg_url_from_config({"postgres_db": values}).startswith(
        "postgresql+psycopg2://dagster:p%40ss/word@postgres:5432/dagster"
    )


def test_both_instances_differ_in_their_storage_alone() -> None:
    files = [(ROOT / folder / "dagster.yaml").read_text() for folder in ("xnai_pipelines", "docker")]
    local, container = (text[text.index("local_artifact_storage:") :] for text in files)
    container = container.replace("XNAI_DAGSTER", "DAGSTER_HOME")  # there the file lies apart from the storage
    assert local == container


@pytest.mark.parametrize(("folder", "host", "port"), [("xnai_pipelines", "127.0.0.1", 4777), ("docker", "code", 4266)])
def test_the_workspace_names_one_code_server(
    monkeypatch: pytest.MonkeyPatch, folder: str, host: str, port: int
) -> None:
    monkeypatch.setenv("XNAI_CODE_PORT", "4777")
    (origin,) = location_origins_from_yaml_paths([str(ROOT / folder / "workspace.yaml")])
    assert isinstance(origin, GrpcServerCodeLocationOrigin)
    assert (origin.host, origin.port, origin.location_name) == (host, port, "xnai_pipelines")


@pytest.mark.slow
def test_dg_checks_the_definitions_without_a_warning(tmp_path: Path) -> None:
    """The tool that Dagster's users know works here, too."""
    make_home(Settings(home=tmp_path / "home"))
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "DAGSTER_HOME": str(tmp_path / "home/dagster"),
        "XNAI_HOME": str(tmp_path / "home"),
    }
    command = [Path(sys.executable).parent / "dg", "check", "defs"]
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "All definitions loaded successfully." in finished.stdout
    assert "arning" not in finished.stdout + finished.stderr
    assert not (tmp_path / ".dagster").exists(), "dg noted what it would report"
