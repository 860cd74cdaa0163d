"""Each write is one commit that does what it says to the rows it names, and to no others."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from xnai_pipelines.errors import HomeError, TableError
from xnai_pipelines.state import table_reading
from xnai_pipelines.state import tables as store
from xnai_pipelines.state.schemas import TableSpec, embeddings_spec
from xnai_pipelines.state.table_maintenance import join_files
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

ITEMS = TableSpec("items", "key", pa.schema([("key", pa.string()), ("part", pa.string()), ("value", pa.int64())]))


class Commits:
    """Counts the commits that the store reports."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def commits() -> Commits:
    return Commits()


@pytest.fixture
def tables(tmp_path: Path, commits: Commits) -> Tables:
    return Tables(tmp_path / "lancedb", commits)


def row(key: str, part: str | None = None, value: int | None = None) -> dict[str, object]:
    return {"key": key, "part": part, "value": value}


def as_table(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=ITEMS.schema)


def stored(tables: Tables) -> dict[str, tuple[object, object]]:
    rows = tables.read(ITEMS, ["key", "part", "value"]).to_pylist()
    assert len({found["key"] for found in rows}) == len(rows)
    return {found["key"]: (found["part"], found["value"]) for found in rows}


def test_a_table_that_does_not_exist_is_empty_and_not_made_by_looking(tables: Tables, commits: Commits):
    assert tables.read(ITEMS, ["key"]).schema == pa.schema([("key", pa.string())])
    assert list(tables.stream(ITEMS, ["key"])) == []
    assert (tables.count(ITEMS), tables.version(ITEMS), tables.names()) == (0, None, [])
    tables.delete(ITEMS, "key", ["a"])
    tables.drop("nothing")
    with pytest.raises(TableError, match="`xnai run` makes it"):
        tables.open("items")
    assert tables.names() == []


def test_merge_replaces_known_keys_and_adds_new_ones_in_one_commit(tables: Tables, commits: Commits):
    tables.merge_rows(ITEMS, [row("a", "x", 1), row("b", "x", 2)])
    before = commits.count
    tables.merge_rows(ITEMS, [row("b", "y", 3), {"key": "c"}])
    assert commits.count == before + 1
    assert stored(tables) == {"a": ("x", 1), "b": ("y", 3), "c": (None, None)}


def test_added_rows_are_there_beside_the_others(tables: Tables, commits: Commits):
    tables.merge_rows(ITEMS, [row("a", "x", 1)])
    before = commits.count
    tables.add(ITEMS, as_table(row("b", "y", 2), row("c")))
    assert commits.count == before + 1
    assert stored(tables) == {"a": ("x", 1), "b": ("y", 2), "c": (None, None)}


def test_files_are_joined_only_when_there_are_many_so_that_a_small_change_stays_small(tables: Tables):
    for key in "abc":
        tables.add(ITEMS, as_table(row(key)))
    before, table = tables.version(ITEMS), tables.open("items")
    join_files(tables, table, most=3)
    assert tables.version(ITEMS) == before
    join_files(tables, table, most=2)
    assert tables.open("items").stats()["fragment_stats"]["num_fragments"] == 1
    assert set(stored(tables)) == set("abc")


def test_merging_no_rows_is_no_commit(tables: Tables, commits: Commits):
    tables.merge_rows(ITEMS, [row("a")])
    before, version = commits.count, tables.version(ITEMS)
    tables.merge_rows(ITEMS, [])
    assert (commits.count, tables.version(ITEMS)) == (before, version)


def test_merge_within_makes_the_rows_complete_for_the_values_named(tables: Tables, commits: Commits):
    tables.merge_rows(ITEMS, [row("a", "x"), row("b", "x"), row("c", "it's"), row("d", "z"), row("e", None)])
    before = commits.count
    tables.merge(ITEMS, as_table(row("a", "x", 1), row("n", "it's", 2)), within=("part", ["x", "it's", "new"]))
    assert commits.count == before + 1
    assert stored(tables) == {"a": ("x", 1), "n": ("it's", 2), "d": ("z", None), "e": (None, None)}


def test_merge_within_of_no_rows_empties_the_values_named(tables: Tables):
    tables.merge_rows(ITEMS, [row("a", "x"), row("b", "y")])
    tables.merge(ITEMS, as_table(), within=("part", ["x"]))
    assert stored(tables) == {"b": ("y", None)}


def test_replace_leaves_the_rows_given_alone(tables: Tables):
    tables.replace(ITEMS, [row("a"), row("b")])
    tables.replace(ITEMS, [row("b", "x", 1), row("c")])
    assert stored(tables) == {"b": ("x", 1), "c": (None, None)}
    tables.replace(ITEMS, [])
    assert stored(tables) == {}


def test_delete_goes_by_groups_and_by_value(tables: Tables, commits: Commits, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "LISTED", 2)
    odd = ["a'b", 'a"b', "a\\b", "a%", "ünïcode 猫", "`key`"]
    tables.merge_rows(ITEMS, [row(key) for key in [*odd, "kept"]])
    before = commits.count
    tables.delete(ITEMS, "key", [*odd, "unknown"])
    assert stored(tables) == {"kept": (None, None)}
    assert commits.count == before + 4


