"""The wheel is the whole product: installed in an empty folder, it works in any folder and needs no source tree."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.commands import free_port
from tests.support.pipeline import ROOT, variables
from tests.support.waiting import NEVER_SECONDS
from tests.support.workplace import Workplace, five_files, link_models
from xnai_pipelines.encoders.encoder import Encoder

pytestmark = pytest.mark.slow

MOST_BYTES = 1_800_000
# Every process of the installed product refuses to open a file of the source tree, and to import what extras bring.
GUARD = f"""
import os, sys

TREE, KEPT = {str(ROOT)!r}, {sys.prefix!r}

def refuse(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path = os.path.abspath(arguments[0])
        if path.startswith(TREE + os.sep) and not path.startswith(KEPT + os.sep):
            raise RuntimeError(f"the source tree is read: {{path}}")

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {{"torch", "transformers", "optimum", "peft", "matplotlib", "pypdfium2", "flask_cors"}}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.addaudithook(refuse)
sys.meta_path.insert(0, Absent())
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel, unpacked by pip into a folder, and a folder of documents somewhere else."""

    wheel: Path
    folder: Path
    environment: dict[str, str]

    def xnai(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the folder."""
        command = [sys.executable, "-P", "-m", "xnai_pipelines.cli", *arguments]
        finished = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Installed:
    root = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(root)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = root.glob("*.whl")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        root / "site",
        wheel,
    ]
    subprocess.run(pip, check=True)
    (root / "site/sitecustomize.py").write_text(GUARD)
    work = five_files(Workplace(root / "anywhere", built_encoder))
    home = root / "anywhere/.xnai"
    link_models(home / "models", built_encoder)
    environment = {**variables(documents=work.documents), "PYTHONPATH": str(root / "site")}
    return Installed(wheel, root / "anywhere", environment)


def test_the_wheel_is_small_and_holds_what_is_read_at_run_time(installed: Installed) -> None:
    assert installed.wheel.stat().st_size < MOST_BYTES
    names = zipfile.ZipFile(installed.wheel).namelist()
    tracked = subprocess.run(
        ["git", "ls-files", "xnai_pipelines"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {name for name in names if ".dist-info/" not in name} == set(tracked.stdout.split())


def test_it_ingests_searches_and_evaluates_in_any_folder(installed: Installed) -> None:
    ran = json.loads(installed.xnai("run", "--json").stdout)
    assert ran["failure"] is None
    (found, *_) = json.loads(installed.xnai("search", "whales", "--json").stdout)["hits"]
    assert found["source"] == "corpus.jsonl#1"
    status = json.loads(installed.xnai("status", "--json").stdout)
    assert [(entry["source"], entry["error_type"]) for entry in status["quarantine"]] == [
        ("broken.pdf", "not_installed")
    ]
    assert (installed.folder / ".xnai/dagster/history/runs.db").is_file()


def test_what_needs_an_extra_names_it(installed: Installed) -> None:
    for arguments, extra in ((["quantize"], "quantize"), (["retrain"], "train"), (["demo-models"], "quantize")):
        command = [sys.executable, "-P", "-m", "xnai_pipelines.cli", *arguments]
        finished = subprocess.run(
            command, cwd=installed.folder, env=installed.environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 1
        assert finished.stderr.count("\n") == 1
        assert f"pip install 'xnai-pipelines[{extra}]'" in finished.stderr


@pytest.fixture
def ports() -> dict[str, int]:
    return {name: free_port() for name in ("XNAI_DAGSTER_PORT", "XNAI_CODE_PORT", "XNAI_SERVICE_PORT")}


@pytest.mark.e2e
def test_it_serves_the_dagster_ui_and_says_that_mlflows_is_an_extra(
    installed: Installed, ports: dict[str, int]
) -> None:
    environment = {**installed.environment, **{name: str(port) for name, port in ports.items()}}
    code = f"from xnai_pipelines.cli import main, servers; servers.START_SECONDS = {NEVER_SECONDS}; main()"
    command = [sys.executable, "-P", "-c", code, "ui"]
    ui = subprocess.Popen(command, cwd=installed.folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        said = [ui.stdout.readline() for _ in range(5)]
        assert "pip install 'xnai-pipelines[mlflow]'" in said[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{ports['XNAI_SERVICE_PORT']}/") as page:
            assert b"/page/app.js" in page.read()
        query = json.dumps({"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"})
        address = f"http://127.0.0.1:{ports['XNAI_DAGSTER_PORT']}/graphql"
        request = urllib.request.Request(address, query.encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            assert json.load(answer)["data"]["repositoriesOrError"]["nodes"] == [{"name": "__repository__"}]
    finally:
        os.kill(ui.pid, signal.SIGINT)
        ui.communicate()
