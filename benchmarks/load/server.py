"""A server in a process of its own, and the processor time that it takes."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.state.layout import Home

_NEVER = "1000000"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        address: Its base URL.
        process: Its process id.
        ready_seconds: Wall time from its start to its first answer from /ready.
        ready_processor_seconds: Processor time until then.
    """

    address: str
    process: int
    ready_seconds: float
    ready_processor_seconds: float

    @property
    def processor_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory_mib(self) -> float:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def service(home: Home) -> Iterator[Server]:
    """Yield `xnai serve` over a home, without a rate limit."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XNAI_")}
    environment |= {
        "XNAI_HOME": str(home.root),
        "XNAI_SERVICE_PORT": str(port),
        "XNAI_REQUESTS_PER_MINUTE": _NEVER,
    }
    with _started(["-m", "xnai_pipelines.cli", "serve"], port, environment) as server:
        yield server


@contextmanager
def bare_route() -> Iterator[Server]:
    """Yield the bare FastAPI route."""
    port = _free_port()
    with _started(["-m", "benchmarks.load.bare", str(port)], port, dict(os.environ)) as server:
        yield server


@contextmanager
def _started(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[Server]:
    started = time.perf_counter()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _is_ready(address):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}.")
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        spent = Server(address, process.pid, 0.0, 0.0).processor_seconds
        yield Server(address, process.pid, seconds, spent)
    finally:
        process.terminate()
        process.wait()


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/ready", timeout=10) as response:  # noqa: S310 - this machine's server
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
