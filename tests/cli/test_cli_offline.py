"""Nothing leaves the machine: a whole run, and a search, reach for no address, in no process that they start."""

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.pipeline import fresh_xnai, variables
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.encoders.encoder import Encoder

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
    ours = {"PYTHONPATH": tmp_path / "watch", "REACHED": tmp_path / "reached", "HOME": tmp_path / "user"}
    return variables(work) | {name: str(path) for name, path in ours.items()}


def reached(environment: dict[str, str]) -> str:
    path = Path(environment["REACHED"])
    return path.read_text() if path.exists() else ""


def test_the_watch_sees_what_it_is_there_to_see(offline):
    for reach in ("socket.create_connection(('127.0.0.1', 9))", "socket.gethostbyname('example.org')"):
        done = subprocess.run(
            [sys.executable, "-c", f"import socket; {reach}"], env=offline, capture_output=True, check=False
        )
        assert b"This machine has no network." in done.stderr
    assert reached(offline).count("socket.") >= 2


# Linux: a network of its own, with nobody in it, where the system gives one; it counts what libraries do past Python
ALONE = ["unshare", "--map-root-user", "--net"]
CAN_BE_ALONE = (
    bool(shutil.which("unshare")) and not subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode
)
REACHING = ("OutNoRoutes", "Ip6OutNoRoutes", "ActiveOpens", "OutDatagrams", "Udp6OutDatagrams")


def reached_past_python(environment: dict[str, str], script: str) -> int:
    """Run the shell script in a network of its own; return how often something there reached for an address."""
    script = f"{script} >&2 || exit 1; cat /proc/net/snmp /proc/net/snmp6"
    done = subprocess.run([*ALONE, "sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    counts: dict[str, int] = {}
    for names, values in pairwise(lines):
        if len(names) > 2 and names[0] == values[0]:
            counts |= {name: int(value) for name, value in zip(names[1:], values[1:], strict=True)}
    counts |= {line[0]: int(line[1]) for line in lines if len(line) == 2}
    return sum(counts[name] for name in REACHING)


@pytest.mark.skipif(not CAN_BE_ALONE, reason="This system gives nobody a network of their own.")
def test_the_count_sees_what_it_is_there_to_see(offline):
    connect = "import socket; socket.socket().connect_ex(('192.0.2.1', 80))"
    assert reached_past_python({**offline, "PYTHONPATH": ""}, f'{sys.executable} -c "{connect}"') == 1


def test_a_whole_run_with_the_export_of_the_encoder_and_a_search_need_no_network(offline):
    models = Path(offline["XNAI_HOME"]) / "models"
    shutil.rmtree(models)  # links to encoders exported before
    for command in ("run", "search rain"):
        if CAN_BE_ALONE:
            assert reached_past_python(offline, f"{sys.executable} -m xnai_pipelines.cli {command}") == 0
        else:
            said = fresh_xnai(offline, *command.split())
            assert said.returncode == 0, said.stderr
        assert reached(offline) == "", command
    assert not any(folder.is_symlink() for folder in models.iterdir())
    # ONNX Runtime's reports to its maker would be kept there until they could be sent, and are sent past Python
    assert not list(Path(offline["HOME"]).rglob("*onnxruntime*"))
