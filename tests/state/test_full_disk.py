"""A full disk is told in a sentence wherever it is met, once."""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.artefacts import publish_artefact
from xnai_pipelines.state.claim import unwritable
from xnai_pipelines.state.context import write_report
from xnai_pipelines.state.full_disk import full_disk_told
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.records import write_record


@dataclass(frozen=True)
class Report:
    """A report that is larger than the disk."""

    text: str


def fill(folder: Path) -> dict[str, Any]:
    (folder / "weights").write_bytes(b"x" * 2**24)
    return {}


def test_an_artefact_for_which_there_is_no_space_says_so_and_leaves_nothing(small_disk: Path):
    """The encoder is exported before the first stage begins."""
    with (
        pytest.raises(HomeError, match=r"^The disk of \S+ is full \([^(]+\)\. What was written is kept\. Free some"),
        full_disk_told(small_disk),
    ):
        publish_artefact(small_disk / "models" / "0123", fill)
    assert [path.name for path in (small_disk / "models").iterdir()] == [".0123.lock"]
    (small_disk / "filler").write_bytes(b"x" * 2**20)  # there is space again


@pytest.mark.parametrize(
    "write",
    [
        lambda home, report: write_report(home, "chunks", report),
        lambda home, report: write_record(home.state / "chunks.json", report),
    ],
)
def test_a_report_and_a_record_for_which_there_is_no_space_say_so(small_disk: Path, write):
    (small_disk / "state").mkdir()
    with (small_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 2**16):
            pass
    with pytest.raises(HomeError, match=r"^The disk of \S+ is full \(.+\)\. What was written is kept\. Free some"):
        write(Home(small_disk), Report("x" * 2**20))


def test_a_home_that_cannot_be_written_for_want_of_space_is_not_called_read_only(small_disk: Path):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "Free some space" in str(unwritable(Home(small_disk), full))


def test_another_error_is_raised_as_it_is(tmp_path: Path):
    with pytest.raises(ValueError, match="not a model"), full_disk_told(tmp_path):
        raise ValueError("not a model")
