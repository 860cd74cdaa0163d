"""Names in the files that deploy exist in the code: variables, commands and their options, routes, figures, ports."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import typer
import yaml
from starlette.routing import compile_path

from tests.support.documented import PAGES, ROOT
from tests.support.manifests import KUBERNETES
from xnai_pipelines.cli import app
from xnai_pipelines.serving.app import create_app
from xnai_pipelines.serving.caller import Doorkeeper
from xnai_pipelines.serving.configuration import ServiceLimits
from xnai_pipelines.serving.service import Service
from xnai_pipelines.settings import given_settings, unknown_variables
from xnai_pipelines.state.layout import Home

FILES = sorted(
    path for folder in ("docker", "deploy", ".github") for path in (ROOT / folder).rglob("*") if path.is_file()
)
TEXTS = {path: path.read_text(encoding="utf-8") for path in (*FILES, *PAGES)}
# A command is at the start of a line, after a prompt, in backquotes, or a list of YAML, Docker or a workflow.
COMMAND = re.compile(
    r"(?:^\$ |^#? {2,}|`|-- |exec code )xnai (?P<line>[^`#\n]*)|\[\"?xnai\"?, (?P<list>[^\]]*)\]", re.MULTILINE
)
PROBES = re.compile(r"http://(?:localhost|127\.0\.0\.1|\$HOST):(?P<port>8080)(?P<path>/[\w/]*)")


def _commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command `xnai ...`, up to the first that the shell reads."""
    for found in COMMAND.finditer(text):
        written = found["line"] or (found["list"] or "").replace(",", " ").replace('"', "")
        written = re.split(r"\s[|>&;]|\)|\\$|\s{2,}", written)[0].replace("...", "")
        try:
            yield shlex.split(written)
        except ValueError:  # a quotation that goes on in the next line
            yield written.split()


