"""The file of a quantized model: bit-exact, whole or absent, refused with the reason when its bytes are others."""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.stored_models import assert_same, forge, matrix, model_of, small_model, tensors, vector
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.stored.buffers import write_sealed
from xnai_pipelines.encoders.stored.file import load, save, state_dict
from xnai_pipelines.encoders.stored.packing import unpack
from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedTensor
from xnai_pipelines.errors import QuantizedFileError
from xnai_pipelines.models.quantization.quantize import quantize


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("content") / "weights.arrow"
    save(small_model(), path)
    return path.read_bytes()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "weights.arrow"
    save(small_model(), path)
    return path


@pytest.mark.slow
@settings(max_examples=60)
@given(first=tensors("first"), second=tensors("second"))
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_any_tensor_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, first: QuantizedTensor, second: QuantizedTensor
) -> None:
    path = tmp_path_factory.getbasetemp() / "property.arrow"
    assert save(model_of(first, second), path) == path.stat().st_size
    for before, after in zip((first, second), load(path).tensors, strict=True):
        assert_same(before, after)


def test_what_is_known_about_the_model_comes_back(tmp_path: Path) -> None:
    model = replace(small_model(), calibration_sha256="c" * 64)
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model", base_sha256=model.base_sha256)
    for name in ("scheme", "base_sha256", "calibration_sha256", "statistics", "libraries"):
        assert getattr(loaded, name) == getattr(model, name)
    save(model_of(), tmp_path / "empty")
    assert load(tmp_path / "empty").tensors == ()
    assert load(tmp_path / "empty").calibration_sha256 is None


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "one")
    save(small_model(), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_plain_pyarrow_and_pandas_open_it(saved: Path) -> None:
    table = pyarrow.feather.read_table(saved)
    row = table.to_pylist()[2]
    assert row["name"] == "query"
    assert table.schema.metadata[b"base_sha256"] == b"5" * 64
    codes = np.frombuffer(row["codes"], np.uint8)[:, None] >> np.arange(0, 8, row["bits"]) & 0b11
    assert np.array_equal(codes.reshape(row["shape"]), small_model().tensors[2].codes)
    assert list(pd.read_feather(saved)["name"]) == ["words", "norm", "query", "rate", "bias"]


def test_codes_take_their_bits_and_zero_points_too(saved: Path) -> None:
    rows = pyarrow.feather.read_table(saved).to_pylist()
    assert len(rows[2]["codes"]) == 12 * 40 * 2 // 8
    assert len(rows[2]["zero_points"]) == 12 * 2 * 2 // 8
    assert len(rows[2]["permutation"]) == 40
    assert [row["coding"] for row in rows] == ["packed", "float16", "packed", "entropy", "float32"]
    assert np.array_equal(unpack(rows[0]["codes"], 8, 30 * 40), small_model().tensors[0].codes.reshape(-1))


def test_a_torch_state_dict_has_the_types_that_the_tensors_had_before() -> None:
    import torch

    weights = state_dict(model_of(matrix("a", 3, 40), replace(vector("b", 5), dtype="bfloat16")))
    assert weights["a"].dtype is torch.float32
    assert np.array_equal(weights["a"].numpy(), matrix("a", 3, 40).restored())
    assert weights["b"].dtype is torch.bfloat16
    with pytest.raises(QuantizedFileError, match="torch has no type 'nn'"):
        state_dict(model_of(replace(vector("b", 5), dtype="nn")))


@pytest.mark.parametrize("field", ["scales", "values", "column_scales", "column_offsets"])
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_refused_by_name_and_leaves_the_old_file(saved: Path, field: str, number: float) -> None:
    bad = vector("bad", 8) if field == "values" else matrix("bad", 2, 40)
    array = np.ones(40, np.float32) if field.startswith("column") else getattr(bad, field).copy()
    array[..., -1] = number
    before = saved.read_bytes()
    with pytest.raises(QuantizedFileError, match=r"bad: .* have infinities or NaN"):
        save(model_of(vector("good", 3), replace(bad, **{field: array})), saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"codes": np.full((2, 40), 16, np.int32)}, "do not fit into 4 bits"),
        ({"codes": np.zeros((2, 39), np.int32)}, r"codes are int32 \(2, 39\), expected int32 \(2, 40\)"),
        ({"codes": np.zeros((2, 40), np.int64)}, "codes are int64"),
        ({"codes": None}, "either values or codes with scales"),
        ({"scales": None}, "either values or codes with scales"),
        ({"values": np.ones((2, 40), np.float16)}, "either values or codes with scales"),
        ({"scales": np.ones((2, 1), np.float16)}, r"scales are float16 \(2, 1\)"),
        ({"scales": np.ones((2, 2), np.float64)}, "scales are float64"),
        ({"zero_points": np.ones((2, 1), np.uint8)}, "zero points of shape"),
        ({"symmetric": True}, "symmetric tensor has no zero points"),
        ({"permutation": np.zeros(40, np.int32)}, "permutation does not name each of 40 columns once"),
        ({"column_scales": np.zeros(40, np.float32)}, "a column scale is 0"),
    ],
)
def test_a_tensor_that_contradicts_itself_is_not_written(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(QuantizedFileError, match=f"bad: .*{reason}"):
        save(model_of(replace(matrix("bad", 2, 40), **change)), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_two_tensors_of_one_name_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(QuantizedFileError, match="more than one tensor named same"):
        save(model_of(vector("same", 3), vector("same", 4)), tmp_path / "model")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuantizedFileError, match=r"nowhere/model was not written"):
        save(small_model(), tmp_path / "nowhere" / "model")


@pytest.mark.slow
def test_a_flipped_bit_in_any_byte_is_found(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    for place in range(len(content)):
        content[place] ^= 1 << place % 8
        with saved.open("r+b") as file:
            file.write(content)
        with pytest.raises(QuantizedFileError, match=r"is damaged|not an Arrow file|is truncated|has no complete seal"):
            load(saved)
        content[place] ^= 1 << place % 8


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_bytes_are_found(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.arrow"
    start = data.draw(st.integers(0, len(content) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=200))[: len(content) - start]
    changed = content[:start] + patch + content[start + len(patch) :]
    if changed == content:
        return
    path.write_bytes(changed)
    with pytest.raises(QuantizedFileError):
        load(path)


def test_a_file_cut_short_anywhere_is_refused(saved: Path) -> None:
    content = saved.read_bytes()
    edges = {*range(32), *range(len(content) - 600, len(content)), *range(0, len(content), 37)}
    for length in edges:
        saved.write_bytes(content[:length])
        with pytest.raises(QuantizedFileError, match=r"is truncated|is not an Arrow file|cannot be read"):
            load(saved)


def test_bytes_behind_the_end_are_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes() + b"more ARROW1")
    with pytest.raises(QuantizedFileError, match="is damaged"):
        load(saved)


def test_what_is_no_quantized_model_is_refused(tmp_path: Path, saved: Path) -> None:
    (tmp_path / "text").write_text("a line that is long enough to be a file of any kind")
    pyarrow.feather.write_feather(pa.table({"a": [1]}), tmp_path / "table")
    forge(saved, metadata={"format": "something else"})
    for name, reason in [
        ("missing", "missing cannot be read"),
        ("", "cannot be read"),
        ("text", "is not an Arrow file"),
        ("table", "has no complete seal"),
        (saved.name, "is an Arrow file, but not a quantized model's"),
    ]:
        with pytest.raises(QuantizedFileError, match=reason):
            load(tmp_path / name)


def test_another_format_version_is_refused_with_both_versions(saved: Path) -> None:
    forge(saved, metadata={"format_version": "2"})
    with pytest.raises(QuantizedFileError, match="has format version 2; this program reads version 1"):
        load(saved)


def test_another_base_is_refused(saved: Path) -> None:
    with pytest.raises(QuantizedFileError, match="was quantized from the weights 5555555555555555, not from 7777777"):
        load(saved, base_sha256="7" * 64)


def _set(number: int, **columns: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda rows: rows[number].update(columns)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set(0, shape=[30, 41]), "words: its columns do not match its shape"),
        (_set(0, shape=[-30, -40]), "words: .* is not a shape"),
        (_set(0, shape=[2**40, 2**60]), "the max is"),
        (_set(0, shape=[2**22, 16]), "the max is"),
        (_set(0, shape=[2**12, 2**11]), "words: its columns do not match its shape"),
        (_set(3, shape=[2**12, 2**11]), "rate: its columns do not match its shape"),
        (_set(1, shape=[2**12, 2**11]), "norm: its columns do not match its shape"),
        (_set(0, bits=5), "coding 'packed' with 5 bits is unknown"),
        (_set(0, coding="pickle"), "coding 'pickle' with 8 bits is unknown"),
        (_set(0, codes=None), "words: its columns do not match"),
        (_set(0, group_size=0), "a group of 0 is unknown"),
        (_set(0, zero_point_bits=3), "words: its columns do not match"),
        (_set(0, scale_dtype="float64"), "words: its columns do not match"),
        (_set(0, method="magic"), "'magic' is not a valid Method"),
        (_set(1, values=None), "norm: a tensor has either values or codes"),
        (_set(1, dtype=None), "tensor norm lacks one of"),
        (_set(2, permutation=bytes(40)), "query: the permutation does not name each of 40 columns once"),
        (_set(2, column_scales=bytes(160)), "query: a column scale is 0"),
        (_set(3, codes=b"nonsense"), "rate: its columns do not match"),
        (_set(1, name="words"), "more than one tensor named words"),
        (lambda rows: rows.pop(), "it has 4 tensors, but its header says 5"),
    ],
)
def test_a_forged_row_is_refused_before_it_costs_memory(
    saved: Path, change: Callable[[list[dict[str, Any]]], None], reason: str
) -> None:
    forge(saved, change)
    tracemalloc.start()
    with pytest.raises(QuantizedFileError, match=reason):
        load(saved)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_row_that_is_not_what_its_hash_says_is_named(saved: Path) -> None:
    forge(saved, _set(1, values=bytes(80)), rehash=False)
    with pytest.raises(QuantizedFileError, match="norm: its content does not match its SHA-256"):
        load(saved)


