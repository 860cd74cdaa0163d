"""The parent's side of the worker process: starts it, sends it files, ends it if a file exceeds a limit."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import xnai_pipelines
from xnai_pipelines.documents.parsers.parsed import (
    BadRecord,
    Content,
    Heading,
    Markup,
    Omission,
    Page,
    SourceFile,
    UnpackedMember,
)
from xnai_pipelines.errors import FileError, SkippedFileError, UnreadableError

# The environment that the worker gets: it reads hostile files, so it gets no secrets.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH")
_LENGTH_BYTES = 4
_READ_BYTES = 2**20
_BYTES_PER_CHAR = 12  # of a reply: an escaped character of text, and its share of headings
_REPLY_BYTES = 2**20
_START_SECONDS = 60.0  # for imports on a busy machine, before the first file's own time
_END_SECONDS = 2.0
_ERROR_TAIL = 500


class ParserWorker:
    """A worker process for the parsers of hostile formats. It starts at its first file and is kept for the next.

    A file that takes too long or too much memory, or crashes the process, costs that file only: the process is
    killed, and the next file gets a new one. A context manager, not thread-safe.

    Attributes:
        folder: Where files that lie in files are unpacked; None for the system's temporary folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._fresh = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process if there is one. The worker can be used again."""
        process, self._process = self._process, None
        errors, self._errors = self._errors, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()
        if errors is not None:
            errors.close()

    def parse(self, source: SourceFile) -> Iterator[Content | BadRecord | UnpackedMember]:
        """Yield what the parser of the file's media type makes of it, as `read_contents` does in this process.

        The time limit counts the wait for each document, not the caller's work between them.

        Raises:
            UnreadableError: As the parser says; also "timeout", "memory" and "crashed".
            SkippedFileError: As the parser says.
        """
        finished = False
        try:
            self._send(source)
            while not finished:
                reply = self._receive(source)
                if "error" in reply:
                    error = _error(reply["error"])
                    finished = error.kind != "memory"  # a process that ran out of memory is worn out
                    raise error
                if "document" in reply:
                    yield _content(reply["document"])
                elif "record" in reply:
                    yield BadRecord(**reply["record"])
                elif "member" in reply:
                    yield _member(reply["member"], source)
                else:
                    finished = True
        finally:
            if not finished:  # also if the caller stops early: replies are left in the pipe
                self.close()

    def _send(self, source: SourceFile) -> None:
        request = {
            "path": str(source.path.absolute()),
            "name": source.name,
            "media_type": source.media_type,
            "limits": asdict(source.limits),
            "unpack_into": source.unpack_into and str(source.unpack_into),
            "exclude": source.exclude,
        }
        payload = json.dumps(request).encode("ascii")  # file names that are not Unicode stay as they are
        stream = self._running().stdin
        self._forget_errors()
        assert stream is not None  # noqa: S101  # it is a pipe
        try:
            stream.write(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload)
            stream.flush()
        except BrokenPipeError as error:
            raise self._crashed() from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # close() closes it
            self._process = subprocess.Popen(
                [sys.executable, "-m", "xnai_pipelines.documents.parsers.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                cwd=Path(xnai_pipelines.__file__).parents[1],  # the same code as this process runs
            )
            self._fresh = True
        return self._process

    def _forget_errors(self) -> None:
        """Drop what was written about earlier files: it would mislead about the next one and fill the disk."""
        if self._errors is not None:
            self._errors.seek(0)
            self._errors.truncate()

    def _receive(self, source: SourceFile) -> dict[str, Any]:
        deadline = time.monotonic() + source.limits.seconds + (_START_SECONDS if self._fresh else 0)
        length = int.from_bytes(self._read(_LENGTH_BYTES, deadline, source), "big")
        if length > _REPLY_BYTES + _BYTES_PER_CHAR * source.limits.max_text_chars:
            raise UnreadableError("too_large", "The file gives more text than allowed. Split it.")
        reply: dict[str, Any] = json.loads(self._read(length, deadline, source).decode("utf-8", "surrogatepass"))
        self._fresh = False
        return reply

    def _read(self, length: int, deadline: float, source: SourceFile) -> bytes:
        process = self._running_or_crashed()
        stream = process.stdout
        assert stream is not None  # noqa: S101  # it is a pipe
        data = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while len(data) < length:
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise UnreadableError(
                        "timeout",
                        f"Reading the file takes longer than {source.limits.seconds:g} s. Split it, or raise "
                        "XNAI_PARSE_SECONDS.",
                    )
                piece = stream.read(min(length - len(data), _READ_BYTES))
                if not piece:
                    raise self._crashed()
                data += piece
        return bytes(data)

    def _running_or_crashed(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise self._crashed()
        return self._process

    def _crashed(self) -> UnreadableError:
        """Return why the process is gone: its signal, or the last line that it wrote."""
        status: int | None = None
        if self._process is not None:
            try:
                status = self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                status = None
        if status == -signal.SIGXCPU:
            return UnreadableError(
                "timeout",
                "Reading the file takes more processor time than allowed. Split it, or raise XNAI_PARSE_SECONDS.",
            )
        how = f"status {status}"
        if status is not None and status < 0:
            how = signal.Signals(-status).name
        words = ""
        if self._errors is not None:
            size = self._errors.seek(0, 2)
            self._errors.seek(max(0, size - _ERROR_TAIL))
            words = self._errors.read().decode("utf-8", errors="replace").strip().rsplit("\n", maxsplit=1)[-1]
        return UnreadableError(
            "crashed",
            f"Reading the file crashed its parser ({how}{': ' + words if words else ''}). Save it again.",
        )


def _error(reply: dict[str, Any]) -> FileError:
    return (SkippedFileError if reply["skipped"] else UnreadableError)(reply["kind"], reply["message"])


def _member(reply: dict[str, Any], source: SourceFile) -> UnpackedMember:
    """Return a member, whose file is never outside the folder that the worker was given."""
    assert source.unpack_into is not None  # noqa: S101  # no member is unpacked without it
    file = _error(reply["error"]) if reply["error"] else source.unpack_into / Path(reply["file"]).name
    return UnpackedMember(reply["name"], file, reply["record_id"])


def _content(reply: dict[str, Any]) -> Content:
    return Content(
        title=reply["title"],
        text=reply["text"],
        markup=Markup(reply["markup"]),
        headings=tuple(Heading(**heading) for heading in reply["headings"]),
        pages=tuple(Page(**page) for page in reply["pages"]),
        record_id=reply["record_id"],
        encoding_repair=reply["encoding_repair"],
        omissions=tuple(Omission(**omission) for omission in reply["omissions"]),
    )
