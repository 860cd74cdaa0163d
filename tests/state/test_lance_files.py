"""The files that a table's manifest names are all that its newest version needs."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pyarrow as pa
import pytest
from lancedb.index import BTree

from tests.support.processes import end, event, start_process
from xnai_pipelines.errors import HomeError, TableError
from xnai_pipelines.state.context import Progress, StageContext, stage
from xnai_pipelines.state.lance_files import missing_files, newest_version, table_folders
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.table_maintenance import compact, join_files
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


def test_a_copy_of_the_named_files_alone_holds_all_rows_and_indexes_and_is_writable(lancedb: Path, tmp_path: Path):
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
    after_copy = Tables(copy.parent)
    after_copy.merge_rows(SPEC, [{"word": "w7", "number": 8}])
    after_copy.delete(SPEC, "word", ["w8"])
    compact(after_copy, "words", timedelta(milliseconds=1))
    assert len(after_copy.ids(SPEC)) == len(before.to_arrow()) - 1
    assert kinds == {"data", "_deletions", "_indices"}


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
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
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
    join_files(whole, whole.open(SPEC.name), most=0)
    [folder] = table_folders(tmp_path / "whole")
    [size] = newest_version(folder).sizes.values()
    for missing in (1, 100, 300):
        tables = in_parts(tmp_path / str(missing))
        file_limit(size - missing)
        with suppress(HomeError, RuntimeError):
            join_files(tables, tables.open(SPEC.name), most=0)
        file_limit(resource.RLIM_INFINITY)
        assert len(tables.ids(SPEC)) == 60
        join_files(tables, tables.open(SPEC.name), most=0)
        assert len(tables.ids(SPEC)) == 60


def test_a_compaction_whose_file_was_cut_off_removes_no_earlier_version(
    tmp_path: Path, file_limit: Callable[[int], None]
):
    whole = in_parts(tmp_path / "whole")
    join_files(whole, whole.open(SPEC.name), most=0)
    [folder] = table_folders(tmp_path / "whole")
    [size] = newest_version(folder).sizes.values()
    tables = in_parts(tmp_path / "cut off")
    file_limit(size - 1)
    with suppress(HomeError, RuntimeError):
        compact(tables, SPEC.name, timedelta(milliseconds=1))
    file_limit(resource.RLIM_INFINITY)
    assert len(tables.ids(SPEC)) == 60


def cut_off_last_commit(tables: Tables, folder: Path) -> None:
    """Leave a commit whose file is cut off, as a process does that is killed before it looks."""
    tables.merge_rows(SPEC, [{"word": "last", "number": 60}])
    [last] = newest_version(folder).files[-1:]
    os.truncate(folder / last, 10)


def test_a_stage_first_undoes_a_cut_off_commit_of_a_process_that_was_killed(tmp_path: Path):
    home = Home(tmp_path)
    tables = in_parts(home.lancedb)
    [folder] = table_folders(home.lancedb)
    cut_off_last_commit(tables, folder)
    context = StageContext(home, Tables.of(home), "run", Progress(lambda _: None, bar=False))
    with stage(context, "anything"):
        assert len(context.tables.ids(SPEC)) == 60
        context.tables.merge_rows(SPEC, [{"word": "last", "number": 60}])
    assert len(context.tables.ids(SPEC)) == 61


def test_commits_of_a_table_that_lost_a_file_long_ago_are_kept(tmp_path: Path):
    tables = in_parts(tmp_path)
    [folder] = table_folders(tmp_path)
    os.truncate(folder / newest_version(folder).files[0], 10)
    tables.add(SPEC, pa.table({"word": ["last"], "number": [60]}))
    tables.undo_unchecked()
    assert tables.count(SPEC) == 61  # the doctor tells of the file


def drop(folder: Path, begun: Event) -> None:
    tables = Tables(folder)
    begun.set()
    tables.drop(SPEC.name)


def test_a_drop_that_is_killed_leaves_the_whole_table_or_none(tmp_path: Path):
    tables = in_parts(tmp_path)
    [folder] = table_folders(tmp_path)
    for number in range(5_000):
        (folder / "data" / f"{number}.lance").touch()  # so that the removal takes a while
    files = {path.relative_to(folder) for path in folder.rglob("*")}
    begun = event()
    process = start_process(drop, tmp_path, begun)
    begun.wait()
    while process.is_alive() and folder.exists() and len(list((folder / "data").iterdir())) > 5_000:
        pass
    end(process, 0)
    assert {path.relative_to(folder) for path in folder.rglob("*")} in (set(), files)
    assert tables.names() in ([], [SPEC.name])
    tables.merge_rows(SPEC, [{"word": "next", "number": 0}])  # as the next run does
    tables.drop(SPEC.name)
    assert list(tmp_path.iterdir()) == []
