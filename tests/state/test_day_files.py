"""Each machine appends to a file of its own, and days that are over are removed whoever wrote them."""

import socket
from datetime import date
from pathlib import Path

import pytest

from xnai_pipelines.state.day_files import file_of_day, remove_before


def test_two_machines_never_append_to_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here = file_of_day(tmp_path, date(2026, 3, 1))
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    assert file_of_day(tmp_path, "2026-03-01") != here


def test_days_before_the_first_to_keep_are_removed_and_nothing_else(tmp_path: Path):
    kept = {"2026-03-02.b.jsonl", "2026-03-02.jsonl", "notes.jsonl", "2026-03-01.txt"}
    for name in (*kept, "2026-03-01.a.jsonl", "2026-03-01.jsonl", "2025-12-31.a.jsonl"):
        (tmp_path / name).touch()
    assert remove_before(tmp_path, date(2026, 3, 2)) == 3
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert remove_before(tmp_path / "none", date(2026, 3, 2)) == 0
