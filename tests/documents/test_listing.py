"""Every entry of a folder is to be read, skipped with a reason, or not known; nothing outside is reached."""

import errno
import os
import sys
from pathlib import Path

import pytest

from xnai_pipelines.backups.places import open_place
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.backups.seal import Checksum
from xnai_pipelines.documents.listing import LAST_NS, FileStat, Listing, list_folder
from xnai_pipelines.errors import InputsError, ListingError
from xnai_pipelines.state.claim import Inputs, claim
from xnai_pipelines.state.layout import Home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "documents"
    path.mkdir()
    return path


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_files_are_listed_at_any_depth_with_size_and_time(folder: Path):
    fill(folder, "a.md", "sub/deep/b c.txt", "naïve/猫.md")
    os.utime(folder / "a.md", ns=(5, 1_234_567_891))
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md", "sub/deep/b c.txt", "naïve/猫.md"}
    stat = listing.files["a.md"]
    assert stat == FileStat(4, 1_234_567_891, (folder / "a.md").stat().st_ctime_ns)
    assert listing == Listing(listing.files, {}, {})


def test_hidden_entries_and_lock_files_are_skipped_a_folder_as_one(folder: Path):
    fill(folder, ".env", ".git/config", ".git/objects/1", "~$report.docx", "a.md")
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md"}
    assert listing.skipped == {
        ".env": "hidden",
        ".git/": "hidden",
        "~$report.docx": "lock file of an office application",
    }


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (("*.log",), {"a.md", "build/c.md", "sub/build/d.md", "sub/e.md"}),
        (("build/",), {"a.md", "b.log", "sub/e.md", "sub/x.log"}),
        (("/build/",), {"a.md", "b.log", "sub/build/d.md", "sub/e.md", "sub/x.log"}),
        (("*.log", "!x.log"), {"a.md", "build/c.md", "sub/build/d.md", "sub/e.md", "sub/x.log"}),
        (("sub/**", "!sub/e.md"), {"a.md", "b.log", "build/c.md", "sub/e.md"}),
        (("sub/", "!sub/e.md"), {"a.md", "b.log", "build/c.md"}),
        (("# a comment", "", "a.??"), {"b.log", "build/c.md", "sub/build/d.md", "sub/e.md", "sub/x.log"}),
    ],
)
def test_patterns_exclude_as_gitignore_does(folder: Path, patterns: tuple[str, ...], left: set[str]):
    fill(folder, "a.md", "b.log", "build/c.md", "sub/build/d.md", "sub/e.md", "sub/x.log")
    listing = list_folder(folder, patterns)
    assert listing.files.keys() == left
    assert set(listing.skipped.values()) == {"matches XNAI_EXCLUDE"}


