"""A mirror costs what changed, and loses nothing when its source, its process or a file fails."""

from collections.abc import Generator
from pathlib import Path

import pytest

from xnai_pipelines.documents.sources.mirror import Mirror, MirrorRecord, synchronise
from xnai_pipelines.documents.sources.source import Entry, Failed, Gone, Item, Unfinished
from xnai_pipelines.errors import EntryUnavailableError, SourceUnavailableError


class Shelf:
    """A source whose entries a test sets; a content that is an error is raised."""

    revision: str | None = None

    def __init__(self, contents: dict[str, bytes | Exception], *items: Item) -> None:
        self.contents, self.others = contents, items
        self.error: Exception | None = None
        self.fetched: list[str] = []

    def items(self) -> Generator[Item]:
        for path, content in self.contents.items():
            yield Entry(path, str(content), f"shelf:{path}", None, 1_700_000_000 * 10**9)
        yield from self.others
        if self.error:
            raise self.error

    def fetch(self, entry: Entry, file: Path) -> None:
        self.fetched.append(entry.path)
        content = self.contents[entry.path]
        file.write_bytes(b"half")
        if isinstance(content, Exception):
            raise content
        file.write_bytes(content)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "shelf")


def synced(mirror: Mirror, source: Shelf) -> MirrorRecord:
    record = synchronise(mirror, source, max_bytes=100)
    assert record == mirror.record()
    assert {path: (mirror.files / path).stat().st_size for path in files(mirror)} == {
        path: file.size_bytes for path, file in record.files.items()
    }
    return record


def files(mirror: Mirror) -> set[str]:
    return {path.relative_to(mirror.files).as_posix() for path in mirror.files.rglob("*") if path.is_file()}


def test_only_entries_of_another_version_are_fetched(mirror: Mirror):
    shelf = Shelf({"a.md": b"one", "b/c.md": b"two"})
    assert synced(mirror, shelf).fetched == 2
    assert synced(mirror, shelf).fetched == 0
    shelf.contents["b/c.md"] = b"new"
    assert synced(mirror, shelf).fetched == 1
    assert shelf.fetched == ["a.md", "b/c.md", "b/c.md"]
    assert (mirror.files / "b/c.md").read_bytes() == b"new"


def test_another_content_of_the_same_size_and_source_time_has_another_time(mirror: Mirror):
    synced(mirror, Shelf({"a.md": b"one"}))
    before = (mirror.files / "a.md").stat()
    synced(mirror, Shelf({"a.md": b"two"}))
    after = (mirror.files / "a.md").stat()
    assert before.st_size == after.st_size
    assert before.st_mtime_ns != after.st_mtime_ns


def test_what_a_listing_no_longer_has_is_removed_with_its_empty_folders(mirror: Mirror):
    synced(mirror, Shelf({"a.md": b"one", "b/c/d.md": b"two"}))
    assert synced(mirror, Shelf({"a.md": b"one"})).removed == 1
    assert files(mirror) == {"a.md"}
    assert not (mirror.files / "b").exists()


def test_an_entry_that_fails_keeps_its_old_file_and_is_named(mirror: Mirror):
    synced(mirror, Shelf({"a.md": b"one", "b.md": b"two"}))
    record = synced(
        mirror, Shelf({"a.md": EntryUnavailableError("the disk creaks"), "b.md": b"new"}, Failed("c", "no"))
    )
    assert record.failed == {"a.md": "the disk creaks", "c": "no"}
    assert (mirror.files / "a.md").read_bytes() == b"one"
    assert (mirror.files / "b.md").read_bytes() == b"new"


def test_a_source_that_cannot_be_listed_to_its_end_removes_nothing(mirror: Mirror):
    synced(mirror, Shelf({"a.md": b"one", "b.md": b"two"}))
    listed_at = mirror.record().listed_at
    broken = Shelf({"a.md": b"new"}, Gone("b.md"))
    broken.error = SourceUnavailableError("The line is dead.")
    record = synced(mirror, broken)
    assert (record.trouble, record.listed_at) == ("The line is dead.", listed_at)
    assert files(mirror) == {"a.md", "b.md"}
    assert (mirror.files / "a.md").read_bytes() == b"new"


def test_a_source_that_lists_nothing_removes_nothing(mirror: Mirror):
    synced(mirror, Shelf({"a.md": b"one"}))
    assert synced(mirror, Shelf({})).trouble == "The source lists no entries. Nothing was removed."
    assert files(mirror) == {"a.md"}


def test_an_unfinished_listing_removes_only_what_it_names_as_gone(mirror: Mirror):
    synced(mirror, Shelf({"a.md": b"one", "b.md": b"two", "c.md": b"three"}))
    record = synced(mirror, Shelf({"a.md": b"one"}, Gone("b.md"), Unfinished("the limit")))
    assert (record.trouble, record.removed) == ("the limit", 1)
    assert files(mirror) == {"a.md", "c.md"}


@pytest.mark.parametrize("name", ["../a", "/etc/x", "a//b", "./a", "a/..", "a\0b", "n" * 300, "a/" * 600 + "b"])
def test_a_name_that_leads_out_of_the_folder_is_refused_and_named(mirror: Mirror, name: str):
    record = synced(mirror, Shelf({name: b"bad", "good.md": b"good"}))
    assert list(record.failed) == [name]
    assert files(mirror) == {"good.md"}


def test_a_file_in_the_way_of_a_folder_fails_once_and_heals(mirror: Mirror):
    synced(mirror, Shelf({"a": b"file", "z": b"z"}))
    changed = Shelf({"a/b": b"below", "z": b"z"})
    assert list(synced(mirror, changed).failed) == ["a/b"]
    assert synced(mirror, changed).failed == {}
    assert files(mirror) == {"a/b", "z"}


def test_entries_above_the_limit_are_not_fetched(mirror: Mirror):
    large = Shelf({}, Entry("large.bin", "1", "shelf", 101))
    assert list(synced(mirror, large).failed) == ["large.bin"]
    assert large.fetched == []


def test_a_killed_synchronisation_is_completed_by_the_next(mirror: Mirror):
    synced(mirror, Shelf({"a.md": b"one"}))
    # a file that was replaced and not recorded, one half written, and one that lost its content with the machine
    (mirror.files / "stray.md").write_bytes(b"stray")
    (mirror.folder / "partial").mkdir(exist_ok=True)
    (mirror.folder / "partial/file").write_bytes(b"hal")
    (mirror.files / "a.md").write_bytes(b"")
    assert synced(mirror, Shelf({"a.md": b"one", "stray.md": b"found"})).fetched == 2
    assert (mirror.files / "a.md").read_bytes() == b"one"
    assert (mirror.files / "stray.md").read_bytes() == b"found"


def test_what_was_fetched_before_an_interrupt_is_not_fetched_again(mirror: Mirror):
    shelf = Shelf({"a.md": b"one"})
    shelf.error = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        synchronise(mirror, shelf, max_bytes=100)
    shelf.error = None
    assert synced(mirror, shelf).fetched == 0
