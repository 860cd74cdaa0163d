"""The containers fit each other: what one expects, another gives, and nothing is open that need not be."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DAGSTER = ("code", "webserver", "daemon")


def _environment_names(value: object) -> set[str]:
    """The variables that a dagster.yaml asks for, at any depth."""
    if not isinstance(value, dict):
        return set()
    here = {value["env"]} if isinstance(value.get("env"), str) else set()
    return here.union(*(_environment_names(inner) for inner in value.values()))


@pytest.mark.parametrize("service", DAGSTER)
def test_every_dagster_service_gets_what_its_instance_asks_for(service: str) -> None:
    asked = _environment_names(yaml.safe_load((ROOT / "docker/dagster.yaml").read_text()))
    image = (ROOT / "docker/Dockerfile").read_text()
    given = set(SERVICES[service]["environment"])
    assert {name for name in asked - given if f"{name}=" not in image} == set()


def test_the_workspace_points_at_the_code_service() -> None:
    (location,) = yaml.safe_load((ROOT / "docker/workspace.yaml").read_text())["load_from"]
    server = location["grpc_server"]
    command = SERVICES[server["host"]]["command"]
    assert command[command.index("-p") + 1] == str(server["port"])


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_says_whether_it_is_well(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("service", SERVICES)
def test_ports_are_open_to_this_machine_alone(service: str) -> None:
    """Neither user interface has a login."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service].get("ports", []))


def test_documents_cannot_be_written_to() -> None:
    (documents,) = (volume for volume in SERVICES["code"]["volumes"] if isinstance(volume, dict))
    assert documents["target"] == SERVICES["code"]["environment"]["XNAI_DOCUMENTS"]
    assert documents["read_only"]


def test_backups_go_to_a_volume_that_is_not_the_state() -> None:
    code = SERVICES["code"]
    assert f"backups:{code['environment']['XNAI_BACKUP_TO']}" in code["volumes"]
    assert code["environment"]["XNAI_BACKUP_TO"] in (ROOT / "docker/Dockerfile").read_text()


def test_the_password_comes_from_the_environment_and_is_asked_for() -> None:
    for service, name in (("postgres", "POSTGRES_PASSWORD"), ("code", "XNAI_POSTGRES_PASSWORD")):
        assert SERVICES[service]["environment"][name].startswith("${XNAI_POSTGRES_PASSWORD:?")


def test_the_image_runs_as_an_ordinary_user_and_reports_nothing_home() -> None:
    image = (ROOT / "docker/Dockerfile").read_text()
    users = [line.split()[1] for line in image.splitlines() if line.startswith("USER ")]
    assert users
    assert users[-1] not in ("0", "root")
    for name in ("DAGSTER_DISABLE_TELEMETRY=1", "MLFLOW_DISABLE_TELEMETRY=true", "HF_HUB_DISABLE_TELEMETRY=1"):
        assert name in image
