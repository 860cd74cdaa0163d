"""A record reads back as it was written, by this version and by an older one; a damaged one is named."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import pytest

from xnai_pipelines.errors import DamagedError, RecordError
from xnai_pipelines.state.records import read_record, write_record


class Kind(StrEnum):
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Part:
    kind: Kind
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    made_at: datetime
    share: float
    part: Part | None
    names: dict[str, int]


WHOLE = Whole(datetime(2026, 3, 1, tzinfo=UTC), 0.1 + 0.2, Part(Kind.GOOD, ("one", "猫")), {"a": 1})


@dataclass(frozen=True, slots=True)
class Older:
    share: float


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "whole.json"


def test_a_record_reads_back_as_it_was_written(path: Path):
    assert read_record(path, Whole) is None
    write_record(path, WHOLE)
    assert read_record(path, Whole) == WHOLE


def test_fields_of_a_later_version_are_dropped(path: Path):
    write_record(path, WHOLE)
    assert read_record(path, Older) == Older(WHOLE.share)


@pytest.mark.parametrize("damage", ["", "{", "[]", "7", '{"share": 1}', '{"share": "much"}', "\udcff"])
def test_a_damaged_record_is_named_with_what_to_do(path: Path, damage: str):
    path.parent.mkdir()
    path.write_bytes(damage.encode(errors="surrogateescape"))
    with pytest.raises(RecordError, match=rf"The record {path} is damaged \(.+\)\. Delete it") as raised:
        read_record(path, Whole)
    assert isinstance(raised.value, DamagedError)


def test_what_cannot_be_written_leaves_the_record_before(path: Path):
    write_record(path, Older(1.0))
    with pytest.raises(ValueError, match="Unable to serialize"):
        write_record(path, {"of no form": object()})
    assert read_record(path, Older) == Older(1.0)
