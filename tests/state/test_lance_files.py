"""The files that a table's manifest names are all that its newest version needs."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from lancedb.index import BTree

from xnai_pipelines.errors import HomeError, TableError
from xnai_pipelines.state.lance_files import missing_files, newest_version, table_folders
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.tables import Tables

SPEC = TableSpec("words", "word", pa.schema([("word", pa.string()), ("number", pa.int64())]))


@pytest.fixture
def lancedb(tmp_path: Path) -> Path:
    """A table that was merged, deleted from, indexed and given a column: files of every kind."""
    tables = Tables(tmp_path / "lancedb")
    tables.merge_rows(SPEC, [{"word": f"w{n}", "number": n} for n in range(600)])
    tables.open("words").create_index("number", config=BTree())
    tables.merge_rows(SPEC, [{"word": f"v{n}", "number": n} for n in range(600)])
    tables.delete(SPEC, "word", ["w1", "v2"])
    tables.delete(SPEC, "word", [f"v{n}" for n in range(200, 500)])
    tables.open("words").add_columns([pa.field("more", pa.string())])
    return tmp_path / "lancedb"


def test_a_copy_of_the_named_files_alone_holds_all_rows_and_indexes(lancedb: Path, tmp_path: Path):
    [folder] = table_folders(lancedb)
    version = newest_version(folder)
    copy = tmp_path / "copy" / folder.name
    for name in (*version.files, version.manifest_path):
        source = folder / name
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy / name)
    before, after = Tables(lancedb).open("words"), Tables(copy.parent).open("words")
    assert version.version == before.version == after.version
    assert after.to_arrow().sort_by("word") == before.to_arrow().sort_by("word")
    assert {index.name for index in after.list_indices()} == {index.name for index in before.list_indices()} != set()
    assert after.search().where("number = 7").to_arrow()["word"].to_pylist() == ["w7", "v7"]
    kinds = {name.split("/")[0] for name in version.files}
    assert kinds == {"data", "_deletions", "_indices", "_transactions"}


def test_each_missing_file_is_named(lancedb: Path):
    [folder] = table_folders(lancedb)
    version = newest_version(folder)
    assert missing_files(folder, version) == []
    gone = next(name for name in version.files if name.startswith("_deletions"))
    (folder / gone).unlink()
    assert missing_files(folder, version) == [gone]


@pytest.mark.parametrize("content", [b"", b"LANC", b"\0" * 40, b"\xff" * 30 + b"LANC"], ids=range(4))
def test_a_damaged_manifest_is_an_error_of_the_table(lancedb: Path, content: bytes):
    [folder] = table_folders(lancedb)
    (folder / newest_version(folder).manifest_path).write_bytes(content)
    with pytest.raises(TableError, match="table words is damaged"):
        newest_version(folder)


def test_a_manifest_that_was_cut_off_anywhere_is_noticed(lancedb: Path):
    [folder] = table_folders(lancedb)
    path = folder / newest_version(folder).manifest_path
    whole = path.read_bytes()
    for end in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:end])
        with pytest.raises(TableError):
            newest_version(folder)


@pytest.fixture
def file_limit() -> Iterator[Callable[[int], None]]:
    """Limit the size of files as a disk does that fills up: the last write is cut short."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_commit_whose_file_was_cut_off_is_undone(tmp_path: Path, file_limit: Callable[[int], None]):
    words = [{"word": os.urandom(40).hex(), "number": n} for n in range(60)]
    whole = Tables(tmp_path / "whole")
    whole.merge_rows(SPEC, words)
    [folder] = table_folders(tmp_path / "whole")
    [size] = newest_version(folder).sizes.values()
    refused = 0
    for missing in (1, 100, 300, 600):  # bytes, of the last ones that are written
        tables = Tables(tmp_path / str(missing))
        tables.merge_rows(SPEC, [{"word": "first", "number": 0}])
        file_limit(size - missing)
        try:
            tables.merge_rows(SPEC, words)
        except (HomeError, RuntimeError):
            refused += 1
        file_limit(resource.RLIM_INFINITY)
        assert tables.ids(SPEC) == {"first"}
        tables.merge_rows(SPEC, words)  # as the next run does
        assert tables.count(SPEC) == 61
    assert refused == 4


def in_parts(folder: Path) -> Tables:
    """Return a table of 60 words in three files."""
    tables = Tables(folder)
    for first in (0, 20, 40):
        rows = [{"word": f"{n}".zfill(80), "number": n} for n in range(first, first + 20)]
        tables.merge_rows(SPEC, rows)
    return tables


def test_a_compaction_whose_file_was_cut_off_is_undone(tmp_path: Path, file_limit: Callable[[int], None]):
    whole = in_parts(tmp_path / "whole")
    whole.join_files(whole.open(SPEC.name), most=0)
    [folder] = table_folders(tmp_path / "whole")
    [size] = newest_version(folder).sizes.values()
    for missing in (1, 100, 300):
        tables = in_parts(tmp_path / str(missing))
        file_limit(size - missing)
        with suppress(HomeError, RuntimeError):
            tables.join_files(tables.open(SPEC.name), most=0)
        file_limit(resource.RLIM_INFINITY)
        assert len(tables.ids(SPEC)) == 60
        tables.join_files(tables.open(SPEC.name), most=0)
        assert len(tables.ids(SPEC)) == 60
