"""A real PostgreSQL server on a loopback address of its own, with the databases of the compose file."""

import os
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "p@ss/word"  # one that an address would have to escape
USER = "dagster"
LOG_CHARS = 4_000  # of the log, below a failure


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them apart."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


class Server:
    """A server on an address of its own, with an empty database for Dagster and one for MLflow.

    It is in a session of its own, so that what ends the tests' process group leaves it to its fixture, and shares
    memory by files of its folder: /dev/shm is small in containers, and some systems empty it when a user logs out.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.address = ".".join(["127", *(str(random.SystemRandom().randint(1, 254)) for _ in range(3))])
        self.variables = {"PGHOST": self.address, "PGUSER": USER, "PGPASSWORD": PASSWORD, "PGDATABASE": "postgres"}
        self._programs, self._log = programs, folder / "log"
        self._as_user: dict[str, Any] = {"cwd": folder}
        if os.geteuid() == 0:  # as which it refuses to run
            self._as_user["user"] = "postgres"
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        data, password = folder / "data", folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        made = ["initdb", "--no-sync", "--username", USER, "--auth", "scram-sha-256", "--pwfile", password]
        self._run(*made, "--pgdata", data, "--locale", "C", "--encoding", "UTF8", **self._as_user)
        options = {
            "listen_addresses": self.address,
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "16MB",
            "dynamic_shared_memory_type": "mmap",
        }
        command = [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stderr=log, start_new_session=True, **self._as_user)
        until(lambda: self._answers() or self._process.poll() is not None)
        assert self._process.poll() is None, self.log
        for statement in ("CREATE DATABASE dagster", (ROOT / "docker/postgres.sql").read_text()):
            self._run("psql", "--quiet", "--command", statement, env={**os.environ, **self.variables})

    @property
    def log(self) -> str:
        """What the server said last, with its exit code if it ended."""
        code = self._process.poll()
        ended = "" if code is None else f"The server ended with code {code}.\n"
        return ended + self._log.read_text(errors="replace")[-LOG_CHARS:]

    def stop(self) -> None:
        """End the server; SIGTERM would wait for the pools of connections that tests left."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    def _answers(self) -> bool:
        """Return whether it serves: it accepts connections before, and refuses them."""
        command = [self._programs / "pg_isready", "--quiet", "--host", self.address]
        return subprocess.run(command, check=False).returncode == 0

    def _run(self, program: str, *arguments: str | Path, **options: Any) -> None:
        command = [self._programs / program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stdout + done.stderr


_running: list[Server] = []  # of this test process


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, str]]:
    """The variables by which Dagster and MLflow reach the server, as the compose file sets them."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp") as folder:  # which its user may enter
        server = Server(programs, Path(folder))
        _running.append(server)
        try:
            yield {
                "XNAI_POSTGRES_HOST": server.address,
                "XNAI_POSTGRES_USER": USER,
                "XNAI_POSTGRES_PASSWORD": PASSWORD,
                "XNAI_POSTGRES_DB": "dagster",
                **server.variables,
            }
        finally:
            _running.remove(server)
            server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the server said below a failure of a test that uses it."""
    report = yield
    if report.failed and "postgres" in getattr(item, "fixturenames", ()):
        report.sections += [("PostgreSQL", server.log) for server in _running]
    return report
