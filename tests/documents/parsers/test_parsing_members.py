"""Files inside files are documents of their own; what is wrong with one of them costs that one."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.parsing_files import Parse, docx, paragraph, pdf, tarred, zipped
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parse import parse_file
from xnai_pipelines.documents.parsers.parsed import ParsedDocument, ParseLimits, SkippedMember, UnreadableRecord
from xnai_pipelines.errors import SkippedFileError, UnreadableError

Found = list[ParsedDocument | UnreadableRecord | SkippedMember]


def texts(found: Found) -> dict[str, str]:
    return {item.place: item.text for item in found if isinstance(item, ParsedDocument)}


def refused(found: Found) -> dict[str, str]:
    return {item.place: item.kind for item in found if isinstance(item, UnreadableRecord)}


def skipped(found: Found) -> dict[str, str]:
    return {item.member: item.reason for item in found if isinstance(item, SkippedMember)}


def entry(kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    return info


def letter(**attachments: bytes) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "Files"
    mail.set_content("See the files.")
    for name, data in attachments.items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return mail


REPORT = pdf([["The report"]])
RECORDS = '{"_id": "7", "text": "Whales sing."}\n{broken'


def test_each_file_of_an_archive_is_read_as_it_would_be_outside(parse: Parse) -> None:
    found = parse(
        "a.zip",
        zipped(
            {
                "folder/": "",
                "folder/report.pdf": REPORT,
                "notes.md": "# Notes\n\nwords",
                "d.docx": docx(paragraph("Word")),
                "corpus.jsonl": RECORDS,
            }
        ),
    )
    assert texts(found) == {
        "!folder/report.pdf": "The report",
        "!notes.md": "# Notes\n\nwords",
        "!d.docx": "Word",
        "!corpus.jsonl#7": "Whales sing.",
    }
    assert refused(found) == {"!corpus.jsonl#line 2": "damaged"}
    by_place = {item.place: item for item in found if isinstance(item, ParsedDocument)}
    assert [by_place[place].title for place in ("!folder/report.pdf", "!notes.md")] == ["The report", "Notes"]
    assert by_place["!folder/report.pdf"].media_type == "application/pdf"
    assert [one.partition("@")[0] for one in by_place["!folder/report.pdf"].parser.split(" ")] == ["zip", "pdf"]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.tar.gz", "backup"])
def test_tar_archives_are_known_by_their_content_whatever_packs_them(parse: Parse, mode: str, name: str) -> None:
    found = parse(name, tarred({"folder/a.txt": "one", "b.md": "two"}, mode))
    assert texts(found) == {"!folder/a.txt": "one", "!b.md": "two"}


def test_files_of_archives_have_the_times_that_these_say(parse: Parse) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("old.txt", (2020, 2, 3, 4, 5, 6)), "one")
        archive.writestr(zipfile.ZipInfo("unknown.txt"), "two")
    dated = tarfile.TarInfo()
    dated.mtime = 10**9
    with tarfile.open(fileobj=(outer := io.BytesIO()), mode="w") as tar:
        dated.name, dated.size = "a.zip", len(packed.getvalue())
        tar.addfile(dated, io.BytesIO(packed.getvalue()))
    times = {item.place: item.modified for item in parse("a.tar", outer.getvalue())}
    assert times == {"!a.zip!old.txt": 1580702706.0, "!a.zip!unknown.txt": 10**9}


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")])
def test_one_compressed_file_is_read_under_its_own_name(parse: Parse, pack, suffix: str) -> None:
    assert texts(parse(f"notes.md.{suffix}", pack(b"# Notes\n"))) == {"!notes.md": "# Notes\n"}


def test_archives_in_archives_are_read_to_a_depth_of_three(parse: Parse) -> None:
    inner = zipped({"d.txt": "deep", "d.zip": zipped({"e.txt": "too deep"})})
    found = parse("a.zip", zipped({"b.tgz": tarred({"c.zip": inner}, "w:gz")}))
    assert texts(found) == {"!b.tgz!c.zip!d.txt": "deep"}
    assert refused(found) == {"!b.tgz!c.zip!d.zip": "too_deep"}


def test_what_is_skipped_in_a_folder_is_skipped_in_an_archive(tmp_path: Path, worker: ParserWorker) -> None:
    (tmp_path / "a.zip").write_bytes(
        zipped(
            {
                ".git/config": "x",
                "__MACOSX/._a.txt": "x",
                "~$a.docx": "x",
                "drafts/a.md": "x",
                "b.log": "x",
                "c.png": b"\x89PNG\r\n\x1a\n",
                "empty.txt": "",
                "kept.txt": "words",
            }
        )
    )
    found = list(parse_file(tmp_path / "a.zip", "a.zip", ParseLimits(), worker, ("drafts/", "*.log", "/a.zip/none")))
    assert texts(found) == {"!kept.txt": "words"}
    assert skipped(found) == {
        "!.git/config": "hidden",
        "!__MACOSX/._a.txt": "hidden",
        "!~$a.docx": "lock file of an office application",
        "!drafts/a.md": "matches XNAI_EXCLUDE",
        "!b.log": "matches XNAI_EXCLUDE",
        "!c.png": "PNG image",
        "!empty.txt": "empty or only whitespace",
    }


def test_names_that_lead_out_and_entries_that_are_no_files_are_refused_by_name(parse: Parse, tmp_path: Path) -> None:
    zips = parse(
        "a.zip", zipped({"../up.txt": "x", "..": "x", "/etc/up.txt": "x", "C:\\up.txt": "x", "in\\a.txt": "words"})
    )
    assert texts(zips) == {"!in/a.txt": "words"}
    assert set(refused(zips).values()) == {"unsafe_name"}
    assert refused(zips).keys() == {"!../up.txt", "!..", "!/etc/up.txt", "!C:/up.txt"}
    members = {"soft.txt": entry(tarfile.SYMTYPE, "/etc/passwd"), "hard.txt": entry(tarfile.LNKTYPE, "../x")}
    tars = parse("a.tar", tarred({"../../up.txt": "x", **members, "pipe": entry(tarfile.FIFOTYPE), "a.txt": "words"}))
    assert texts(tars) == {"!a.txt": "words"}
    assert refused(tars) == {"!../../up.txt": "unsafe_name"}
    assert skipped(tars) == {
        "!soft.txt": "symbolic link",
        "!hard.txt": "link to another file",
        "!pipe": "not a regular file",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "a.tar"}


def test_a_bomb_in_an_archive_costs_that_member(parse: Parse) -> None:
    zeros = b"word " * 5_000_000
    assert texts(parse("a.zip", zipped({"bomb.txt": zeros, "a.txt": "words"}))) == {"!a.txt": "words"}
    found = parse("a.tgz", tarred({"bomb.txt": zeros, "a.txt": "words"}, "w:gz"))
    assert texts(found) == {"!a.txt": "words"}
    assert refused(found) == {"!bomb.txt": "too_large"}


def test_members_beyond_the_limits_of_size_and_number_are_refused(parse: Parse) -> None:
    members = {f"{name}.txt": "words " * 20 for name in "abc"}
    found = parse("a.zip", zipped(members), ParseLimits(max_unpacked_bytes=250))
    assert (list(texts(found)), refused(found)) == (["!a.txt", "!b.txt"], {"!c.txt": "too_large"})
    nested = zipped({"inner.zip": zipped(members), "z.txt": "words"})
    found = parse("a.zip", nested, ParseLimits(max_unpacked_bytes=len(nested) + 250))
    assert refused(found).keys() >= {"!inner.zip!c.txt"}


def test_the_files_before_the_limit_of_their_number_are_read(tmp_path: Path, worker: ParserWorker) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{name}.txt": "words" for name in "abc"}))
    documents = parse_file(path, path.name, ParseLimits(max_members=2), worker)
    assert [next(documents).member for _ in "ab"] == ["!a.txt", "!b.txt"]
    with pytest.raises(UnreadableError, match="more than 2 files") as caught:
        next(documents)
    assert caught.value.kind == "too_large"


def test_members_of_a_file_that_takes_too_long_are_refused_by_name(parse: Parse, monkeypatch) -> None:
    monkeypatch.setattr("xnai_pipelines.documents.parsers.parse._SECONDS_OF_MEMBERS", 0)
    found = parse("mail.eml", letter(a_txt=b"words", b_txt=b"words").as_bytes())
    assert texts(found).keys() == {""}
    assert refused(found) == {"!a.txt": "timeout", "!b.txt": "timeout"}


def test_encrypted_and_damaged_members_cost_themselves(parse: Parse) -> None:
    data = bytearray(zipped({"locked.txt": "words", "torn.txt": "words " * 99, "a.txt": "words"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    torn = data.index(b"torn.txt") + len(b"torn.txt")
    data[torn : torn + 4] = b"\xff" * 4
    found = parse("a.zip", bytes(data))
    assert texts(found) == {"!a.txt": "words"}
    assert refused(found) == {"!locked.txt": "encrypted", "!torn.txt": "damaged"}


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_the_files_before_the_damage_of_a_tar_archive_are_read(tmp_path: Path, worker: ParserWorker, mode: str) -> None:
    noise = os.urandom(60_000)
    data = tarred({"a.txt": "words", "noise.bin": noise, "b.txt": "more"}, mode)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(data[: len(data) // 2])
    found: Found = []
    with pytest.raises(UnreadableError) as caught:
        found.extend(parse_file(path, path.name, ParseLimits(), worker))
    assert caught.value.kind == "damaged"
    header_lost = bytearray(tarred({"a.txt": "words", "b.txt": "lost", "c.txt": "lost"}))
    header_lost[1024:1034] = b"\xff" * 10
    path.write_bytes(bytes(header_lost) if mode == "w" else gzip.compress(bytes(header_lost)))
    documents = parse_file(path, path.name, ParseLimits(), worker)
    assert next(documents).member == "!a.txt"
    with pytest.raises(UnreadableError, match="files after these are lost"):
        next(documents)


def test_a_place_or_version_that_no_zip_has_is_damage(parse: Parse) -> None:
    data = zipped({"a.txt": "words", "b.txt": "words"})
    entry = data.index(b"PK\x01\x02")  # of a.txt in the directory
    newer = data[: entry + 6] + b"\xff" + data[entry + 7 :]
    misplaced = data[: entry + 42] + b"\xff" * 4 + data[entry + 46 :]
    assert refused(parse("outer.zip", zipped({"newer.zip": newer}))) == {"!newer.zip": "damaged"}
    found = parse("a.zip", misplaced)
    assert (texts(found), refused(found)) == ({"!b.txt": "words"}, {"!a.txt": "damaged"})


def test_an_archive_that_is_empty_or_no_archive_gives_a_reason(tmp_path: Path, worker: ParserWorker) -> None:
    for name, data, error in (
        ("a.zip", zipped({}), SkippedFileError),
        ("b.zip", zipped({"a.txt": "words"})[:40], UnreadableError),
        ("c.tar", b"words", UnreadableError),
        ("d.xz", b"\xfd7zXZ\x00" + bytes(20), UnreadableError),
        ("e.jar", zipped({"a.txt": "words"}), SkippedFileError),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(error):
            list(parse_file(tmp_path / name, name, ParseLimits(), worker))


def test_files_of_one_name_are_numbered(parse: Parse) -> None:
    data = zipped({"a.txt": "one", "b.txt": "two"}).replace(b"b.txt", b"a.txt")
    assert texts(parse("a.zip", data)) == {"!a.txt": "one", "!a (2).txt": "two"}


@pytest.mark.parametrize(
    ("name", "encoding"), [("Größe der Pumpe.txt", "utf-8"), ("Отчёт о работе насоса.txt", "cp866")]
)
def test_names_in_other_encodings_are_decoded(parse: Parse, name: str, encoding: str) -> None:
    placeholder = "x" * len(name.encode(encoding))
    data = zipped({placeholder: "words"}).replace(placeholder.encode(), name.encode(encoding))
    assert texts(parse("a.zip", data)) == {f"!{name}": "words"}
    if encoding == "utf-8":
        assert texts(parse("a.tar", tarred({name: "words"}))) == {f"!{name}": "words"}


def test_a_zip_that_begins_with_an_office_file_is_an_archive(parse: Parse) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        package.writestr("letter.docx", docx(paragraph("Dear")))
        package.writestr("word/notes.txt", "words")
    assert texts(parse("a.zip", stream.getvalue())) == {"!letter.docx": "Dear", "!word/notes.txt": "words"}
    assert texts(parse("renamed.zip", docx(paragraph("Dear")))) == {"": "Dear"}


def test_attachments_of_a_message_are_documents_of_their_own(parse: Parse) -> None:
    mail = letter(report_pdf=REPORT, data_csv=b"id,text\n7,Whales sing.\n", old_zip=zipped({"a.txt": "words"}))
    mail.add_attachment(
        "Grüße".encode("latin-1"), "text", "plain", filename="../../Grüße.txt", params={"charset": "latin-1"}
    )
    found = parse("mail.eml", mail.as_bytes())
    assert texts(found).keys() == {"", "!report.pdf", "!data.csv#7", "!old.zip!a.txt", "!Grüße.txt"}
    assert texts(found)["!Grüße.txt"] == "Grüße"
    assert "Attachments: report.pdf" in texts(found)[""]


def test_pictures_and_signatures_of_a_letter_are_no_documents(parse: Parse) -> None:
    mail = letter()
    mail.add_related(b"\x89PNG\r\n\x1a\n", "image", "png", filename="logo.png", cid="<logo>", disposition="inline")
    mail.add_attachment(b"-----BEGIN PGP SIGNATURE-----", "application", "pgp-signature", filename="signature.asc")
    (document,) = parse("mail.eml", mail.as_bytes())
    assert document.text.endswith("logo.png (8 bytes), signature.asc (29 bytes)")


def test_attachments_of_forwarded_messages_and_those_without_a_name_are_read(parse: Parse) -> None:
    inner = letter(a_txt=b"inner")
    outer = letter(a_txt=b"outer")
    outer.add_attachment(inner)
    outer.add_attachment(REPORT, "application", "pdf")
    found = texts(parse("mail.eml", outer.as_bytes()))
    assert (found["!a.txt"], found["!a (2).txt"], found["!attachment.pdf"]) == ("outer", "inner", "The report")


def test_attachments_of_a_mailbox_belong_to_their_messages(parse: Parse) -> None:
    messages = [letter(a_txt=b"first"), letter(a_txt=b"second", b_pdf=b"%PDF-1.4 torn")]
    messages[0]["Message-ID"] = "<1@x>"
    line = b"From ann@example.org Mon May 06 10:00:00 2024\n"
    data = b"\n".join(line + message.as_bytes() for message in messages)
    found = parse("a.mbox", data)
    assert texts(found).keys() == {"#1@x", "#message 2", "#1@x!a.txt", "#message 2!a.txt"}
    assert refused(found) == {"#message 2!b.pdf": "damaged"}


def test_files_attached_to_a_pdf_are_read_even_if_it_has_no_text(parse: Parse) -> None:
    files = {"data.csv": b"id,text\n7,Whales sing.\n"}
    assert texts(parse("a.pdf", with_attachments(REPORT, files))) == {"": "The report", "!data.csv#7": "Whales sing."}
    found = parse("a.zip", zipped({"scan.pdf": with_attachments(pdf([[]]), files)}))
    assert texts(found) == {"!scan.pdf!data.csv#7": "Whales sing."}
    assert refused(found) == {"!scan.pdf": "no_text"}


def test_files_embedded_in_office_files_are_read_and_the_sheets_behind_charts_are_not(parse: Parse) -> None:
    relations = '<Relationships><Relationship Target="../embeddings/Sheet1.xlsx"/></Relationships>'
    inner = docx(paragraph("Inner"))
    parts = {
        "word/embeddings/Letter.docx": inner,
        "word/embeddings/Sheet1.xlsx": b"PK\x03\x04",
        "word/charts/_rels/chart1.xml.rels": relations,
    }
    found = parse("a.docx", docx(paragraph("Outer"), parts))
    assert texts(found) == {"": "Outer", "!Letter.docx": "Inner"}
    assert len(found) == 2


def with_attachments(data: bytes, files: Mapping[str, bytes]) -> bytes:
    import pypdfium2

    stream = io.BytesIO()
    with pypdfium2.PdfDocument(data) as document:
        for name, content in files.items():
            document.new_attachment(name).set_data(content)
        document.save(stream)
    return stream.getvalue()
