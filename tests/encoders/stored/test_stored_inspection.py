"""What a person reads about a quantized model's file adds up to the file."""

from pathlib import Path

import pyarrow.feather
import pytest

from tests.support.stored_models import matrix, model_of, small_model, vector
from xnai_pipelines.encoders.stored.file import save
from xnai_pipelines.encoders.stored.inspection import inspect
from xnai_pipelines.errors import QuantizedFileError


def test_every_tensor_is_listed_as_it_is_stored(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "model")
    found = inspect(tmp_path / "model")
    assert [(row.name, row.shape, row.method, row.bits, row.group_size, row.coding) for row in found.tensors] == [
        ("words", (30, 40), "rtn", 8, 32, "packed"),
        ("norm", (40,), "float16", None, None, "float16"),
        ("query", (12, 40), "rtn", 2, 32, "packed"),
        ("rate", (16, 40), "rate", None, None, "entropy"),
        ("bias", (7,), "float16", None, None, "float32"),
    ]
    assert found.header.base_sha256 == "5" * 64
    assert found.header.statistics == small_model().statistics


def test_bytes_add_up_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model"
    save(small_model(), path)
    found = inspect(path)
    assert found.file_bytes == path.stat().st_size
    assert sum(row.stored_bytes for row in found.tensors) + found.overhead_bytes == found.file_bytes
    assert found.weights == 30 * 40 + 40 + 12 * 40 + 16 * 40 + 7
    assert found.ratio == pytest.approx(found.weights * 4 / found.file_bytes)
    assert found.bits_per_weight == pytest.approx(32 / found.ratio)


def test_random_codes_are_stored_in_their_bits_and_a_batch_of_many_tensors_is_shared_fairly(tmp_path: Path) -> None:
    large, small = matrix("large", 512, 1024), matrix("small", 256, 1024, seed=1)
    save(model_of(large, small, vector("norm", 1024)), tmp_path / "model")
    rows = {row.name: row for row in inspect(tmp_path / "model").tensors}
    # 4 bits a code, and for each 32 of them a scale of 16 bits and a zero point of 4
    for name in ("large", "small"):
        assert rows[name].bits_per_weight == pytest.approx(4 + 20 / 32, rel=0.03)
    assert rows["large"].stored_bytes == pytest.approx(2 * rows["small"].stored_bytes, rel=0.01)


def test_what_the_file_adds_to_a_hundred_tensors_is_small(tmp_path: Path) -> None:
    save(model_of(*(matrix(f"encoder.layer.{number}.weight", 8, 64) for number in range(101))), tmp_path / "model")
    assert inspect(tmp_path / "model").overhead_bytes < 16_000


@pytest.mark.slow
def test_tensors_come_in_batches_of_bounded_size(tmp_path: Path) -> None:
    save(model_of(*(matrix(str(number), 1024, 2048, bits=8) for number in range(4))), tmp_path / "model")
    with pyarrow.ipc.open_file(tmp_path / "model") as file:
        assert file.num_record_batches == 4
    assert [row.name for row in inspect(tmp_path / "model").tensors] == ["0", "1", "2", "3"]


def test_the_table_shows_the_largest_tensor_first_and_the_whole_file_last(tmp_path: Path) -> None:
    save(small_model(), tmp_path / "model")
    found = inspect(tmp_path / "model")
    table = [line for line in found.markdown().splitlines() if line.startswith("|")]
    assert table[2].startswith("| words | 30 x 40 | rtn, 8 bits, groups of 32 | ")
    assert table[-1] == (
        f"| whole file | {found.weights:,} |  | {found.file_bytes:,} "
        f"| {found.bits_per_weight:.2f} | {found.ratio:.1f} |"
    )
    assert "- scheme: 4-bit RTN codes, groups of 32, asymmetric\n" in found.markdown()
    assert "- one layer stayed\n" in found.markdown()
    assert "| rate | 16 x 40 | rate, entropy-coded | " in found.markdown()


def test_a_model_without_tensors_has_no_ratio(tmp_path: Path) -> None:
    save(model_of(), tmp_path / "model")
    assert inspect(tmp_path / "model").ratio == 0
    assert inspect(tmp_path / "model").bits_per_weight == 0


def test_a_damaged_file_is_not_described(tmp_path: Path) -> None:
    path = tmp_path / "model"
    save(small_model(), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(QuantizedFileError, match="is damaged"):
        inspect(path)
