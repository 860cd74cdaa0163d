"""The file that holds files is the unit of a run: its documents come, change, move and go with it."""

from pathlib import Path

import pytest

from tests.support.parsing_files import zipped
from tests.support.workplace import RULES, Workplace
from xnai_pipelines.documents.identity import lies_in, possible_files
from xnai_pipelines.documents.make import DocumentsReport, ingest_documents
from xnai_pipelines.documents.plan import DocumentsRequest, FolderRules
from xnai_pipelines.errors import ForgettingError, IngestRefusedError
from xnai_pipelines.releases.forget import forget
from xnai_pipelines.state.claim import Inputs
from xnai_pipelines.state.schemas import DOCUMENTS, FILES, QUARANTINE

PNG = b"\x89PNG\r\n\x1a\n"


def ingest(work: Workplace, exclude: tuple[str, ...] = (), *, allow_vanishing: bool = False) -> DocumentsReport:
    rules = FolderRules(exclude, RULES.limits, RULES.guard)
    request = DocumentsRequest(allow_vanishing=allow_vanishing)
    return ingest_documents(work.context(), Inputs(work.documents, None), rules, request)


def pack(work: Workplace, name: str, **members: str | bytes) -> Path:
    work.write(name, zipped({member.replace("_", "."): data for member, data in members.items()}))
    return work.documents / name


def test_an_unchanged_archive_costs_nothing_and_an_edited_one_its_own_edits(work: Workplace):
    pack(work, "a.zip", one_txt="First.", two_txt="Second.", broken_pdf=b"%PDF-", scan_png=PNG)
    first = ingest(work)
    assert work.sources() == {"a.zip!one.txt", "a.zip!two.txt"}
    assert work.rows(QUARANTINE).keys() == {"a.zip!broken.pdf"}
    assert (first.outcomes, first.skipped) == ({"documents": 1}, {"PNG image": 1})
    assert ingest(work).written == 0

    pack(work, "a.zip", one_txt="First, edited.", three_txt="Third.")
    edited = ingest(work)
    assert (edited.changes["edited"], edited.written, edited.deleted) == (1, 2, 1)
    assert work.sources() == {"a.zip!one.txt", "a.zip!three.txt"}
    assert not work.rows(QUARANTINE)
    assert edited.skipped == {}


def test_a_renamed_archive_takes_its_documents_along_and_a_deleted_one_takes_them_away(work: Workplace):
    archive = pack(work, "a.zip", one_txt="First.", two_txt="Second.")
    ingest(work)
    archive.rename(work.documents / "b.zip")
    assert ingest(work).changes["renamed"] == 1
    assert work.sources() == {"b.zip!one.txt", "b.zip!two.txt"}
    (work.documents / "b.zip").unlink()
    work.write("kept.txt", "Kept.")
    assert ingest(work).deleted == 2
    assert work.sources() == {"kept.txt"}
    assert work.rows(FILES).keys() == {"kept.txt"}


def test_other_patterns_read_archives_again(work: Workplace):
    pack(work, "a.zip", one_txt="First.", two_log="Second.")
    work.write("kept.txt", "Kept.")
    ingest(work)
    changed = ingest(work, ("*.log",))
    assert (changed.changes["edited"], changed.deleted) == (1, 1)
    assert work.sources() == {"a.zip!one.txt", "kept.txt"}
    assert ingest(work, ("*.log",)).changes["edited"] == 0


def test_the_documents_of_an_archive_count_for_the_vanish_guard(work: Workplace):
    archive = pack(work, "a.zip", **{f"n{number}_txt": f"Number {number}." for number in range(30)})
    work.write("kept.txt", "Kept.")
    ingest(work)
    archive.unlink()
    with pytest.raises(IngestRefusedError, match="30 of 31 documents"):
        ingest(work)
    pack(work, "a.zip", n1_txt="Number 1.")
    with pytest.raises(IngestRefusedError, match="29 of 31 documents"):
        ingest(work)
    assert ingest(work, allow_vanishing=True).deleted == 29


def test_nothing_unpacked_is_left_on_disk(work: Workplace):
    left = work.home.unpacked / "xnai-killed"
    left.mkdir(parents=True)
    (left / "1").write_text("left by a run that was killed")
    pack(work, "a.zip", one_txt="First.")
    ingest(work)
    assert not work.home.unpacked.exists()


def test_a_file_named_like_a_member_does_not_take_its_place(work: Workplace):
    pack(work, "a.zip", one_txt="First.")
    work.write("a.zip!one.txt", "Another.")
    ingest(work)
    assert work.rows(QUARANTINE).keys() == {"a.zip!one.txt (again)"}
    assert [row["text"] for row in work.rows(DOCUMENTS).values()] == ["First."]


def test_members_and_their_archive_are_forgotten_once_they_are_gone(work: Workplace):
    pack(work, "a.zip", one_txt="First.", two_txt="Second.", in_zip=zipped({"three.txt": "Third."}))
    ingest(work)
    with pytest.raises(ForgettingError, match=r"a\.zip is still in"):
        forget(work.context(), work.documents, "a.zip!one.txt")
    pack(work, "a.zip", two_txt="Second.")
    with pytest.raises(ForgettingError, match=r"a\.zip is still in"):
        forget(work.context(), work.documents, "a.zip!in.zip")
    ingest(work)
    assert forget(work.context(), work.documents, "a.zip!one.txt").documents == 0
    assert work.rows(FILES).keys() == {"a.zip"}, "the archive is not read again"
    (work.documents / "a.zip").unlink()
    assert forget(work.context(), work.documents, "a.zip").documents == 1
    assert not work.rows(DOCUMENTS)
    assert not work.rows(FILES)


@pytest.mark.parametrize(
    ("source", "path", "outer", "inside"),
    [
        ("a.zip!x/b.txt", "a.zip", "a.zip", True),
        ("a.zip!x/b.txt", "a.zip", "a.zip!x/b.txt", True),
        ("a.zip!b.zip!c.txt", "a.zip", "a.zip!b.zip", True),
        ("a.mbox#1@x!b.pdf", "a.mbox", "a.mbox#1@x", True),
        ("a.zip!b.txt", "a.zip", "a", False),
        ("a.zip!b.txt", "a.zip", "a.zip!b", False),
        ("Wow!.md", "Wow!.md", "Wow", False),
        ("c#/a.md", "c#/a.md", "c", False),
    ],
)
def test_a_source_lies_in_what_holds_it_and_not_in_a_file_of_a_similar_name(source, path, outer, inside):
    assert lies_in(source, path, outer) is inside
    if inside:
        assert path in possible_files(source)
