"""A real Redis server on a socket file, for the tests of one process."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from tests.support.waiting import until


class RedisServer:
    """A running server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is not installed: apt-get install redis-server")
        self._socket = folder / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(folder)]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        self.client = Redis(unix_socket_path=str(self._socket))
        until(self._answers)

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"unix://{self._socket}")

    def contents(self) -> bytes:
        """Return names and values; a name may be removed while they are read."""
        return b" ".join(part for name in self.client.scan_iter() for part in (name, self.client.get(name) or b""))

    def _answers(self) -> bool:
        """Return whether it listens; its socket exists before."""
        assert self._process.poll() is None, "redis-server ended"
        with suppress(RedisConnectionError):
            return bool(self.client.ping())
        return False

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Yield a server that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="redis-", dir="/tmp") as folder:  # the path of a socket has to be short
        server = RedisServer(Path(folder))
        try:
            yield server
        finally:
            server.client.close()
            server.kill()
