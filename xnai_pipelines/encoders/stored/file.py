"""The file of a quantized model: Arrow IPC with zstd, one row per tensor, sealed; it is restored bit for bit.

Any Arrow library opens it; `COLUMNS` in rows.py describes the bytes of each column. The schema's metadata has the
format's version, the scheme, the SHA-256 of base weights and calibration texts, and the libraries used.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from xnai_pipelines.encoders.stored.buffers import UNSEALED, BufferSize, buffer_sizes, map_sealed, write_sealed
from xnai_pipelines.encoders.stored.rows import COLUMNS, PAYLOAD, REQUIRED, to_row, to_tensor
from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor, Statistics
from xnai_pipelines.errors import QuantizedFileError

FORMAT_VERSION = 1
SCHEMA = pa.schema(COLUMNS)
_FORMAT = "xnai quantized model"
# Higher levels take 30 times as long and save less than 1 % of packed codes, which are nearly noise.
_ZSTD_LEVEL = 1
# Rows share a record batch up to this size. Each batch adds about 2 kB: one per tensor would add 225 kB to MiniLM's
# 101, and one for all would need as much memory again as the file when a large model is read.
_BATCH_BYTES = 4 << 20
# Limits what a file can make its reader allocate. No useful model has less than an eighth of a bit per weight.
_FREE_WEIGHTS = 1 << 24
_WEIGHTS_PER_BYTE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The file's description of its model, which has `tensors` tensors."""

    scheme: Scheme
    base_sha256: str
    calibration_sha256: str | None
    statistics: Statistics
    libraries: dict[str, str]
    tensors: int


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """Rows of one record batch, each column by name, and the sizes of the batch's buffers."""

    rows: list[dict[str, Any]]
    buffers: list[BufferSize]


def save(model: QuantizedModel, path: Path) -> int:
    """Write the model as one file at `path`, atomically, and return the bytes written.

    Raises:
        QuantizedFileError: A tensor has infinities or NaN, is inconsistent or has another's name; or the file cannot be
            written.
    """
    _check_names(tensor.name for tensor in model.tensors)
    metadata = {
        "format": _FORMAT,
        "format_version": str(FORMAT_VERSION),
        "scheme": model.scheme.description,
        "base_sha256": model.base_sha256,
        "statistics": _json(asdict(model.statistics)),
        "libraries": _json(model.libraries),
        "tensors": str(len(model.tensors)),
        "seal": UNSEALED,
    }
    if model.calibration_sha256 is not None:
        metadata["calibration_sha256"] = model.calibration_sha256
    schema = SCHEMA.with_metadata(metadata)
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=_ZSTD_LEVEL))

    def write(temporary: Path) -> None:
        with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
            for rows in _together(model.tensors):
                writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
        weights = sum(math.prod(tensor.shape) for tensor in model.tensors)
        _check_weights(weights, temporary.stat().st_size)

    try:
        return write_sealed(path, write)
    except (OSError, QuantizedFileError) as error:
        raise QuantizedFileError(f"{path} was not written: {error}") from error


def load(path: Path, base_sha256: str | None = None) -> QuantizedModel:
    """Return the model of a file, each tensor with the codes, scales and values it was saved with, bit for bit.

    Args:
        path: A file written by `save`.
        base_sha256: SHA-256 of the full model's weights, if the file must belong to them.

    Raises:
        QuantizedFileError: The file is damaged, truncated, of another format version or made from other weights.
    """
    header, batches = read(path)
    if base_sha256 is not None and header.base_sha256 != base_sha256:
        raise QuantizedFileError(
            f"{path} was quantized from the weights {header.base_sha256[:16]}, not from {base_sha256[:16]}. "
            "Quantize that model, or name the right one."
        )
    return QuantizedModel(
        tensors=tuple(_tensor(path, row) for batch in batches for row in batch.rows),
        scheme=header.scheme,
        base_sha256=header.base_sha256,
        calibration_sha256=header.calibration_sha256,
        statistics=header.statistics,
        libraries=header.libraries,
    )


def state_dict(model: QuantizedModel) -> dict[str, Any]:
    """Return the restored weights as a torch state dict, each tensor in its original type.

    Raises:
        QuantizedFileError: torch has no such type.
    """
    import torch

    weights = {}
    for tensor in model.tensors:
        dtype = getattr(torch, tensor.dtype, None)
        if not isinstance(dtype, torch.dtype):
            raise QuantizedFileError(f"{tensor.name}: torch has no type {tensor.dtype!r}.")
        weights[tensor.name] = torch.from_numpy(tensor.restored()).to(dtype)
    return weights