def test_a_buffer_that_claims_to_unpack_into_terabytes_is_refused(saved: Path) -> None:
    codes = sum(len(row["codes"] or b"") for row in pyarrow.feather.read_table(saved).to_pylist())
    zstd = b"\x28\xb5\x2f\xfd"  # a compressed buffer is its size in memory, then a zstd frame
    honest, forged = codes.to_bytes(8, "little") + zstd, (1 << 42).to_bytes(8, "little") + zstd
    assert saved.read_bytes().count(honest) == 1
    forge(saved, change_bytes=lambda path: path.write_bytes(path.read_bytes().replace(honest, forged)))
    with pytest.raises(QuantizedFileError, match=r"weights.arrow is refused: 10995116\d+ weights in"):
        load(saved)


def test_messages_of_another_type_are_refused(saved: Path) -> None:
    with pa.memory_map(str(saved)) as file:
        reader = pa.ipc.MessageReader.open_stream(pa.BufferReader(file.read_buffer()[8:]))
        metadata = bytes(reader.read_next_message().metadata)
    tables = [place for place, byte in enumerate(metadata[:40]) if byte == 1]  # 1 is a schema, 3 a record batch

    def relabel(path: Path, place: int) -> None:
        content = bytearray(path.read_bytes())
        content[16 + place] = 3
        path.write_bytes(content)

    for place in tables:
        forge(saved, change_bytes=lambda path, place=place: relabel(path, place))
        with pytest.raises(QuantizedFileError):
            load(saved)
        save(small_model(), saved)


def test_a_failed_write_leaves_neither_a_file_nor_a_part_of_one(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_sealed(tmp_path / "model", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.jit")
def test_a_real_model_comes_back_bit_for_bit_within_four_seconds_of_work(tmp_path: Path) -> None:
    scheme = Scheme(method=Method.RTN, bits=4, granularity=Granularity.GROUP, group_size=32, clip=False)
    model = quantize(default_encoder_folder(), scheme)
    started = time.process_time()
    size = save(model, tmp_path / "weights.arrow")
    loaded = load(tmp_path / "weights.arrow", base_sha256=model.base_sha256)
    assert time.process_time() - started < 4
    for before, after in zip(model.tensors, loaded.tensors, strict=True):
        assert_same(before, after)
    # 4 bits a code, and for each 32 of them a scale of 16 bits and a zero point of 4
    assert size < sum(tensor.restored().size for tensor in model.tensors) * (4 + 20 / 32) / 8
