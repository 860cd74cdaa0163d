"""A quantized tensor as a row of the file, and back: columns, their byte layouts, and what a row must satisfy."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.entropy import decode, encode
from xnai_pipelines.encoders.stored.packing import pack, unpack
from xnai_pipelines.encoders.stored.scheme import BITS, Method
from xnai_pipelines.encoders.stored.tensor import Codes, QuantizedTensor
from xnai_pipelines.errors import QuantizedFileError

PACKED, ENTROPY = "packed", "entropy"  # codings of codes; a tensor without codes is "float16" or "float32"
_FLOATS: dict[str, np.dtype[Any]] = {"float16": np.dtype("<f2"), "float32": np.dtype("<f4")}

_DESCRIPTION = [
    ("name", pa.string()),
    ("shape", pa.list_(pa.int64())),
    ("dtype", pa.string()),
    ("method", pa.string()),
    ("bits", pa.uint8()),
    ("group_size", pa.uint32()),
    ("symmetric", pa.bool_()),
    ("coding", pa.string()),
    ("scale_dtype", pa.string()),
    ("zero_point_bits", pa.uint8()),
]
REQUIRED = ("name", "shape", "dtype", "method", "symmetric", "coding", "sha256")
# All little-endian and row-major. Splitting the bytes of the float16 scales would make a 4-bit file with groups of 32
# smaller by 0.6 %, at the cost of everyone who reads the column with plain Arrow.
PAYLOAD = ("codes", "scales", "zero_points", "permutation", "column_scales", "column_offsets", "values")
COLUMNS = [
    *_DESCRIPTION,
    *((name, pa.large_binary()) for name in PAYLOAD),
    ("sha256", pa.binary(32)),
]


def to_row(tensor: QuantizedTensor) -> dict[str, Any]:
    """Return the tensor as values of `COLUMNS`.

    Raises:
        QuantizedFileError: It is inconsistent, or has a number that is not finite.
    """
    _check(tensor)
    row: dict[str, Any] = dict.fromkeys(name for name, _ in COLUMNS)
    row.update(
        name=tensor.name,
        shape=list(tensor.shape),
        dtype=tensor.dtype,
        method=str(tensor.method),
        bits=tensor.bits,
        group_size=tensor.group_size,
        symmetric=tensor.symmetric,
    )
    if tensor.values is not None:
        row.update(coding=tensor.values.dtype.name, values=_bytes(tensor.values))
    elif tensor.codes is not None and tensor.scales is not None:
        try:
            row["coding"], row["codes"] = _codes_to_bytes(tensor, tensor.codes)
        except ValueError as error:
            raise QuantizedFileError(f"{tensor.name}: {error}") from error
        row.update(scale_dtype=tensor.scales.dtype.name, scales=_bytes(tensor.scales))
    if tensor.zero_points is not None:
        row["zero_point_bits"], row["zero_points"] = _zero_points_to_bytes(tensor.zero_points, tensor.bits)
    if tensor.permutation is not None:
        row["permutation"] = tensor.permutation.astype(_index_type(tensor.permutation.size)).tobytes()
    if tensor.column_scales is not None:
        row["column_scales"] = tensor.column_scales.astype("<f4").tobytes()
    if tensor.column_offsets is not None:
        row["column_offsets"] = tensor.column_offsets.astype("<f4").tobytes()
    row["sha256"] = row_sha256(row)
    return row


def to_tensor(row: Mapping[str, Any]) -> QuantizedTensor:
    """Return the tensor of a row, after comparing every size with the shape and before anything is decoded.

    Raises:
        QuantizedFileError: The row is inconsistent.
    """
    name, coding, shape = row["name"], row["coding"], tuple(row["shape"] or ())
    if row["sha256"] != row_sha256(row):
        raise QuantizedFileError(f"{name}: its content does not match its SHA-256.")
    rows, columns = matrix_shape(shape)
    try:
        if coding in _FLOATS:
            parts: dict[str, Any] = {"values": _floats(row["values"], coding, shape)}
        else:
            scale_shape = _scale_shape(row, rows, columns)
            parts = {
                "codes": _row_to_codes(row, rows, columns),
                "scales": _floats(row["scales"], row["scale_dtype"], scale_shape),
                "zero_points": _row_to_zero_points(row, scale_shape),
                "permutation": _row_to_permutation(row["permutation"], columns),
                "column_scales": _floats(row["column_scales"], "float32", (columns,)),
                "column_offsets": _floats(row["column_offsets"], "float32", (columns,)),
            }
        tensor = QuantizedTensor(
            name=name,
            shape=shape,
            dtype=row["dtype"],
            method=Method(row["method"]),
            bits=row["bits"],
            group_size=row["group_size"],
            symmetric=row["symmetric"],
            **parts,
        )
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise QuantizedFileError(f"{name}: its columns do not match its shape {shape}: {error}") from error
    _check(tensor)
    return tensor


def row_sha256(row: Mapping[str, Any]) -> bytes:
    """Return the hash of every other column: the description as JSON, then each payload's length and bytes."""
    description = {name: row[name] for name, _ in _DESCRIPTION}
    digest = hashlib.sha256(json.dumps(description, sort_keys=True, separators=(",", ":")).encode())
    for name in PAYLOAD:
        data = row[name]
        digest.update((-1 if data is None else len(data)).to_bytes(8, "little", signed=True))
        digest.update(data or b"")
    return digest.digest()


