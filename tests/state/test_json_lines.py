"""Lines of a file that several processes append to."""

from pathlib import Path

import pytest

from xnai_pipelines.state.json_lines import append_line


def test_lines_follow_one_another_in_a_file_that_is_made(tmp_path: Path):
    path = tmp_path / "made" / "lines.jsonl"
    for line in ("один", "two"):
        append_line(path, line)
    assert path.read_text(encoding="utf-8") == "один\ntwo\n"


def test_a_line_does_not_continue_one_that_a_kill_cut_off(tmp_path: Path):
    path = tmp_path / "lines.jsonl"
    path.write_text('{"a": 1}\n{"a', encoding="utf-8")
    append_line(path, '{"a": 2}')
    assert path.read_text(encoding="utf-8").splitlines() == ['{"a": 1}', '{"a', '{"a": 2}']


def test_a_line_that_is_no_text_leaves_the_file_as_it_was(tmp_path: Path):
    path = tmp_path / "lines.jsonl"
    append_line(path, "one")
    with pytest.raises(UnicodeEncodeError):
        append_line(path, "\udcff")
    assert path.read_text(encoding="utf-8") == "one\n"
