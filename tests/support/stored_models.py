"""Quantized models for the tests of their file: small, of every kind, and forged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xnai_pipelines.encoders.stored.buffers import UNSEALED, write_sealed
from xnai_pipelines.encoders.stored.file import SCHEMA
from xnai_pipelines.encoders.stored.rows import row_sha256
from xnai_pipelines.encoders.stored.scheme import BITS, GROUP_SIZES, Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor, Statistics

ARRAYS = ("codes", "scales", "zero_points", "permutation", "column_scales", "column_offsets", "values")


def model_of(*tensors: QuantizedTensor) -> QuantizedModel:
    return QuantizedModel(
        tensors=tensors,
        scheme=Scheme(method=Method.RTN, bits=4, group_size=32),
        base_sha256="5" * 64,
        calibration_sha256=None,
        statistics=Statistics(seconds=1.25, layers=len(tensors), notes=("one layer stayed", "Größe")),
        libraries={"numpy": np.__version__},
    )


def matrix(name: str, rows: int, columns: int, bits: int | None = 4, seed: int = 0, **more: Any) -> QuantizedTensor:
    """A tensor of random codes in groups of 32 with zero points, or of unbounded codes where bits is None."""
    generator = np.random.default_rng(seed)
    parts: dict[str, Any] = {"name": name, "shape": (rows, columns), "dtype": "float32", "bits": bits}
    if bits is None:
        parts |= {
            "method": Method.RATE,
            "symmetric": True,
            "codes": np.rint(generator.normal(0, 1.5, (rows, columns))).astype(np.int32),
            "scales": np.array([[0.01]], np.float32),
        }
    else:
        groups = -(-columns // 32)
        parts |= {
            "method": Method.RTN,
            "group_size": 32,
            "codes": generator.integers(0, 1 << bits, (rows, columns), dtype=np.int32),
            "scales": generator.uniform(0.001, 0.1, (rows, groups)).astype(np.float16),
            "zero_points": generator.integers(0, 1 << bits, (rows, groups), dtype=np.uint8),
        }
    return QuantizedTensor(**{**parts, **more})


def vector(name: str, size: int, dtype: Any = np.float16) -> QuantizedTensor:
    values = np.random.default_rng(size).normal(0, 1, size).astype(dtype)
    return QuantizedTensor(name=name, shape=(size,), dtype="float32", method=Method.FLOAT16, values=values)


def small_model() -> QuantizedModel:
    order = np.random.default_rng(1).permutation(40).astype(np.int32)
    return model_of(
        matrix("words", 30, 40, bits=8),
        vector("norm", 40),
        matrix("query", 12, 40, bits=2, permutation=order, column_scales=np.linspace(0.5, 2, 40, dtype=np.float32)),
        matrix("rate", 16, 40, bits=None, column_offsets=np.linspace(-1, 1, 40, dtype=np.float32)),
        vector("bias", 7, np.float32),
    )


def assert_same(one: QuantizedTensor, other: QuantizedTensor) -> None:
    for field in ("name", "shape", "dtype", "method", "bits", "group_size", "symmetric"):
        assert getattr(one, field) == getattr(other, field), field
    for field in ARRAYS:
        before, after = getattr(one, field), getattr(other, field)
        assert (before is None) == (after is None), field
        if before is not None:
            assert (before.dtype, before.shape) == (after.dtype, after.shape), field
            assert before.tobytes() == after.tobytes(), field
    assert one.restored().tobytes() == other.restored().tobytes()


def forge(
    path: Path,
    change_rows: Callable[[list[dict[str, Any]]], Any] | None = None,
    *,
    metadata: dict[str, str] | None = None,
    rehash: bool = True,
    change_bytes: Callable[[Path], Any] | None = None,
) -> None:
    """Rewrite a saved file with other content, and seal it as if it were honest."""
    with pa.ipc.open_file(path) as file:
        table = file.read_all()
    rows = table.to_pylist()
    known = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    schema = SCHEMA.with_metadata({**known, **(metadata or {}), "seal": UNSEALED})
    if change_rows:
        change_rows(rows)
    if rehash:
        rows = [{**row, "sha256": row_sha256(row)} for row in rows]

    def write(temporary: Path) -> None:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
        if change_bytes:
            change_bytes(temporary)

    write_sealed(path, write)


def _floats(dtype: Any, shape: tuple[int, ...], *, zero: bool = True) -> st.SearchStrategy[Any]:
    width = 16 if dtype == np.float16 else 32
    numbers = st.floats(width=width, allow_nan=False, allow_infinity=False)
    return hnp.arrays(dtype, shape, elements=numbers if zero else numbers.filter(bool))


@st.composite
def tensors(draw: st.DrawFn, name: str = "weight") -> QuantizedTensor:
    """Any tensor that the format holds."""
    rows, columns = draw(st.integers(0, 6)), draw(st.integers(1, 70))
    shape: tuple[int, ...] = (rows, columns)
    if columns % 3 == 0 and draw(st.booleans()):
        shape = (rows, 3, columns // 3)
    common: dict[str, Any] = {"name": name, "shape": shape, "dtype": draw(st.sampled_from(["float32", "bfloat16"]))}
    kind = draw(st.sampled_from(["float16", "float32", "packed", "unbounded"]))
    if kind in ("float16", "float32"):
        if draw(st.booleans()):
            common["shape"] = shape = ()
        return QuantizedTensor(**common, method=Method.FLOAT16, values=draw(_floats(np.dtype(kind), shape)))
    scale_type = draw(st.sampled_from([np.float16, np.float32]))
    if kind == "unbounded":
        wide = draw(st.sampled_from([(-3, 3), (0, 0), (-(2**31), 2**31 - 1)]))
        parts = {
            "method": Method.RATE,
            "symmetric": True,
            "codes": draw(hnp.arrays(np.int32, (rows, columns), elements=st.integers(*wide))),
            "scales": draw(_floats(scale_type, (1, 1))),
        }
    else:
        parts = _packed(draw, rows, columns, scale_type)
    if draw(st.booleans()):
        parts["permutation"] = np.array(draw(st.permutations(range(columns))), dtype=np.int32)
    if draw(st.booleans()):
        parts["column_scales"] = draw(_floats(np.float32, (columns,), zero=False))
    if draw(st.booleans()):
        parts["column_offsets"] = draw(_floats(np.float32, (columns,)))
    return QuantizedTensor(**common, **parts)


def _packed(draw: st.DrawFn, rows: int, columns: int, scale_type: Any) -> dict[str, Any]:
    bits, symmetric = draw(st.sampled_from(BITS)), draw(st.booleans())
    group_size = draw(st.sampled_from([None, *GROUP_SIZES]))
    shapes = [(rows, 1), (1, 1)] if group_size is None else [(rows, -(-columns // group_size))]
    shape = draw(st.sampled_from(shapes))
    lowest = -(1 << (bits - 1)) if symmetric else 0
    highest = lowest + (1 << bits) - 1
    some = st.integers(lowest, highest) if draw(st.booleans()) else st.just(draw(st.integers(lowest, highest)))
    zero_points = hnp.arrays(np.uint8, shape, elements=st.integers(0, draw(st.sampled_from([highest, 255]))))
    return {
        "method": draw(st.sampled_from([Method.RTN, Method.GPTQ, Method.AWQ])),
        "bits": bits,
        "group_size": group_size,
        "symmetric": symmetric,
        "codes": draw(hnp.arrays(np.int32, (rows, columns), elements=some)),
        "scales": draw(_floats(scale_type, shape)),
        "zero_points": None if symmetric else draw(zero_points),
    }
