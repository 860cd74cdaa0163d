"""A file with the hash of its own bytes: written atomically, rejected if any bit differs."""

import hashlib
import mmap
import os
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from xnai_pipelines.errors import QuantizedFileError

# Arrow writes the schema, and with it this value, twice: at the start of the file and in its footer. The hash is that
# of the file with zeros in both places. So it covers what hashes of columns cannot: padding, offsets, the footer.
_MARK = b"sha256 of this file, zeros here:"
UNSEALED = _MARK + b"0" * 64
_SEAL = re.compile(re.escape(_MARK) + b".{64}", re.DOTALL)
_MAGIC = b"ARROW1"


def write_sealed(path: Path, write: Callable[[Path], None]) -> int:
    """Write a sealed file atomically and return its size in bytes.

    `write` receives a path and writes an Arrow file there, whose schema metadata has the value `UNSEALED`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(temporary)
        with temporary.open("r+b") as file:
            with mmap.mmap(file.fileno(), 0) as content:
                digest, places = _seal(content)
                for place in places:
                    content[place : place + 64] = digest
                content.flush()
            os.fsync(file.fileno())
        size = temporary.stat().st_size
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return size


def map_sealed(path: Path) -> pa.Buffer:
    """Return the file's bytes, mapped and not copied, after checking every one against the seal.

    Raises:
        QuantizedFileError: It is missing, not an Arrow file, truncated, not sealed, or changed.
    """
    try:
        with pa.memory_map(str(path)) as file:
            content: pa.Buffer = file.read_buffer()
    except (OSError, pa.ArrowException) as error:
        raise QuantizedFileError(f"{path} cannot be read: {error}") from error
    view = memoryview(content)
    if bytes(view[:6]) != _MAGIC:
        raise QuantizedFileError(f"{path} is not an Arrow file: not a quantized model, or its beginning is lost.")
    if len(view) < 16 or bytes(view[-6:]) != _MAGIC:
        raise QuantizedFileError(f"{path} is truncated: its end is missing. Copy or build it again.")
    try:
        digest, places = _seal(view)
    except QuantizedFileError as error:
        raise QuantizedFileError(f"{path} {error}") from error
    if any(bytes(view[place : place + 64]) != digest for place in places):
        raise QuantizedFileError(f"{path} is damaged: its bytes are not those that were written. Build it again.")
    return content


def _seal(content: "memoryview | mmap.mmap") -> tuple[bytes, list[int]]:
    """Return the hash that the file should have, 64 hexadecimal digits, and the two places where it is stored."""
    places = [match.end() - 64 for match in _SEAL.finditer(content)]
    if len(places) != 2:
        raise QuantizedFileError("has no complete seal: it is damaged, or it is not a quantized model's file.")
    digest, done = hashlib.sha256(), 0
    with memoryview(content) as view:
        for place in places:
            digest.update(view[done:place])
            digest.update(b"0" * 64)
            done = place + 64
        digest.update(view[done:])
    return digest.hexdigest().encode(), places
