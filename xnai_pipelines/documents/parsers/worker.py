"""The worker process: parses the files that its parent names, one at a time, under limits.

`python -m xnai_pipelines.documents.parsers.worker` reads requests from standard input and writes replies to standard
output. Each is a JSON value after its length in four bytes. The replies to a request are documents, bad records and
unpacked members, then {"done": true} or {"error": ...}. See `isolation` for the other side.
"""

import json
import logging
import os
import resource
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, ParseLimits, SourceFile, UnpackedMember
from xnai_pipelines.documents.parsers.read import read_contents
from xnai_pipelines.documents.parsers.registry import parser_for
from xnai_pipelines.errors import FileError, SkippedFileError

_LENGTH_BYTES = 4
_MAX_WRITTEN = 128 * 2**20  # bytes in any file but members: py3langid unpacks its model of 65 MB


def main() -> None:
    """Serve requests until the parent closes the pipe or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not look like a reply
    while (request := _receive(sys.stdin.buffer)) is not None:
        for reply in _answer(request):
            _send(replies, reply)


def _answer(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    limits = ParseLimits(**request["limits"])
    _limit("RLIMIT_AS", limits.memory_bytes)
    _limit("RLIMIT_FSIZE", max(_MAX_WRITTEN, limits.max_unpacked_bytes if request["unpack_into"] else 0))
    source = SourceFile(
        Path(request["path"]),
        request["name"],
        request["media_type"],
        limits,
        unpack_into=request["unpack_into"] and Path(request["unpack_into"]),
        exclude=tuple(request["exclude"]),
    )
    try:
        _allow_seconds(limits.seconds)
        for content in read_contents(parser_for(source.media_type), source):
            yield _reply(content)
            _allow_seconds(limits.seconds)
    except FileError as error:
        yield {"error": _error(error)}
    else:
        yield {"done": True}


def _reply(content: Content | BadRecord | UnpackedMember) -> dict[str, Any]:
    if isinstance(content, UnpackedMember):
        error, file = (_error(content.file), "") if isinstance(content.file, FileError) else (None, str(content.file))
        return {"member": {"name": content.name, "record_id": content.record_id, "file": file, "error": error}}
    return {"record" if isinstance(content, BadRecord) else "document": asdict(content)}


def _error(error: FileError) -> dict[str, Any]:
    return {"kind": error.kind, "message": str(error), "skipped": isinstance(error, SkippedFileError)}


def _allow_seconds(seconds: float) -> None:
    """Limit CPU time, which ends an endless loop even if the parent is gone."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit("RLIMIT_CPU", int(usage.ru_utime + usage.ru_stime + seconds) + 2)


def _limit(name: str, wanted: int) -> None:
    which = getattr(resource, name)
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _receive(stream: BinaryIO) -> dict[str, Any] | None:
    header = stream.read(_LENGTH_BYTES)
    if len(header) < _LENGTH_BYTES:
        return None
    request: dict[str, Any] = json.loads(stream.read(int.from_bytes(header, "big")))
    return request


def _send(stream: BinaryIO, reply: dict[str, Any]) -> None:
    payload = json.dumps(reply, ensure_ascii=False).encode("utf-8", errors="surrogatepass")
    stream.write(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload)
    stream.flush()


if __name__ == "__main__":
    main()
