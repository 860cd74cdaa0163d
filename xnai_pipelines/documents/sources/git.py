"""A Git repository at a ref as a source. A file's version is the hash of its blob.

Nothing is checked out: a bare repository without history is fetched, and blobs are read from it. So no hook, filter,
attribute or symbolic link of the repository has any effect.
"""

import base64
import os
import subprocess
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from xnai_pipelines.documents.sources.source import Entry, Failed, Item, Skipped
from xnai_pipelines.documents.sources.specs import GitSpec
from xnai_pipelines.errors import EntryUnavailableError, SourceUnavailableError

SECONDS_TO_FETCH = 3_600.0
SECONDS = 300.0
STALLED_SECONDS = 60
BYTES_AT_ONCE = 2**20

_CURRENT = "refs/xnai/current"
_LARGE_FILE = b"version https://git-lfs.github.com/spec/"
# What git may know of this process: how to find programs, keys, proxies and certificates.
_PASSED_ON = (
    *("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_OPTIONS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "protocol.ext.allow": "never",
    "fetch.recurseSubmodules": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": str(STALLED_SECONDS),
    "gc.autoDetach": "false",
    "gc.pruneExpire": "now",
}
_NOT_A_FILE = {
    "120000": "symbolic link; a file of the repository is read by its own name",
    "160000": "submodule; add its repository as a source",
}


class GitSource:
    """The files of a repository at a ref; `revision` is the commit that was listed."""

    def __init__(self, spec: GitSpec, work: Path, token: str | None = None) -> None:
        """Prepare the source.

        Args:
            spec: The repository.
            work: Folder for the bare repository.
            token: Access token for http(s).
        """
        self._spec = spec
        self._repository = work / "repository"
        self._token = token
        self._blobs: subprocess.Popen[bytes] | None = None
        self.revision: str | None = None

    def items(self) -> Generator[Item]:
        """Fetch the ref and yield its files."""
        self._repository.mkdir(parents=True, exist_ok=True)
        for lock in self._repository.rglob("*.lock"):  # of a git that was killed
            lock.unlink()
        self._git("init", "--bare", "--quiet", str(self._repository))
        self._git(
            *("fetch", "--depth=1", "--no-tags", "--no-recurse-submodules", "--quiet", "--force"),
            *("--", self._spec.url, f"{self._spec.ref}:{_CURRENT}"),
            seconds=SECONDS_TO_FETCH,
        )
        commit = self._git("rev-parse", "--verify", f"{_CURRENT}^{{commit}}").decode().strip()
        modified_ns = int(self._git("show", "--no-patch", "--format=%ct", commit)) * 10**9
        listed = self._git("ls-tree", "-r", "-z", "--long", f"{commit}:{self._spec.folder}")
        self._git("gc", "--auto", "--quiet", seconds=SECONDS_TO_FETCH)
        self.revision = commit
        try:
            for line in filter(None, listed.split(b"\0")):
                facts, _, name = line.partition(b"\t")
                mode, _, blob, size = facts.decode().split()
                yield self._item(name, mode, Entry("", blob, "", int(size) if size != "-" else None, modified_ns))
        finally:
            self._end_blobs()

    def _item(self, name: bytes, mode: str, found: Entry) -> Item:
        try:
            path = name.decode()
        except UnicodeDecodeError:
            return Failed(name.decode(errors="backslashreplace"), "the name is not valid UTF-8")
        if mode in _NOT_A_FILE:
            return Skipped(_NOT_A_FILE[mode])
        place = f"{self._spec.folder}/{path}" if self._spec.folder else path
        origin = f"{self._spec.url}@{(self.revision or '')[:12]}:{place}"
        return Entry(path, found.version, origin, found.size_bytes, found.modified_ns)

    def fetch(self, entry: Entry, file: Path) -> None:
        """Write a blob to a file."""
        stream = self._asked_for(entry.version)
        header = stream.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            self._end_blobs()
            raise EntryUnavailableError("git does not have its content; the next run fetches it again")
        left, start = int(header[2]), b""
        with file.open("wb") as target:
            while left:
                piece = stream.read(min(left, BYTES_AT_ONCE))
                if not piece:
                    self._end_blobs()
                    raise EntryUnavailableError("git stopped while its content was read")
                start = start or piece[: len(_LARGE_FILE)]
                left -= target.write(piece)
        stream.read(1)  # the newline after the content
        if start == _LARGE_FILE:
            raise EntryUnavailableError("its content is in Git LFS, which is not read")

    def _asked_for(self, blob: str) -> IO[bytes]:
        """Return the stream that begins with the answer about a blob; one process answers for all of them."""
        if self._blobs is None:
            self._blobs = subprocess.Popen(
                self._command("cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment(),
            )
        asked, answered = self._blobs.stdin, self._blobs.stdout
        assert asked is not None and answered is not None  # noqa: S101, PT018  # they are pipes
        with suppress(BrokenPipeError):  # then there is no answer either
            asked.write(f"{blob}\n".encode())
            asked.flush()
        return answered

    def _end_blobs(self) -> None:
        process, self._blobs = self._blobs, None
        if process is not None:
            process.kill()
            process.communicate()

    def _command(self, *arguments: str) -> list[str]:
        options = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
        return ["git", f"--git-dir={self._repository}", *options, *arguments]

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        settings = {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file",
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
            "LC_ALL": "C",
        }
        return {**passed, **settings, **self._authorization()}

    def _authorization(self) -> dict[str, str]:
        """Return the token as a setting for the host of the URL alone. In the environment, no other user reads it."""
        url = urlsplit(self._spec.url)
        if self._token is None or url.scheme not in ("http", "https"):
            return {}
        secret = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{url.scheme}://{url.netloc}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
        }

    def _git(self, *arguments: str, seconds: float = SECONDS) -> bytes:
        """Return what a git command prints.

        Raises:
            SourceUnavailableError: It fails, takes too long, or there is no git.
        """
        try:
            done = subprocess.run(
                self._command(*arguments),
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                env=self._environment(),
                check=False,
            )
        except FileNotFoundError:
            raise SourceUnavailableError(f"The source {self._spec.name} needs the command git. Install it.") from None
        except subprocess.TimeoutExpired:
            raise self._unavailable(f"git {arguments[0]} took longer than {seconds:.0f} s") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
            raise self._unavailable(f"git {arguments[0]}: {said[0].removeprefix('fatal: ').rstrip('.')}")
        return done.stdout

    def _unavailable(self, reason: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"{self._spec.url} of {self._spec.name} cannot be read at {self._spec.ref}: {reason}. Check the URL, the "
            f"ref, the folder and the token."
        )
