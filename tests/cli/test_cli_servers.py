"""Servers end together, however `xnai ui` is ended, and one that does not start says why."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import free_port
from tests.support.pipeline import ROOT
from xnai_pipelines.cli.servers import ENDINGS, Server, serve, servers
from xnai_pipelines.errors import ServerError
from xnai_pipelines.settings import given_settings

# Two servers: one answers on a port, one ignores being asked to end, and both say their process id.
TWO = """
import sys
from pathlib import Path
from xnai_pipelines.cli import servers
from xnai_pipelines.cli.servers import Server, serve
port, logs = int(sys.argv[1]), Path(sys.argv[2])
servers.STOP_SECONDS = 0.5
web = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
deaf = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"]
wanted = [Server("web", web, "127.0.0.1", port, first=True), Server("deaf", deaf, "127.0.0.1", None)]
serve(wanted, logs, lambda: print("ready", flush=True))
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give this process its signal handlers back: `serve` is the last thing that a process of ours does."""
    before = {ending: signal.getsignal(ending) for ending in ENDINGS}
    yield
    for ending, handler in before.items():
        signal.signal(ending, handler)


def answers(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "signals",
    [[signal.SIGTERM], [signal.SIGINT], [signal.SIGHUP], [signal.SIGINT, signal.SIGINT, signal.SIGTERM]],
    ids=["told to end", "Ctrl-C", "window closed", "impatient"],
)
def test_no_server_outlives_the_command(port, tmp_path, signals):
    command = [sys.executable, "-c", TWO, str(port), str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    assert answers(port)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 2
    for ending in signals:
        process.send_signal(ending)
    process.communicate()
    assert process.returncode == 0
    assert not answers(port)
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_a_server_that_has_just_started_as_the_interrupt_comes_is_stopped(tmp_path, monkeypatch):
    started = []

    class Interrupted(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    web = Server("web", [sys.executable, "-c", "import time; time.sleep(600)"], "127.0.0.1", None)
    serve([web], tmp_path, lambda: pytest.fail("it goes on"))
    assert [process.returncode for process in started] == [-signal.SIGTERM]


def test_a_server_that_stops_by_itself_is_named_with_its_last_words(tmp_path):
    failing = Server("broken", [sys.executable, "-c", "import sys; sys.exit('no such table')"], "127.0.0.1", None)
    with pytest.raises(ServerError, match=r"(?s)The broken stopped with exit code 1\..*no such table"):
        serve([failing], tmp_path, lambda: None)


def test_a_server_that_never_answers_is_given_up_with_the_place_of_its_log(tmp_path, port, monkeypatch):
    monkeypatch.setattr("xnai_pipelines.cli.servers.START_SECONDS", 0.2)
    silent = Server("silent", [sys.executable, "-c", "import time; time.sleep(600)"], "127.0.0.1", port)
    with pytest.raises(ServerError, match=rf"did not answer within .*{tmp_path}"):
        serve([silent], tmp_path, lambda: None)


def test_servers_have_the_names_that_people_know_them_by():
    names = {server.name for server in servers(given_settings())}
    assert names == {"MLflow UI", "Dagster code server", "Dagster UI", "Dagster daemon", "chat page"}


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        with pytest.raises(ServerError, match=f"Port {taken} for the web is taken"):
            serve([Server("web", ["true"], "127.0.0.1", taken)], tmp_path / "logs", lambda: None)
    assert not (tmp_path / "logs").exists()
