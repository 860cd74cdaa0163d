"""Nothing leaves the machine: a whole run, and a search, reach for no address, in no process that they start."""

from pathlib import Path

import pytest

from tests.pipeline import five_files, variables, xnai
from tests.workplace import Workplace
from xnai_pipelines.encoding import Encoder

pytestmark = pytest.mark.slow

# Python runs a module of this name, found on its path, before anything else.
WATCH = """
import os, socket, sys, traceback
REACHING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
NAMING = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
def watch(event, arguments):
    if event in NAMING or event in REACHING and arguments[0].family != socket.AF_UNIX:
        with open(os.environ["REACHED"], "a") as file:
            file.write(f"{event} {arguments[1:]}\\n{''.join(traceback.format_stack(limit=12))}\\n")
        raise OSError("This machine has no network.")
sys.addaudithook(watch)
"""


@pytest.fixture
def offline(tmp_path: Path, built_encoder: Encoder) -> dict[str, str]:
    """The environment of a home whose processes note and refuse every attempt to reach another machine, or this one."""
    work = five_files(Workplace(tmp_path, built_encoder))
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    return variables(work) | {"PYTHONPATH": str(tmp_path / "watch"), "REACHED": str(tmp_path / "reached")}


def reached(environment: dict[str, str]) -> str:
    path = Path(environment["REACHED"])
    return path.read_text() if path.exists() else ""


def test_the_watch_sees_what_it_is_there_to_see(offline):
    """An MLflow server is an address that the user named: the one thing a run reaches for."""
    said = xnai({**offline, "XNAI_MLFLOW_URI": "http://127.0.0.1:9"}, "run")
    assert said.returncode == 1
    assert "MLflow" in said.stderr
    assert "socket." in reached(offline)


def test_a_whole_run_and_a_search_need_no_network(offline):
    for command in (["run"], ["search", "rain on the hills"]):
        said = xnai(offline, *command)
        assert said.returncode == 0, (command, said.stderr)
        assert reached(offline) == "", command


def test_the_export_of_the_default_encoder_needs_no_network(offline, tmp_path):
    models = Path(offline["XNAI_HOME"]) / "models"
    models.unlink()
    said = xnai(offline, "run", "--no-evaluation")
    assert said.returncode == 0, said.stderr
    assert list(models.iterdir())
    assert reached(offline) == ""
