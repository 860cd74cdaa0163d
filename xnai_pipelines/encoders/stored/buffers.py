"""The size of each buffer of an Arrow record batch, in the file and in memory, known before it is decompressed.

Arrow's own reader allocates what a buffer claims to need, so these sizes are read first. The layout is that of the
Arrow columnar format (Message.fbs; "Serialization and interprocess communication", buffer compression).
"""

import struct
from dataclasses import dataclass

import pyarrow as pa

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
