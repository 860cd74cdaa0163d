"""The service misses nothing of what its image leaves out; containers and Prometheus find what they expect of it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.pipeline import ROOT
from tests.support.workplace import Workplace
from xnai_pipelines.serving.caller import Doorkeeper
from xnai_pipelines.serving.configuration import ServiceLimits
from xnai_pipelines.serving.service import Service
from xnai_pipelines.state.layout import Home

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
OWN = [name for name, service in SERVICES.items() if service["image"].startswith("xnai-")]
RULES = [
    rule for group in yaml.safe_load((ROOT / "docker/rules.yaml").read_text())["groups"] for rule in group["rules"]
]
LEFT_OUT = [line for line in (ROOT / "docker/not_in_service.txt").read_text().splitlines() if not line.startswith("#")]

# The whole life of a service in a process that has none of the packages.
SERVE = """
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

def normalised(name):
    return name.lower().replace("_", "-")

home, *left_out = sys.argv[1:]
left_out = set(map(normalised, left_out))
gone = {module for module, names in packages_distributions().items() if left_out.intersection(map(normalised, names))}
assert {"dagster", "scipy", "mlflow", "sqlalchemy"} <= gone, gone

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())

import xnai_pipelines.cli.app, xnai_pipelines.cli.service
from starlette.testclient import TestClient
from xnai_pipelines.serving.app import create_app
from xnai_pipelines.serving.run import Doorkeeper, Home, Service, ServiceLimits

service = Service(Home(Path(home)), ServiceLimits(), Doorkeeper(Home(Path(home)), authenticated=False), 1)
with TestClient(create_app(service, ("testserver",))) as client:
    assert client.get("/ready").status_code == 200, client.get("/ready").text
    asked = {"question": "whales"}
    for route in ("search", "answer", "context"):
        reply = client.post(f"/v1/{route}", json=asked)
        assert reply.status_code == 200, reply.text
    for route in ("/v1/sources", "/v1/releases", "/v1/status", "/metrics", "/openapi.json"):
        assert client.get(route).status_code == 200, route
"""


@pytest.mark.slow
def test_the_service_answers_without_the_packages_that_its_image_leaves_out(work: Workplace) -> None:
    work.write("whales.md", "# Whales\n\nWhales are mammals. They breathe air and give milk to their young.")
    work.ingest()
    command = [sys.executable, "-W", "ignore", "-c", SERVE, str(work.home.root), *LEFT_OUT]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_writes_to_its_volumes_and_to_memory_only(service: str) -> None:
    assert SERVICES[service]["read_only"]
    assert "no-new-privileges:true" in SERVICES[service]["security_opt"]


@pytest.mark.parametrize("service", OWN)
def test_the_projects_containers_have_no_capability(service: str) -> None:
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert SERVICES[service]["tmpfs"] == ["/tmp"]  # noqa: S108  # where the image has its home folder


def test_the_profiles_are_core_service_and_observability() -> None:
    profiles = {name: service["profiles"] for name, service in SERVICES.items()}
    assert profiles == {
        **{name: ["core"] for name in ("code", "webserver", "daemon", "mlflow", "postgres")},
        "service": ["service"],
        "prometheus": ["observability"],
    }


def test_the_service_sees_the_access_rules_that_lie_beside_the_documents() -> None:
    (documents,) = (volume for volume in SERVICES["service"]["volumes"] if isinstance(volume, dict))
    assert documents["target"] == SERVICES["code"]["environment"]["XNAI_DOCUMENTS"]
    assert documents["read_only"]


def test_no_image_is_of_a_moving_version() -> None:
    foreign = [service["image"] for name, service in SERVICES.items() if name not in OWN]
    bases = [line.split()[1] for line in (ROOT / "docker/Dockerfile").read_text().splitlines() if line[:5] == "FROM "]
    for image in [*foreign, *(base for base in bases if ":" in base)]:
        assert image.rpartition(":")[2] not in ("", "latest"), image


def _names(expression: str) -> set[str]:
    """Return the names of the metrics in an expression."""
    found: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.add(node.name)
        for part in ("expr", "lhs", "rhs", "vector_selector", "args"):
            inner = getattr(node, part, None)
            for one in inner if isinstance(inner, list) else [inner]:
                if one is not None and not isinstance(one, str):
                    walk(one)

    walk(promql_parser.parse(expression))
    return found


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the series of a service that has served a request."""
    home = Home(tmp_path_factory.mktemp("home"))
    service = Service(home, ServiceLimits(), Doorkeeper(home, authenticated=False), 1)
    service.metrics.count("/v1/search", 200, 0.1)
    families = text_string_to_metric_families(service.metrics.text().decode())
    return {sample.name for family in families for sample in family.samples}


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_reads_what_the_service_exports(rule: dict[str, Any], exported: set[str]) -> None:
    names = _names(rule["expr"])
    assert names
    assert names - exported <= {"up"}  # which Prometheus itself makes
    assert rule["annotations"].keys() == {"summary", "description"}


def test_prometheus_reads_the_service_by_a_name_that_it_accepts() -> None:
    config = yaml.safe_load((ROOT / "docker/prometheus.yaml").read_text())
    (scraped,) = config["scrape_configs"]
    assert scraped["job_name"] == "xnai-service"  # as the alerts call it
    (target,) = scraped["static_configs"][0]["targets"]
    assert target.partition(":")[0] in SERVICES
    assert target.partition(":")[0] == SERVICES["service"]["environment"]["XNAI_SERVICE_NAMES"]
    assert Path(scraped["authorization"]["credentials_file"]).name in SERVICES["prometheus"]["secrets"]
