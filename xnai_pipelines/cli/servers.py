"""The user interfaces: one code server, Dagster's webserver and daemon over it, MLflow's server, and the service."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.errors import ServerError
from xnai_pipelines.extras import missing
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.layout import Home

START_SECONDS = 90.0
STOP_SECONDS = 15.0
CODE_SERVER, DAEMON = "Dagster code server", "Dagster daemon"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last when the terminal's window is closed


@dataclass(frozen=True, slots=True)
class Server:
    """A server process: its command, and the port that answers once it is ready (None: it has none).

    Attributes:
        name: What people call it, after "the".
        command: Its command.
        host: Address that it listens on.
        port: Port that answers once it is ready, None if it has none.
        first: Whether the servers after it talk to it when they start.
    """

    name: str
    command: Sequence[str]
    host: str
    port: int | None
    first: bool = False


def servers(settings: Settings) -> list[Server]:
    """Return the servers in the order of their start, the slowest first; MLflow's and the service if installed."""
    home, host = Home(settings.home), settings.host
    workspace = ["-w", str(home.dagster / "workspace.yaml")]
    # modules are looked for in no folder of the user's: Dagster takes the working directory unless it is told another
    code = ["-m", "xnai_pipelines.definitions", "-d", str(home.dagster), "-h", "127.0.0.1"]
    started = []
    if settings.mlflow_uri is None and not missing("mlflow"):
        storage = ["--backend-store-uri", home.mlflow_uri, "--artifacts-destination", home.mlartifacts.as_uri()]
        address = ["--host", host, "--port", str(settings.mlflow_port), "--workers", "1"]
        started.append(Server("MLflow UI", _module("mlflow", "server", *storage, *address), host, settings.mlflow_port))
    command = _module("dagster", "api", "grpc", *code, "-p", str(settings.code_port))
    started.append(Server(CODE_SERVER, command, "127.0.0.1", settings.code_port, first=True))
    command = _module("dagster_webserver", *workspace, "-h", host, "-p", str(settings.dagster_port))
    started.append(Server("Dagster UI", command, host, settings.dagster_port))
    started.append(Server(DAEMON, _module("dagster._daemon", "run", *workspace), host, None))
    if not missing("serve"):
        from xnai_pipelines.serving.run import is_loopback

        # the same guard as the Dagster UI beside it: on this machine none, from elsewhere a token
        command = _module("xnai_pipelines.cli", "serve", "--no-auth" if is_loopback(host) else "--auth")
        started.append(Server("chat page", command, host, settings.service_port))
    return started


def _module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module, without the working directory among the places of modules."""
    return [sys.executable, "-P", "-m", name, *arguments]


def serve(wanted: Sequence[Server], logs: Path, ready: Callable[[], None]) -> None:
    """Start the servers, call `ready` once all answer, and keep them until interrupted or one stops.

    Raises:
        ServerError: A port is taken, or a server did not start or stopped by itself.
    """
    try:
        with served(wanted, logs) as check:
            ready()
            while True:
                check()
                time.sleep(0.5)
    except KeyboardInterrupt:
        return


@contextmanager
def served(wanted: Sequence[Server], logs: Path) -> Iterator[Callable[[], None]]:
    """Start the servers and stop them after the block; the value raises a ServerError where one stopped by itself.

    Raises:
        ServerError: A port is taken, or a server did not start.
    """
    for server in wanted:
        if server.port is not None and _answers(server):
            raise ServerError(
                f"Port {server.port} for the {server.name} is taken. Stop what uses it, or set another one: "
                "XNAI_DAGSTER_PORT, XNAI_MLFLOW_PORT, XNAI_CODE_PORT, XNAI_SERVICE_PORT."
            )
    logs.mkdir(parents=True, exist_ok=True)
    # Dagster takes the first place of modules for the script's own and leaves it out while it loads a code location:
    # without another one before it, what the user's PYTHONPATH names first would not be found
    places = os.pathsep.join(filter(None, [str(logs), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": places}
    running: list[tuple[Server, subprocess.Popen[bytes]]] = []

    def check() -> None:
        for server, process in running:
            if process.poll() is not None:
                raise ServerError(_stopped(server, process, logs))

    for ending in ENDINGS:
        signal.signal(ending, _interrupt)
    try:
        for server in wanted:
            with _log(logs, server).open("wb") as log, _held_back():
                # a session of its own: an interrupt in the terminal reaches only us, and we stop them in order
                process = subprocess.Popen(
                    server.command, stdout=log, stderr=subprocess.STDOUT, env=environment, start_new_session=True
                )
                running.append((server, process))
            if server.first:
                _await(server, process, logs)
        for server, process in running:
            _await(server, process, logs)
        yield check
    finally:
        _ignore_endings()
        _stop([process for _, process in reversed(running)])


def _interrupt(_signal: int, _frame: object) -> None:
    _ignore_endings()
    raise KeyboardInterrupt


@contextmanager
def _held_back() -> Iterator[None]:
    """Interrupt after the block what is interrupted in it: nobody would stop a server that is only half known."""
    came: list[int] = []
    for ending in ENDINGS:
        signal.signal(ending, lambda number, _: came.append(number))
    yield
    for ending in ENDINGS:
        signal.signal(ending, _interrupt)
    if came:
        _interrupt(came[0], None)


def _ignore_endings() -> None:
    """Go on stopping the servers whatever comes: a second Ctrl-C would leave some of them behind."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)


def _log(logs: Path, server: Server) -> Path:
    return logs / f"{server.name.lower().replace(' ', '_')}.log"


def _answers(server: Server) -> bool:
    with socket.socket() as attempt:
        attempt.settimeout(1.0)
        return attempt.connect_ex((server.host, server.port or 0)) == 0


def _await(server: Server, process: subprocess.Popen[bytes], logs: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.port is not None and not _answers(server):
        if process.poll() is not None:
            raise ServerError(_stopped(server, process, logs))
        if time.monotonic() > deadline:
            raise ServerError(
                f"The {server.name} did not answer within {START_SECONDS:.0f} s; see {_log(logs, server)}."
            )
        time.sleep(0.1)


def _stopped(server: Server, process: subprocess.Popen[bytes], logs: Path) -> str:
    tail = _log(logs, server).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
    return "\n".join([f"The {server.name} stopped with exit code {process.returncode}. Its last output:", *tail])


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask the processes and their children, the runs among them, to end; then end them."""
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