def _unknown(words: list[str]) -> str | None:
    """Return the word of a command that names no command and no option of it."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("-"):
            options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
            if word.partition("=")[0] not in options:
                return word
        elif hasattr(command, "commands"):
            if word == "COMMAND":  # any
                return None
            if word not in command.commands:
                return word
            command = command.commands[word]
    return None


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_and_a_file_name_variables_and_commands_that_exist(path: Path) -> None:
    variables = re.findall(r"\bXNAI_[A-Z0-9_]*[A-Z0-9]\b(?!\*)", TEXTS[path])
    assert unknown_variables(dict.fromkeys(variables, "")) == []
    wrong = {" ".join(words): word for words in _commands(TEXTS[path]) if (word := _unknown(words))}
    assert wrong == {}


def test_commands_are_found_and_what_is_wrong_with_them() -> None:
    text = "$ xnai run --no-evaluation\n`xnai token create me --scope admin`\ncommand: [xnai, backup]\n`xnai bakup`"
    written = list(_commands(text))
    assert [words[0] for words in written] == ["run", "token", "backup", "bakup"]
    assert [_unknown(words) for words in written] == [None, None, None, "bakup"]
    assert _unknown(["run", "--no-evaluations"]) == "--no-evaluations"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    home = Home(tmp_path_factory.mktemp("home"))
    return Service(home, ServiceLimits(), Doorkeeper(home, authenticated=False), 1)


@pytest.fixture(scope="module")
def routes(service: Service) -> list[str]:
    """The patterns of the paths that the service answers."""
    found: list[str] = []

    def walk(routes: list[Any]) -> None:
        for route in routes:
            if hasattr(route, "path"):
                found.append(route.path)
            else:  # what FastAPI includes later
                walk(route.original_router.routes)

    walk(create_app(service, ()).router.routes)
    return found


def _objects(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*.yaml")):
        yield from (one for one in yaml.safe_load_all(path.read_text()) if isinstance(one, dict))


def _containers(kinds: tuple[str, ...] = ("Deployment",)) -> Iterator[dict[str, Any]]:
    for one in _objects(KUBERNETES):
        if one.get("kind") in kinds and "containers" in one["spec"]["template"]["spec"]:
            yield from one["spec"]["template"]["spec"]["containers"]


def test_probes_the_ingress_and_prometheus_ask_for_paths_of_the_service(routes: list[str]) -> None:
    (container,) = (one for one in _containers() if one["name"] == "service")
    asked = {probe["httpGet"]["path"] for name, probe in container.items() if name.endswith("Probe")}
    for one in _objects(KUBERNETES):
        if one.get("kind") == "ServiceMonitor":
            asked |= {endpoint["path"] for endpoint in one["spec"]["endpoints"]}
    asked |= {found["path"] for path in FILES for found in PROBES.finditer(TEXTS[path])}
    asked |= set(re.findall(r"https://\$HOST(/[\w/]*)", TEXTS[ROOT / ".github/workflows/deploy.yml"]))
    assert {"/health", "/ready", "/metrics", "/v1/status"} <= asked
    patterns = [compile_path(route)[0] for route in routes]
    assert [path for path in asked if not any(pattern.match(path) for pattern in patterns)] == []
    (ingress,) = (one for one in _objects(KUBERNETES) if one.get("kind") == "Ingress")
    for opened in ingress["spec"]["rules"][0]["http"]["paths"]:
        path, exact = opened["path"], opened["pathType"] == "Exact"
        assert any(route == path if exact else route.startswith(path) for route in routes), path


def _selectors(node: Any) -> Iterator[Any]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for part in ("expr", "lhs", "rhs", "vector_selector", "args"):
        inner = getattr(node, part, None)
        for one in inner if isinstance(inner, list) else [inner]:
            if one is not None and not isinstance(one, str):
                yield from _selectors(one)


def test_alerts_read_routes_of_the_service_and_count_no_probes_among_requests(routes: list[str]) -> None:
    """Before the first release every probe of readiness fails; after it their successes would hide failures."""
    probes = ("/health", "/ready", "/metrics")
    (group,) = yaml.safe_load((ROOT / "docker/rules.yaml").read_text())["groups"]
    for rule in group["rules"]:
        for selector in _selectors(promql_parser.parse(rule["expr"])):
            if not selector.name.startswith("xnai_request"):
                continue
            matcher = next(one for one in selector.matchers.matchers if one.name == "route")
            if matcher.op == promql_parser.MatchOp.Equal:
                assert matcher.value in routes
            else:
                assert matcher.op == promql_parser.MatchOp.NotRe
                assert sorted(matcher.value.split("|")) == sorted(probes)
                assert set(probes) <= set(routes)


def test_a_service_that_is_gone_is_down_too() -> None:
    """Prometheus drops `up` of a pod that no longer exists; with all of them gone nothing would be equal to 0."""
    (group,) = yaml.safe_load((ROOT / "docker/rules.yaml").read_text())["groups"]
    down = next(rule["expr"] for rule in group["rules"] if rule["alert"] == "XnaiServiceDown")
    parts = {part.strip() for part in down.split(" or ")}
    assert parts == {'up{job="xnai-service"} == 0', 'absent(up{job="xnai-service"})'}


def test_the_autoscaler_reads_figures_that_the_service_exports(service: Service) -> None:
    exported = service.metrics.text().decode()
    scalers = [one for one in _objects(KUBERNETES) if one.get("kind") == "HorizontalPodAutoscaler"]
    read = [
        metric["pods"]["metric"]["name"] for one in scalers for metric in one["spec"]["metrics"] if "pods" in metric
    ]
    assert read
    assert [name for name in read if f"\n{name} " not in exported] == []


def test_ports_are_those_that_the_servers_listen_on() -> None:
    settings = given_settings()
    expected = {
        "service": settings.service_port,
        "webserver": settings.dagster_port,
        "mlflow": settings.mlflow_port,
        "code": settings.code_port,
    }
    ports = {one["name"]: one["ports"][0]["containerPort"] for one in _containers() if "ports" in one}
    assert ports == expected
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
    inside = {
        name: int(published.rpartition(":")[2]) for name in expected for published in compose[name].get("ports", [])
    }
    assert inside.items() <= expected.items()


def _started(path: Path) -> Iterator[str]:
    """Yield the programs that a module starts: the first words of its command lines."""
    tree = ast.parse(path.read_bytes())
    if any(isinstance(node, ast.Import) and node.names[0].name == "subprocess" for node in ast.walk(tree)):
        for node in ast.walk(tree):
            first = node.elts[0] if isinstance(node, ast.List) and len(node.elts) > 1 else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value[0] != "-":
                yield first.value


def test_programs_that_the_code_starts_are_in_the_image_that_reads_documents() -> None:
    started = {name for path in (ROOT / "xnai_pipelines").rglob("*.py") for name in _started(path)}
    packages = {"git": "git", "tesseract": "tesseract-ocr"}
    assert started == packages.keys()
    (installed,) = re.findall(r'^ARG PROGRAMS="(.+)"$', TEXTS[ROOT / "docker/Dockerfile"], re.MULTILINE)
    assert set(installed.split()) == set(packages.values())