def read(path: Path) -> tuple[Header, Iterator[StoredBatch]]:
    """Return an intact file's header, and its rows batch by batch; codes stay as stored.

    Raises:
        QuantizedFileError: As `load`; for rows, when they are reached.
    """
    content = map_sealed(path)
    try:
        # a stream of messages follows the file's first 8 bytes; the footer repeats their positions
        messages = pa.ipc.MessageReader.open_stream(pa.BufferReader(content[8:]))
        header = _read_header(pa.ipc.read_schema(_of_type(messages.read_next_message(), "schema")))
    except QuantizedFileError as error:
        raise QuantizedFileError(f"{path} {error}") from error
    except (pa.ArrowException, OSError, StopIteration, ValueError, TypeError, KeyError) as error:
        raise QuantizedFileError(f"{path} has an unreadable description of its model: {error}") from error
    return header, _read_batches(path, messages, header, content.size)


def _read_header(schema: pa.Schema) -> Header:
    metadata = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    if metadata.get("format") != _FORMAT:
        raise QuantizedFileError("is an Arrow file, but not a quantized model's.")
    if metadata["format_version"] != str(FORMAT_VERSION):
        raise QuantizedFileError(
            f"has format version {metadata['format_version']}; this program reads version {FORMAT_VERSION}. "
            "Quantize the model again, or use the program that wrote it."
        )
    if not schema.equals(SCHEMA):
        raise QuantizedFileError("has other columns than a quantized model.")
    scheme = json.loads(metadata["scheme"])
    statistics = json.loads(metadata["statistics"])
    return Header(
        scheme=Scheme(
            **{**scheme, "method": Method(scheme["method"]), "granularity": Granularity(scheme["granularity"])}
        ),
        base_sha256=metadata["base_sha256"],
        calibration_sha256=metadata.get("calibration_sha256"),
        statistics=Statistics(**{**statistics, "notes": tuple(statistics["notes"])}),
        libraries=json.loads(metadata["libraries"]),
        tensors=int(metadata["tensors"]),
    )


def _read_batches(path: Path, messages: Any, header: Header, size: int) -> Iterator[StoredBatch]:
    names: list[str] = []
    weights = raw = 0
    try:
        for message in messages:
            buffers = buffer_sizes(_of_type(message, "record batch"))
            raw += sum(buffer.raw for buffer in buffers)
            _check_weights(raw // 4, size)
            batch = pa.ipc.read_record_batch(message, SCHEMA)
            batch.validate(full=True)
            rows = [_row(batch, number) for number in range(batch.num_rows)]
            names += [row["name"] for row in rows]
            weights += sum(math.prod(row["shape"]) for row in rows)
            _check_weights(weights, size)
            yield StoredBatch(rows, buffers)
        _check_names(names)
        if len(names) != header.tensors:
            raise QuantizedFileError(f"it has {len(names)} tensors, but its header says {header.tensors}.")
    except (pa.ArrowException, OSError, ValueError, QuantizedFileError) as error:
        raise QuantizedFileError(f"{path} is refused: {error}") from error


def _tensor(path: Path, row: dict[str, Any]) -> QuantizedTensor:
    try:
        return to_tensor(row)
    except QuantizedFileError as error:
        raise QuantizedFileError(f"{path} is refused: {error}") from error


def _of_type(message: pa.ipc.Message, wanted: str) -> pa.ipc.Message:
    """Raise for another type of message: pyarrow 25 dies of a segmentation fault when it reads one as a schema."""
    if message.type != wanted:
        raise ValueError(f"it has a message of type {message.type} in place of a {wanted}.")
    return message


def _row(batch: pa.RecordBatch, number: int) -> dict[str, Any]:
    """Return a row's columns by name, the payload as views of the batch without a copy."""
    row: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        scalar = column[number]
        if name in PAYLOAD:
            row[name] = memoryview(scalar.as_buffer()) if scalar.is_valid else None
        else:
            row[name] = scalar.as_py()
    if any(row[name] is None for name in REQUIRED):
        raise QuantizedFileError(f"tensor {row['name']} lacks one of {', '.join(REQUIRED)}.")
    if min(row["shape"], default=0) < 0:
        raise QuantizedFileError(f"{row['name']}: {row['shape']} is not a shape.")
    return row


def _together(tensors: Sequence[QuantizedTensor]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows, in order, in lists of about `_BATCH_BYTES`."""
    rows: list[dict[str, Any]] = []
    filled = 0
    for tensor in tensors:
        row = to_row(tensor)
        size = sum(len(row[name] or b"") for name in PAYLOAD)
        if rows and filled + size > _BATCH_BYTES:
            yield rows
            rows, filled = [], 0
        rows.append(row)
        filled += size
    if rows:
        yield rows


def _check_names(names: Iterable[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise QuantizedFileError(f"it has more than one tensor named {', '.join(twice[:3])}.")


def _check_weights(weights: int, size: int) -> None:
    """Raise for a file that could fill its reader's memory."""
    limit = _FREE_WEIGHTS + _WEIGHTS_PER_BYTE * size
    if weights > limit:
        raise QuantizedFileError(f"{weights} weights in {size} bytes; the max is {limit}.")


def _json(content: Any) -> str:
    return json.dumps(content, sort_keys=True)