@pytest.mark.parametrize("listed", [1, 1_000])
def test_the_rows_of_some_keys_are_streamed(tables: Tables, monkeypatch: pytest.MonkeyPatch, listed: int):
    monkeypatch.setattr(table_reading, "LISTED", listed)
    tables.merge_rows(ITEMS, [row(key, "x", value) for value, key in enumerate("abcdef")])
    batches = list(tables.stream(ITEMS, ["key", "value"], rows=2, among={"e", "b", "unknown"}))
    assert pa.Table.from_batches(batches).to_pydict() == {"key": ["b", "e"], "value": [1, 4]}
    assert list(tables.stream(ITEMS, ["key"], among=frozenset())) == []


def test_all_rows_are_read_and_streamed_also_from_many_commits(tables: Tables):
    for part in range(3):
        tables.merge_rows(ITEMS, [row(f"{part}-{n}", str(part), n) for n in range(700)])
    assert tables.count(ITEMS) == tables.read(ITEMS, ["key"]).num_rows == 2_100
    assert tables.read(ITEMS, ["value", "key"], is_in("part", ["1"])).num_rows == 700
    batches = list(tables.stream(ITEMS, ["value", "key"], rows=256))
    assert sum(batch.num_rows for batch in batches) == 2_100
    assert max(batch.num_rows for batch in batches) <= 256
    assert batches[0].schema.names == ["value", "key"]


def test_columns_that_an_older_version_did_not_have_are_added_empty(tables: Tables, commits: Commits):
    older = TableSpec("items", "key", pa.schema([("key", pa.string())]))
    tables.merge_rows(older, [{"key": "a"}])
    before = commits.count
    tables.ensure(ITEMS)
    assert commits.count == before + 1
    assert stored(tables) == {"a": (None, None)}
    version = tables.version(ITEMS)
    tables.ensure(ITEMS)
    assert tables.version(ITEMS) == version


def test_columns_that_a_newer_version_has_stay(tables: Tables):
    newer = TableSpec("items", "key", ITEMS.schema.append(pa.field("more", pa.string())))
    tables.merge_rows(newer, [{"key": "a", "more": "kept"}])
    tables.ensure(ITEMS)
    assert stored(tables) == {"a": (None, None)}


def test_a_column_of_another_type_is_refused_by_name(tables: Tables):
    tables.merge_rows(ITEMS, [row("a", "x", 1)])
    other = TableSpec("items", "key", pa.schema([("key", pa.string()), ("value", pa.float64())]))
    with pytest.raises(TableError, match=r"value \(int64, needed double\).*XNAI_HOME"):
        tables.ensure(other)
    assert stored(tables) == {"a": ("x", 1)}


def test_a_table_of_vectors_of_another_length_is_refused(tables: Tables):
    tables.ensure(embeddings_spec("embeddings", 4))
    with pytest.raises(TableError, match="vector"):
        tables.ensure(embeddings_spec("embeddings", 8))


def test_names_are_listed_without_the_folders_of_unfinished_tables(tables: Tables, tmp_path: Path):
    wanted = [f"table_{n}" for n in range(3)]
    for name in wanted:
        tables.ensure(TableSpec(name, "key", ITEMS.schema))
    (tmp_path / "lancedb" / "unfinished.lance").mkdir()
    assert sorted(tables.names()) == wanted
    with pytest.raises(TableError):
        tables.open("unfinished")
    tables.ensure(TableSpec("unfinished", "key", ITEMS.schema))
    assert tables.count(TableSpec("unfinished", "key", ITEMS.schema)) == 0


def test_two_stores_see_each_others_commits(tables: Tables, tmp_path: Path):
    other = Tables(tmp_path / "lancedb")
    tables.merge_rows(ITEMS, [row("a")])
    assert stored(other) == {"a": (None, None)}
    other.delete(ITEMS, "key", ["a"])
    assert stored(tables) == {}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "lancedb"):
        with pytest.raises(TableError, match=r"cannot be written.*XNAI_HOME"):
            Tables(folder).ensure(ITEMS)


def test_a_folder_that_this_user_may_not_read_is_not_taken_for_an_empty_one(tables: Tables, monkeypatch):
    tables.merge_rows(ITEMS, [row("a")])
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(HomeError, match="lancedb cannot be read by the user"):
        Tables(tables.place).names()


def test_reading_makes_no_folder(tmp_path: Path):
    tables = Tables(tmp_path / "home" / "lancedb")
    assert tables.names() == []
    assert tables.count(ITEMS) == 0
    assert tables.read(ITEMS, ["key"]).num_rows == 0
    tables.delete(ITEMS, "key", ["a"])
    assert tables.version(ITEMS) is None
    with pytest.raises(TableError, match="does not exist"):
        tables.open("items")
    assert list(tmp_path.iterdir()) == []


def test_size_counts_what_lies_on_disk(tables: Tables):
    assert tables.size_bytes() == 0
    tables.merge_rows(ITEMS, [row("a")])
    assert tables.size_bytes() > 0


@pytest.mark.slow
def test_the_hook_kills_after_the_commit_asked_for(tmp_path: Path):
    code = """
import sys
from pathlib import Path
import pyarrow as pa
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.tables import Tables, kill_after
tables = Tables(Path(sys.argv[1]), kill_after(3))
spec = TableSpec("items", "key", pa.schema([("key", pa.string())]))
for key in "abcdef":
    tables.merge_rows(spec, [{"key": key}])
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    keys = Tables(tmp_path).read(TableSpec("items", "key", pa.schema([("key", pa.string())])), ["key"])
    assert sorted(keys["key"].to_pylist()) == ["a", "b"]
