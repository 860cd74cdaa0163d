"""The size of each buffer of an Arrow record batch, in the file and in memory, known before it is decompressed.

Arrow's own reader allocates what a buffer claims to need, so these sizes are read first. The layout is that of the
Arrow columnar format (Message.fbs; "Serialization and interprocess communication", buffer compression).
"""

import hashlib
import mmap
import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from xnai_pipelines.errors import QuantizedFileError

_MESSAGE_HEADER = 2  # fields of the flatbuffer tables Message and RecordBatch, by number
_BATCH_BUFFERS = 2


@dataclass(frozen=True, slots=True)
class BufferSize:
    """Size of one buffer in bytes: `stored` as compressed, `raw` in memory."""

    stored: int
    raw: int


def buffer_sizes(message: pa.ipc.Message) -> list[BufferSize]:
    """Return the sizes of a compressed record batch's buffers, in the order of its columns.

    Raises:
        ValueError: The message describes buffers outside itself.
    """
    try:
        return _read(memoryview(message.metadata), memoryview(message.body))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"a record batch's description is unreadable ({error})") from error


def data_buffers(schema: pa.Schema) -> dict[str, int]:
    """Return, for each binary column, the number of the batch's buffer with its bytes."""
    places, count = {}, 0
    for field in schema:
        if pa.types.is_large_binary(field.type):
            places[field.name] = count + 2  # after validity and offsets
        binary = pa.types.is_large_binary(field.type) or pa.types.is_string(field.type)
        count += 4 if pa.types.is_list(field.type) else 3 if binary else 2
    return places


def _read(description: memoryview, body: memoryview) -> list[BufferSize]:
    root = _uint32(description, 0)
    batch = _follow(description, _field(description, root, _MESSAGE_HEADER))
    vector = _follow(description, _field(description, batch, _BATCH_BUFFERS))
    sizes = []
    for number in range(_uint32(description, vector)):
        offset, stored = struct.unpack_from("<qq", description, vector + 4 + 16 * number)
        if offset < 0 or stored < 0 or offset + stored > len(body):
            raise ValueError("a buffer is outside its record batch")
        # a compressed buffer begins with its size in memory; -1 precedes one that did not shrink
        raw = struct.unpack_from("<q", body, offset)[0] if stored else 0
        if raw < -1:
            raise ValueError(f"a buffer claims {raw} bytes")
        sizes.append(BufferSize(stored, stored - 8 if raw == -1 else raw))
    return sizes


def _field(data: memoryview, table: int, number: int) -> int:
    """Return the position of a table's field."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    place = 4 + 2 * number
    offset = struct.unpack_from("<H", data, vtable + place)[0] if place < _uint16(data, vtable) else 0
    if not offset:
        raise ValueError("a record batch's description lacks a field")
    return int(table + offset)


def _follow(data: memoryview, place: int) -> int:
    return place + _uint32(data, place)


def _uint16(data: memoryview, place: int) -> int:
    return int(struct.unpack_from("<H", data, place)[0])


def _uint32(data: memoryview, place: int) -> int:
    return int(struct.unpack_from("<I", data, place)[0])


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
