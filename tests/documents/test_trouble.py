"""What goes wrong with files, folders and states costs what is wrong alone, and is said in words."""

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.workplace import RULES, Workplace
from xnai_pipelines.documents import file_reader, folders, plan
from xnai_pipelines.documents.make import ingest_documents
from xnai_pipelines.documents.plan import DocumentsRequest, FolderRules
from xnai_pipelines.errors import HomeError, IngestRefusedError, InputsError, TableError, UnreadableError
from xnai_pipelines.state.claim import Inputs
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, QUARANTINE
from xnai_pipelines.state.tables import Tables


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of files that cannot be opened; the test adds and removes some. (Root may open everything.)"""
    names: set[str] = set()
    real = file_reader.file_sha256

    def refusing(path: Path) -> str:
        if path.name in names:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    monkeypatch.setattr(file_reader, "file_sha256", refusing)
    monkeypatch.setattr(plan, "file_sha256", refusing)
    return names


def many(work: Workplace, count: int) -> None:
    for number in range(count):
        work.write(f"{number:03}.txt", f"Document number {number}.\n")


def test_a_file_that_cannot_be_opened_is_tried_by_every_run_until_it_can(work: Workplace, unreadable: set[str]):
    work.write("a.txt", "Text of a.\n")
    work.write("b.txt", "Text of b.\n")
    work.ingest()
    unreadable.add("b.txt")
    work.write("b.txt", "Text of b, edited.\n")
    for attempt in (1, 2):
        work.ingest()
        work.check_whole()
        (row,) = work.rows(QUARANTINE).values()
        assert (row["source"], row["error_type"], row["attempts"]) == ("b.txt", "unreadable", attempt)
        assert "Permission denied" in row["error"]
        assert work.sources() == {"a.txt"}

    unreadable.clear()
    work.ingest()
    work.check_whole()
    assert work.sources() == {"a.txt", "b.txt"}
    assert not work.rows(QUARANTINE)


def test_a_file_that_stops_being_readable_while_it_is_parsed_is_tried_again(
    work: Workplace, monkeypatch: pytest.MonkeyPatch
):
    work.write("a.txt", "Text of a.\n")
    real = file_reader.parse_file

    def failing(*_):
        error = UnreadableError("unreadable", "The file cannot be read: [Errno 5] Input/output error.")
        error.parser = "plain@1.1"
        raise error

    monkeypatch.setattr(file_reader, "parse_file", failing)
    work.ingest_documents()
    assert work.rows(QUARANTINE).keys() == {"a.txt"}
    monkeypatch.setattr(file_reader, "parse_file", real)
    work.ingest()
    work.check_whole()
    assert work.sources() == {"a.txt"}


def test_files_that_all_become_unreadable_are_not_all_deleted(work: Workplace, unreadable: set[str]):
    many(work, 30)
    work.ingest_documents()
    unreadable.update(f"{number:03}.txt" for number in range(30))
    for path in work.documents.iterdir():
        os.utime(path, (1, 1))
    with pytest.raises(IngestRefusedError, match="30 of 30 documents would be deleted"):
        work.ingest_documents()
    assert len(work.sources()) == 30


@pytest.mark.parametrize("moment", ["before it is hashed", "before it is parsed"])
def test_a_file_deleted_during_the_run_is_gone_after_the_next(
    work: Workplace, monkeypatch: pytest.MonkeyPatch, moment: str
):
    work.write("a.txt", "Text of a.\n")
    work.write("b.txt", "Text of b.\n")
    work.ingest()
    work.write("b.txt", "Text of b, edited.\n")
    hashed, parsed = file_reader.file_sha256, file_reader.parse_file

    def hash_(path: Path) -> str:
        if moment == "before it is hashed":
            path.unlink(missing_ok=True)
        return hashed(path)

    def parse(path: Path, *arguments):
        path.unlink(missing_ok=True)
        return parsed(path, *arguments)

    monkeypatch.setattr(file_reader, "file_sha256", hash_)
    monkeypatch.setattr(file_reader, "parse_file", parse)
    work.ingest()
    monkeypatch.undo()
    if moment == "before it is parsed":
        work.ingest()

    work.check_whole()
    assert work.sources() == {"a.txt"}


def test_a_file_edited_during_the_run_is_read_again_by_the_next(work: Workplace, monkeypatch: pytest.MonkeyPatch):
    path = work.write("a.txt", "Text one.\n")
    real = file_reader.parse_file

    def edited_first(*arguments):
        path.write_text("Text two.\n")
        return real(*arguments)

    monkeypatch.setattr(file_reader, "parse_file", edited_first)
    work.ingest_documents()
    monkeypatch.undo()
    path.write_text("Text six.\n")
    work.ingest_documents()
    assert [row["text"] for row in work.rows(DOCUMENTS).values()] == ["Text six.\n"]
    assert work.rows(FILES)["a.txt"]["content_sha256"] == file_reader.file_sha256(path)


def test_a_quarantined_file_is_tried_on_request_and_when_its_parser_changes(
    work: Workplace, monkeypatch: pytest.MonkeyPatch
):
    work.write("broken.jsonl", '{"_id": "1", "text": "Fine."}\n{"_id": "2", "text": " "}\n')
    work.write("broken.ipynb", '{"cells": [')
    attempts = []
    for request in ({}, {}, {"retry_quarantined": True}):
        work.ingest_documents(**request)
        attempts.append(work.rows(QUARANTINE)["broken.ipynb"]["attempts"])
    assert attempts == [1, 1, 2]

    monkeypatch.setattr(plan, "is_current", lambda parser: False)
    report = work.ingest_documents()
    assert report.changes["edited"] == 2
    assert work.rows(QUARANTINE)["broken.ipynb"]["attempts"] == 3
    assert report.written == 0


def test_a_file_beyond_a_limit_is_tried_again_when_the_limit_changes(work: Workplace):
    work.write("long.txt", "A line of words.\n" * 10)
    work.write("damaged.json", "{")
    small = replace(RULES, limits=replace(RULES.limits, max_file_bytes=100))
    assert "XNAI_MAX_FILE_MB" in work.ingest_documents(small).refused_examples[-1]
    assert work.plan(small).changes.to_read == ()
    assert work.plan(RULES).changes.to_read == ("long.txt",)
    work.ingest_documents(RULES)
    assert work.sources() == {"long.txt"}


def test_a_large_file_that_is_not_read_is_not_hashed(work: Workplace, unreadable: set[str]):
    unreadable |= {"film.mp4", "empty.txt"}  # as far as their hash goes
    work.write("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(200))
    work.write("empty.txt", bytes(200))
    small = replace(RULES, limits=replace(RULES.limits, max_file_bytes=100))
    for _ in range(2):
        work.ingest_documents(small)
        assert {row["outcome"] for row in work.rows(FILES).values()} == {"skipped"}
        os.utime(work.documents / "film.mp4", (1, 1))


def test_the_guard_stops_the_loss_of_many_files_until_it_is_allowed(work: Workplace):
    many(work, 40)
    work.ingest()
    before = work.versions()
    for number in range(25):
        (work.documents / f"{number:03}.txt").unlink()
    with pytest.raises(IngestRefusedError, match=r"25 of 40 documents would be deleted.*--allow-vanishing"):
        work.ingest()
    assert work.versions() == before

    work.ingest(allow_vanishing=True)
    work.check_whole()
    assert len(work.sources()) == 15


def test_the_guard_stops_the_loss_of_many_records_of_one_file(work: Workplace):
    lines = [f'{{"_id": "{n}", "text": "Record {n}."}}\n' for n in range(40)]
    work.write("corpus.jsonl", "".join(lines))
    work.write("a.txt", "Text.\n")
    work.ingest()
    work.write("corpus.jsonl", "".join(lines[:10]) + '{"_id": "new", "text": "A new record."}\n')
    for _ in range(2):
        with pytest.raises(IngestRefusedError, match="30 of 41 documents"):
            work.ingest()
        assert len(work.sources() - {"corpus.jsonl#new"}) == 41

    work.ingest(allow_vanishing=True)
    work.check_whole()
    assert len(work.sources()) == 12


def test_moving_everything_into_a_subfolder_is_no_loss(work: Workplace):
    many(work, 30)
    work.ingest()
    (work.documents / "sub").mkdir()
    for path in [*work.documents.glob("*.txt")]:
        path.rename(work.documents / "sub" / path.name)
    reports = work.ingest()
    work.check_whole()
    assert reports.documents.changes["renamed"] == 30
    assert reports.embeddings.encoded == 0


def test_an_empty_or_missing_folder_is_refused(work: Workplace):
    work.write("a.txt", "Text.\n")
    work.ingest()
    (work.documents / "a.txt").unlink()
    with pytest.raises(IngestRefusedError, match="has no file to read"):
        work.ingest()
    work.documents.rmdir()
    with pytest.raises(InputsError, match="does not exist"):
        work.ingest()
    assert work.sources() == {"a.txt"}

    work.documents.mkdir()
    work.ingest(allow_vanishing=True)
    work.check_whole()
    assert work.sources() == set()
    assert work.search().search("text") == []


def test_a_home_refuses_another_folder_and_keeps_what_it_has(work: Workplace, tmp_path: Path):
    work.write("a.txt", "Text.\n")
    work.ingest()
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text("Other text.\n")
    with pytest.raises(InputsError, match="XNAI_HOME"):
        ingest_documents(work.context(), Inputs(other, None), RULES, DocumentsRequest())
    assert work.sources() == {"a.txt"}


def test_a_folder_that_cannot_be_listed_keeps_its_documents(work: Workplace, monkeypatch: pytest.MonkeyPatch):
    work.write("a.txt", "Text.\n")
    work.write("sub/b.txt", "More text.\n")
    work.write("sub/.hidden", "Hidden.\n")
    work.ingest()
    real = os.scandir

    def refusing(path):
        if Path(path).name == "sub":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    report = work.ingest().documents
    assert work.sources() == {"a.txt", "sub/b.txt"}
    assert report.outcomes == {"documents": 2, "quarantined": 1, "skipped": 1}
    assert "Input/output error" in work.rows(FILES)["sub/"]["reason"]

    monkeypatch.undo()
    work.ingest()
    work.check_whole()
    assert "sub/" not in work.rows(FILES)


def test_a_file_whose_status_cannot_be_read_keeps_its_documents(work: Workplace, monkeypatch: pytest.MonkeyPatch):
    work.write("a.txt", "Text.\n")
    work.write("b.txt", "More text.\n")
    work.ingest()
    before = work.content()
    real = folders.list_folder

    def failing(folder, exclude, *prefix, **options):
        listing = real(folder, exclude, *prefix, **options)
        del listing.files["b.txt"]
        listing.unlisted["b.txt"] = "cannot be inspected: Input/output error"
        return listing

    monkeypatch.setattr(folders, "list_folder", failing)
    work.ingest()
    assert work.content() == before


def test_an_excluded_file_leaves_and_comes_back(work: Workplace):
    work.write("a.txt", "Text.\n")
    work.write("drafts/b.txt", "More text.\n")
    work.ingest()
    work.ingest(rules=FolderRules(("drafts/",), RULES.limits, RULES.guard))
    assert work.sources() == {"a.txt"}
    assert work.rows(FILES)["drafts/"]["reason"] == "matches XNAI_EXCLUDE"
    work.ingest()
    work.check_whole()
    assert work.sources() == {"a.txt", "drafts/b.txt"}


def test_what_a_killed_run_wrote_of_a_file_goes_when_the_file_is_gone(work: Workplace):
    """Documents are committed before the ledger knows their file; the file may be deleted before the next run."""
    work.write("a.txt", "Text.\n")
    work.write("b.txt", "More text.\n")
    work.write("bad.jsonl", '{"_id": "1", "text": "Fine."}\n{"_id": "2", "text": " "}\n')
    work.ingest()
    work.tables.delete(FILES, "path", ["b.txt", "bad.jsonl"])
    for name in ("b.txt", "bad.jsonl"):
        (work.documents / name).unlink()
    work.ingest()

    work.check_whole()
    assert work.sources() == {"a.txt"}
    assert not work.rows(QUARANTINE)


def test_the_folder_of_a_table_whose_making_was_killed_stops_no_run(work: Workplace):
    for spec in (FILES, DOCUMENTS, QUARANTINE, CHUNKS):
        (work.home.lancedb / f"{spec.name}.lance" / "_versions").mkdir(parents=True)
    work.write("a.txt", "Text.\n")
    assert work.plan().changes.new == ("a.txt",)
    work.ingest()
    work.check_whole()


def test_a_home_that_cannot_be_written_is_named(work: Workplace, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TableError, match="XNAI_HOME"):
        Tables(Home(tmp_path / "file" / "home").lancedb).ensure(DOCUMENTS)

    work.write("a.txt", "Text.\n")
    work.ingest_documents()
    lock = work.home.root / "writer.lock"
    lock.unlink()
    lock.mkdir()
    work.write("b.txt", "More text.\n")
    with pytest.raises(HomeError, match="cannot be written"):
        work.ingest_documents()
    lock.rmdir()
    work.ingest()
    work.check_whole()
    assert work.sources() == {"a.txt", "b.txt"}


def test_a_damaged_table_is_an_error_and_a_lost_one_is_filled_again(work: Workplace):
    work.write("a.txt", "Text.\n")
    work.write("b.jsonl", '{"_id": "1", "text": "Fine."}\n{"_id": "2", "text": "Fine too."}\n')
    work.ingest()
    before = work.content()
    folder = work.home.lancedb / "documents.lance"
    for manifest in (folder / "_versions").iterdir():
        manifest.write_bytes(b"garbage")
    with pytest.raises(TableError, match="documents"):
        work.ingest()
    shutil.rmtree(folder)
    work.ingest()
    work.check_whole()
    assert work.content() == before


def test_every_table_but_the_ledger_can_be_lost(work: Workplace):
    work.write("a.txt", "Text.\n")
    work.write("b.txt", "More text.\n")
    work.ingest()
    before = work.content()
    for name in [DOCUMENTS.name, CHUNKS.name, work.embeddings.name]:
        shutil.rmtree(work.home.lancedb / f"{name}.lance")
        work.ingest()
        assert work.content() == before
    assert work.search().search("more text", k=1)[0].source == "b.txt"
