"""Commands in processes of their own that tests start, stop, kill and wait for; `forked.py` says how they start."""

import atexit
import functools
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.support import forked

_ROOT = Path(__file__).resolve().parents[2]
_SHARED = "TESTS_SHARED_FORK_SERVER"


@functools.cache
def server() -> str:
    """Return the address of the server. The first call starts it, in a process whose tests share none."""
    if _SHARED in os.environ:
        return os.environ[_SHARED]
    address, listener = _listening()
    _start(listener)
    return address


def share_server() -> None:
    """Have the test processes that this one starts share a server, which begins its imports when one first asks."""
    os.environ[_SHARED], listener = _listening()

    def start_when_asked() -> None:
        select.select([listener], [], [])
        _start(listener)

    threading.Thread(target=start_when_asked, daemon=True).start()


def _listening() -> tuple[str, socket.socket]:
    """Return a new address and what listens there."""
    folder = tempfile.mkdtemp(prefix="forks")
    atexit.register(shutil.rmtree, folder)
    address, listener = f"{folder}/server", socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    return address, listener


def _start(listener: socket.socket) -> None:
    """Start the server, which takes over what listens and ends with this process."""
    with listener:
        code = f"from tests.support.fork_server import run; run({listener.fileno()})"
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=_ROOT, stdin=subprocess.PIPE, pass_fds=[listener.fileno()], start_new_session=True,
        )  # fmt: skip

    def end() -> None:
        process.stdin.close()
        process.wait()

    atexit.register(end)


def environment() -> dict[str, str]:
    """Return this process's environment without settings of the product, of Dagster and of MLflow."""
    ours = ("XNAI_", "DAGSTER_", "MLFLOW_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


_given: set[int] = set()  # the ports that this process was told of


def free_port() -> int:
    """Return a port that nothing listens on, below those that systems give to connections and to port 0.

    Such a port could be taken between now and its use, but not by another test: each test process has ports of its own.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = 64 * random.SystemRandom().randint(160, 499) + number % 64  # 10,240 to 31,999
        if port in _given:
            continue
        _given.add(port)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


class Process:
    """A process of Python with these arguments, in a session of its own; like `subprocess.Popen` with its pipes.

    What it writes is kept for `communicate`, unless it is given files to write to.

    Attributes:
        pid: Its number.
        returncode: How it ended, negative for the signal that ended it; None until `poll` or `communicate` saw it.
    """

    def __init__(
        self,
        arguments: list[str],
        environment: Mapping[str, str],
        folder: Path | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        self.returncode: int | None = None
        self._out, self._err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")  # noqa: SIM115
        with Path(os.devnull).open() as nothing:
            files = [
                nothing.fileno(),
                self._out.fileno() if stdout is None else stdout,
                self._err.fileno() if stderr is None else stderr,
            ]
            self._told = forked.ask(server(), arguments, str(folder or Path.cwd()), dict(environment), files)
        _, self.pid = forked.hear(self._told)

    def _hear(self) -> str:
        word, number = forked.hear(self._told)
        if word == "ended":
            self.returncode = number
            self._told.close()
        return word

    def poll(self) -> int | None:
        """Return the code with which the process ended, None if it has not."""
        while self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self._hear()
        return self.returncode

    def wait_until_stopped(self) -> None:
        """Wait until a signal stops the process."""
        assert self._hear() == "stopped", self.communicate()

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)

    def communicate(self) -> tuple[str, str]:
        """Wait for the end of the process; return what it wrote to its standard output and to its standard error."""
        while self.returncode is None:
            self._hear()
        written = []
        for file in (self._out, self._err):
            file.seek(0)
            written.append(file.read())
            file.close()
        return written[0], written[1]


def run(
    arguments: list[str], environment: Mapping[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments, and wait for its end."""
    process = Process(arguments, environment, folder)
    out, err = process.communicate()
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)