def test_links_are_read_where_they_lead_to_a_file_of_the_folder(folder: Path):
    fill(folder, "a.md", "sub/b.md")
    fill(folder.parent, "outside.md", "documents2/near.md")
    links = {
        "inside": folder / "a.md",
        "relative": Path("sub/b.md"),
        "outside": folder.parent / "outside.md",
        "near": folder.parent / "documents2/near.md",
        "subfolder": folder / "sub",
        "broken": folder / "nothing",
        "loop": folder / "loop2",
        "loop2": folder / "loop",
        "sub/up": folder,
        "via": folder / "outside",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md", "sub/b.md", "inside", "relative"}
    assert listing.files["inside"] == listing.files["a.md"]
    assert listing.skipped == {
        "outside": "symbolic link out of the folder",
        "near": "symbolic link out of the folder",
        "via": "symbolic link out of the folder",
        "subfolder": "symbolic link to a folder",
        "sub/up": "symbolic link to a folder",
        "broken": "broken symbolic link",
        "loop": "broken symbolic link",
        "loop2": "broken symbolic link",
    }


def test_a_folder_that_is_itself_a_link_is_read(folder: Path):
    fill(folder, "a.md", "sub/b.md")
    (folder / "inside").symlink_to(folder / "a.md")
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert list_folder(link, ()).files.keys() == {"a.md", "sub/b.md", "inside"}


def test_a_pipe_is_skipped_without_being_opened(folder: Path):
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(folder / "pipe")
    listing = list_folder(folder, ())
    assert listing.skipped["pipe"] == "not a regular file"
    assert not listing.files


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are valid Unicode always")
def test_names_that_are_not_utf_8_are_skipped_and_shown(folder: Path):
    root = os.fsencode(folder)
    Path(os.fsdecode(root + b"/caf\xe9.md")).write_text("x")
    Path(os.fsdecode(root + b"/d\xff")).mkdir()
    Path(os.fsdecode(root + b"/d\xff/inner.md")).write_text("x")
    listing = list_folder(folder, ())
    assert not listing.files
    assert listing.skipped.keys() == {"caf\\xe9.md", "d\\xff/"}
    assert all("UTF-8" in reason for reason in listing.skipped.values())
    assert all(name.isprintable() for name in listing.skipped)


def test_a_missing_folder_a_file_and_an_unlistable_folder_are_errors(folder: Path, monkeypatch: pytest.MonkeyPatch):
    fill(folder, "a.md")
    for path in (folder / "nothing", folder / "a.md"):
        with pytest.raises(InputsError, match="XNAI_DOCUMENTS"):
            list_folder(path, ())

    def refusing(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(ListingError, match="Permission denied"):
        list_folder(folder, ())


def test_a_subfolder_that_cannot_be_listed_is_unknown(folder: Path, monkeypatch: pytest.MonkeyPatch):
    fill(folder, "a.md", "sub/b.md", "sub/deep/c.md", "subway.md")
    real = os.scandir

    def refusing(path):
        if Path(path).name == "sub":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md", "subway.md"}
    assert listing.unlisted == {"sub/": "the folder cannot be listed: Permission denied"}
    assert [listing.is_unknown(path) for path in ("sub/b.md", "sub/deep/c.md", "subway.md", "a.md")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_listing_that_fails_half_way_is_unknown(folder: Path, monkeypatch: pytest.MonkeyPatch):
    fill(folder, "a.md", "sub/b.md", "sub/c.md")
    real = os.scandir

    class FailsAfterOne:
        def __init__(self, entries):
            self.entries = entries

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.entries.close()

        def __iter__(self):
            yield next(self.entries)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", lambda p: FailsAfterOne(real(p)) if Path(p).name == "sub" else real(p))
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md"}
    assert listing.is_unknown("sub/b.md")


class Entry:
    """An entry of a folder whose status cannot be read, or that is gone by now."""

    def __init__(self, entry: os.DirEntry[str], error: OSError) -> None:
        self.name, self.path = entry.name, entry.path
        self.is_dir, self.is_file, self.is_symlink = entry.is_dir, entry.is_file, entry.is_symlink
        self._error = error

    def stat(self):
        raise self._error


@pytest.mark.parametrize(("number", "unknown"), [(errno.EIO, True), (errno.ESTALE, True), (errno.ENOENT, False)])
def test_a_file_whose_status_cannot_be_read_is_unknown_unless_it_is_gone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, unknown: bool
):
    fill(folder, "a.md", "b.md", "b.md.txt")
    real = os.scandir
    error = OSError(number, os.strerror(number))

    class Scan:
        def __init__(self, path):
            with real(path) as entries:
                self.entries = [Entry(e, error) if e.name == "b.md" else e for e in entries]

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(os, "scandir", Scan)
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md", "b.md.txt"}
    assert not listing.skipped
    assert listing.is_unknown("b.md") == unknown
    assert not listing.is_unknown("b.md.txt")


def test_a_subfolder_deleted_while_the_folder_is_listed_is_unknown_until_the_next_listing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(folder, "a.md", "sub/b.md")
    real = os.scandir

    def deleting(path):
        if Path(path).name == "sub":
            (folder / "sub/b.md").unlink()
            (folder / "sub").rmdir()
        return real(path)

    monkeypatch.setattr(os, "scandir", deleting)
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md"}
    assert listing.is_unknown("sub/b.md")
    monkeypatch.undo()
    assert not list_folder(folder, ()).unlisted


def test_a_folder_set_apart_is_one_skipped_entry_at_its_place_alone(folder: Path):
    fill(folder, "a.md", "deep/state/lancedb/a.txt", "state/b.md")
    listing = list_folder(folder, (), apart=(folder / "deep/state", folder, folder.parent, folder.parent / "state"))
    assert listing.files.keys() == {"a.md", "state/b.md"}
    assert listing.skipped == {"deep/state/": "the state folder of xnai, or its backups"}


def test_homes_and_backups_are_each_one_skipped_entry_wherever_they_lie(folder: Path):
    fill(folder, "a.md", "old/state/reports/a.txt", "old/kept/blocks/b.txt", "web/home.json", "web/repository.json")
    claim(Home(folder / "old/state"), Inputs(folder / "elsewhere", None))
    Repository(open_place(str(folder / "old/kept")), Checksum()).prepare()
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md", "web/home.json", "web/repository.json"}
    assert listing.skipped == dict.fromkeys(["old/kept/", "old/state/"], "the state folder of xnai, or its backups")


def test_the_state_of_a_home_that_is_the_documents_folder_is_skipped(folder: Path):
    fill(folder, "a.md", "guides/reports/b.md", "reports/run.json", "vectors.db-wal", "writer.lock", "state/x.json")
    claim(Home(folder), Inputs(folder, None))
    listing = list_folder(folder, ())
    assert listing.files.keys() == {"a.md", "guides/reports/b.md"}
    assert listing.skipped.keys() == {"home.json", "reports/", "vectors.db-wal", "writer.lock", "state/"}


@pytest.mark.parametrize(("modified", "kept"), [(2**70, LAST_NS), (-(2**70), -LAST_NS), (7, 7)])
def test_times_are_kept_within_what_a_table_holds(modified: int, kept: int):
    stat = os.stat_result((0, 0, 0, 0, 0, 0, 3, 0, 0, 0), {"st_mtime_ns": modified, "st_ctime_ns": 9})
    assert FileStat.of(stat) == FileStat(3, kept, 9)
