"""The demo has real documents without a download, the same on every run."""

import re
import sys
from pathlib import Path

import pytest

from xnai_pipelines.sample.documents import SampleReport, write_sample


@pytest.mark.slow
def test_about_two_hundred_modules_become_documents(sample: Path) -> None:
    names = {path.name for path in sample.iterdir()}
    assert 180 <= len(names) <= 270
    assert {"builtins.md", "json.md", "os.path.md", "urllib.parse.md", "xml.etree.ElementTree.md"} <= names
    assert not names & {"this.md", "antigravity.md", "idlelib.md", "test.md", "posixpath.md", "cgi.md"}


def test_a_document_reads_like_documentation(sample: Path) -> None:
    text = (sample / "textwrap.md").read_text(encoding="utf-8")
    assert text.startswith("# textwrap\n\nText wrapping and filling.\n")
    assert "\n## dedent\n\n`dedent(text)`\n\nRemove any common leading whitespace" in text
    assert "\n## TextWrapper\n" in text
    assert "\n### wrap\n\n`TextWrapper.wrap(self, text)`\n" in text


def test_methods_of_the_builtin_types_are_documented(sample: Path) -> None:
    text = (sample / "builtins.md").read_text(encoding="utf-8")
    for heading in (
        "## str",
        "### removeprefix",
        "## dict",
        "### setdefault",
        "## list",
        "### sort",
        "## zip",
    ):
        assert f"\n{heading}\n" in text


def test_no_document_names_an_address_or_a_folder_of_this_machine(sample: Path) -> None:
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path.home()), str(Path.cwd())} - {
        "/",
        "/usr",
    }
    for path in sample.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r" at 0x[0-9a-fA-F]+>", text), path.name
        assert not [folder for folder in folders if re.search(rf"{re.escape(folder)}\b", text)], path.name


def test_headings_are_the_module_its_members_and_their_methods_alone(sample: Path) -> None:
    for path in sample.iterdir():
        outside_code = re.sub(r"(?ms)^```python$.*?^```$", "", path.read_text(encoding="utf-8"))
        assert "```" not in outside_code, path.name
        assert re.findall(r"(?m)^# (.*)$", outside_code) == [path.stem]
        assert not re.search(r"(?m)^\S.*\n(=+|-+)$", outside_code), f"{path.name} has an underlined heading"


@pytest.mark.slow
def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    first = write_sample(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert write_sample(tmp_path) == SampleReport(written=0, unchanged=first.written, removed=0)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.slow
def test_damage_is_repaired_and_what_is_gone_is_removed_but_nothing_of_the_user(tmp_path: Path) -> None:
    write_sample(tmp_path)
    whole = (tmp_path / "json.md").read_text(encoding="utf-8")
    footer = whole.splitlines()[-1]
    (tmp_path / "json.md").write_text(f"# json\n\nEdited.\n\n{footer}\n", encoding="utf-8")
    (tmp_path / "csv.md").unlink()
    (tmp_path / "removed_module.md").write_text(f"# removed_module\n\n{footer}\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("# My notes\n", encoding="utf-8")
    report = write_sample(tmp_path)
    assert (report.written, report.removed) == (2, 1)
    assert (tmp_path / "json.md").read_text(encoding="utf-8") == whole
    assert (tmp_path / "notes.md").exists()
    assert not (tmp_path / "removed_module.md").exists()


@pytest.mark.slow
def test_a_file_of_the_user_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "json.md").write_text("my own notes\n", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"json\.md is not part of the sample.*Choose another folder"):
        write_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["json.md"]