def matrix_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the rows and columns of a tensor of `shape` as a matrix."""
    return (shape[0], math.prod(shape[1:])) if shape else (1, 1)


def _codes_to_bytes(tensor: QuantizedTensor, codes: Codes) -> tuple[str, bytes]:
    if tensor.bits is None:
        return ENTROPY, encode(codes)
    return PACKED, pack(codes + (1 << (tensor.bits - 1)) if tensor.symmetric else codes, tensor.bits)


def _zero_points_to_bytes(zero_points: NDArray[np.uint8], bits: int | None) -> tuple[int, bytes]:
    fits = bits is not None and (not zero_points.size or int(zero_points.max()) < 1 << bits)
    width = bits if bits is not None and fits else 8
    return width, pack(zero_points, width)


def _row_to_codes(row: Mapping[str, Any], rows: int, columns: int) -> Codes:
    if row["coding"] == ENTROPY and row["bits"] is None:
        return decode(bytes(row["codes"]), (rows, columns))
    if row["coding"] != PACKED or row["bits"] not in BITS:
        raise ValueError(f"coding {row['coding']!r} with {row['bits']} bits is unknown.")
    codes = unpack(row["codes"], row["bits"], rows * columns).reshape(rows, columns)
    return codes - (1 << (row["bits"] - 1)) if row["symmetric"] else codes


def _row_to_zero_points(row: Mapping[str, Any], shape: tuple[int, int]) -> NDArray[np.uint8] | None:
    if row["zero_points"] is None:
        return None
    width = row["zero_point_bits"]
    if width not in BITS:
        raise ValueError(f"zero points of {width} bits are unknown.")
    return unpack(row["zero_points"], width, math.prod(shape)).astype(np.uint8).reshape(shape)


def _row_to_permutation(data: memoryview | None, columns: int) -> NDArray[np.int32] | None:
    if data is None:
        return None
    index = _index_type(columns)
    if len(data) != columns * index.itemsize:
        raise ValueError(f"{len(data)} bytes are not an order of {columns} columns.")
    return np.frombuffer(data, dtype=index).astype(np.int32)


def _index_type(columns: int) -> np.dtype[Any]:
    """Return the smallest unsigned type, little-endian, that can count this many columns."""
    return np.dtype("u1" if columns <= 1 << 8 else "<u2" if columns <= 1 << 16 else "<u4")


def _scale_shape(row: Mapping[str, Any], rows: int, columns: int) -> tuple[int, int]:
    group_size, dtype = row["group_size"], _FLOATS[row["scale_dtype"]]
    if group_size is None:
        return (1, 1) if len(row["scales"]) == dtype.itemsize else (rows, 1)
    if group_size < 1:
        raise ValueError(f"a group of {group_size} is unknown.")
    return rows, -(-columns // group_size)


def _bytes(array: NDArray[np.floating]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _floats(data: memoryview | None, dtype: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    if data is None:
        return None
    stored = _FLOATS[dtype]
    if len(data) != math.prod(shape) * stored.itemsize:
        raise ValueError(f"{len(data)} bytes are not {dtype} of shape {shape}.")
    # a copy in the machine's byte order, so that the column it is cut from can be freed
    return np.frombuffer(data, dtype=stored).astype(np.dtype(dtype)).reshape(shape)


def _check(tensor: QuantizedTensor) -> None:
    """Raise if a tensor's parts do not fit together or have numbers that are not finite."""
    try:
        _check_values(tensor) if tensor.codes is None else _check_codes(tensor, tensor.codes)
    except ValueError as error:
        raise QuantizedFileError(f"{tensor.name}: {error}") from error


def _check_values(tensor: QuantizedTensor) -> None:
    values = tensor.values
    if values is None or tensor.scales is not None or tensor.zero_points is not None or tensor.permutation is not None:
        raise ValueError("a tensor has either values or codes with scales.")
    _check_array("values", values, (tensor.shape,))


def _check_codes(tensor: QuantizedTensor, codes: Codes) -> None:
    rows, columns = matrix_shape(tensor.shape)
    if tensor.values is not None or tensor.scales is None:
        raise ValueError("a tensor has either values or codes with scales.")
    if codes.shape != (rows, columns) or codes.dtype != np.int32:
        raise ValueError(f"codes are {codes.dtype} {codes.shape}, expected int32 {(rows, columns)}.")
    grouped = tensor.group_size is not None
    groups = -(-columns // tensor.group_size) if tensor.group_size else 1
    _check_array("scales", tensor.scales, ((rows, groups),) if grouped else ((rows, 1), (1, 1)))
    if tensor.zero_points is not None:
        if tensor.symmetric:
            raise ValueError("a symmetric tensor has no zero points.")
        if tensor.zero_points.shape != tensor.scales.shape or tensor.zero_points.dtype != np.uint8:
            raise ValueError(f"zero points of shape {tensor.zero_points.shape} beside scales of {tensor.scales.shape}.")
    if tensor.permutation is not None and not np.array_equal(np.sort(tensor.permutation), np.arange(columns)):
        raise ValueError(f"the permutation does not name each of {columns} columns once.")
    for name, array in (("column scales", tensor.column_scales), ("column offsets", tensor.column_offsets)):
        if array is not None:
            _check_array(name, array, ((columns,),))
    if tensor.column_scales is not None and not tensor.column_scales.all():
        raise ValueError("a column scale is 0, and weights are divided by it.")


def _check_array(name: str, array: NDArray[Any], shapes: tuple[tuple[int, ...], ...]) -> None:
    if array.dtype.name not in _FLOATS or array.shape not in shapes:
        raise ValueError(f"{name} are {array.dtype} {array.shape}, expected float16 or float32 {shapes[0]}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} have infinities or NaN, which cannot be used.")
