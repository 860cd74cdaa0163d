"""A real PostgreSQL server on a loopback address of its own, with the databases of the compose file."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "p@ss/word"  # one that an address would have to escape
USER = "dagster"


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them apart."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables by which Dagster and MLflow reach the server, as the compose file sets them."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    folder = tmp_path_factory.mktemp("postgres")
    as_user = {"user": "postgres"} if os.geteuid() == 0 else {}  # it refuses to run as root
    for parent in (folder, *folder.parents) if as_user else ():
        if parent.stat().st_mode & 0o055 != 0o055:
            parent.chmod(parent.stat().st_mode | 0o055)
    if as_user:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    (folder / "password").write_text(PASSWORD)
    address = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    environment = {"PGHOST": address, "PGUSER": USER, "PGPASSWORD": PASSWORD, "PGDATABASE": "postgres"}
    made = [programs / "initdb", "--no-sync", "--username", USER, "--auth", "scram-sha-256", "--pwfile"]
    made += [folder / "password", "--pgdata", folder / "data", "--locale", "C.UTF-8"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **as_user)
    options = {"listen_addresses": address, "unix_socket_directories": "", "fsync": "off", "shared_buffers": "16MB"}
    command = [programs / "postgres", "-D", folder / "data", *(f"--{name}={value}" for name, value in options.items())]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder, **as_user)
    try:
        until(lambda: _answers(address) or server.poll() is not None)
        assert server.poll() is None
        for statement in ("CREATE DATABASE dagster", (ROOT / "docker/postgres.sql").read_text()):
            subprocess.run(
                [programs / "psql", "--quiet", "--command", statement], check=True, env={**os.environ, **environment}
            )
        yield {
            "XNAI_POSTGRES_HOST": address,
            "XNAI_POSTGRES_USER": USER,
            "XNAI_POSTGRES_PASSWORD": PASSWORD,
            "XNAI_POSTGRES_DB": "dagster",
            **environment,
        }
    finally:
        server.send_signal(signal.SIGINT)  # SIGTERM would wait for the pools of connections that tests left
        server.wait()


def _answers(address: str) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex((address, 5432)) == 0
