"""Contacts, subtitles, Office files of rarer kinds; documents that no parser reads are named with what to do."""

import re
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from tests.support.fuzz_seeds import seeds
from tests.support.ole_files import compound
from tests.support.parsing_files import Parse, docx, kind_of, one, paragraph, zipped
from xnai_pipelines.documents.parsers.detect import detect
from xnai_pipelines.documents.parsers.parsed import Omission, Page
from xnai_pipelines.errors import UnreadableError


def test_contacts_are_lines_under_their_names(parse: Parse) -> None:
    document = one(
        parse(
            "people.txt",
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;John;Q.;Dr;\r\nFN:John Doe\r\n"
            "item1.EMAIL;TYPE=INTERNET,WORK:j@x.org\r\n"
            "ADR;TYPE=HOME:;;1 Main St;Town;;123;\r\nNOTE:a\\, b\\nlong\r\n er line\r\n"
            "PHOTO;ENCODING=b:AAAA\r\n AAA\r\n"
            "END:VCARD\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
            "M=C3=BCller;=\r\nHans\r\n"
            "TEL;CELL;VOICE:123\r\nEND:VCARD\r\n",
        )
    )
    assert document.text == (
        "Name: John Doe\nE-mail (work): j@x.org\nAddress (home): 1 Main St, Town, 123\nNote: a, b\nlonger line\n\n"
        "Name: Hans Müller\nPhone (cell): 123"
    )
    assert [heading.title for heading in document.headings] == ["John Doe", "Hans Müller"]
    assert document.omissions == (Omission("photo", 1),)
    assert kind_of(parse, "none.vcf", "BEGIN:VCARD\nEND:VCARD\n") == "no_text"


def test_contacts_keep_every_property_and_line_in_their_encoding(parse: Parse) -> None:
    document = one(
        parse(
            "a.vcf",
            "BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:J=FCrgen M=FCller\n"
            "PHOTO;ENCODING=BASE64:AAA=\n BBB=\n\nNOTE:first line\nsecond line\nX-SIGNAL:+49 170 1\nGENDER:F\n"
            "X-MS-FLAG:1\nUID:7\nEND:VCARD\n",
        )
    )
    assert document.text == "Name: Jürgen Müller\nNote: first line\nsecond line\nSignal: +49 170 1\nGender: F"
    assert document.omissions == (Omission("photo", 1),)


def test_events_keep_every_property_and_line(parse: Parse) -> None:
    document = one(
        parse(
            "a.ics",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:7\nSUMMARY:Review\nDESCRIPTION:Agenda\nbring badge\n"
            "RDATE:20240305T080000Z\nX-GOOGLE-CONFERENCE:https://meet.example/a\nX-ALT-DESC;FMTTYPE=text/html:<b>A</b>\n"
            "BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\nBEGIN:VFREEBUSY\n"
            "FREEBUSY;FBTYPE=BUSY:20240306T080000Z/PT1H\nX-ALT-DESC:<b>B</b>\nEND:VFREEBUSY\nEND:VCALENDAR\n",
        )
    )
    assert document.text == (
        "Event\nSummary: Review\nDescription: Agenda\nbring badge\nAlso: 2024-03-05 08:00 UTC\n"
        "Google conference: https://meet.example/a\n\nFree and busy times\nBusy: 2024-03-06 08:00 UTC/PT1H"
    )
    assert document.omissions == (Omission("description in HTML", 1),)


def test_cues_are_joined_and_their_times_are_pages(parse: Parse) -> None:
    srt = (
        "1\n00:00:01,000 --> 00:00:02,000\nThe rain\n\n2\n00:00:02,500 --> 00:00:03,000\n<i>falls &amp; falls.</i>\n\n"
        "3\n00:12:30,000 --> 00:12:31,000\n{\\an8}Later\n"
    )
    document = one(parse("talk.srt", srt))
    assert document.text == "The rain falls & falls.\n\nLater"
    assert document.pages == (Page(0, "at 0:00:01"), Page(document.text.index("Later"), "at 0:12:30"))
    vtt = (
        "WEBVTT - The talk\n\nNOTE by hand\n\nSTYLE\n::cue {}\n\na\n00:01.000 --> 00:02.000 align:left\n"
        "<v Ann>Hello\n\n"
        "00:02.000 --> 00:03.000\n<v.loud Bo>Hi <c.red>there</c>\n\n00:03.000 --> 00:04.000\n<v Bo>Hi there\n"
    )
    document = one(parse("talk.txt", vtt))
    assert (document.title, document.text) == ("The talk", "Ann: Hello\n\nBo: Hi there")
    assert document.omissions == (Omission("note", 1, "by hand"),)
    gaps = "1\n00:00:01,000 --> 00:00:02,000\nHello\n\nsecond line\n2\n00:00:09,000 --> 00:00:10,000\nBye\n\nall\n"
    assert one(parse("gaps.srt", gaps)).text == "Hello second line\n\nBye all"
    assert one(parse("none.srt", "no cues")).text == "no cues"


@pytest.mark.parametrize(
    ("extension", "usual", "other"),
    [
        (".pptx", "presentation.main", "template.main"),
        (
            ".pptx",
            "openxmlformats-officedocument.presentationml.presentation.main",
            "ms-powerpoint.template.macroEnabled.main",
        ),
        (
            ".pptx",
            "openxmlformats-officedocument.presentationml.presentation.main",
            "ms-powerpoint.slideshow.macroEnabled.main",
        ),
        (".xlsx", "sheet.main", "template.main"),
        (".xlsx", "openxmlformats-officedocument.spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"),
    ],
)
def test_templates_shows_and_strict_files_are_read_like_the_usual_kind(
    parse: Parse, extension: str, usual: str, other: str
) -> None:
    package = seeds()[f"a{extension}"]
    expected = one(parse(f"a{extension}", package)).text
    assert one(parse(f"b{extension}", changed(package, usual.encode(), other.encode()))).text == expected
    assert one(parse(f"c{extension}", strict(package))).text == expected


def changed(package: bytes, old: bytes, new: bytes) -> bytes:
    return rewritten(package, lambda part: part.replace(old, new))


def test_strict_office_files_are_read_like_others_and_macros_are_counted(parse: Parse) -> None:
    usual = docx(paragraph("The plan", "Heading1") + paragraph("words"), {"word/vbaProject.bin": b"x"})
    document = one(parse("plan.docm", usual))
    assert document.omissions[-1] == Omission("macros", 1)
    assert one(parse("plan.docx", strict(usual))).text == document.text == "# The plan\n\nwords"


def strict(package: bytes) -> bytes:
    kinds = rb"(officeDocument|wordprocessingml|spreadsheetml|presentationml|drawingml)"
    pattern = re.compile(rb"http://schemas\.openxmlformats\.org/" + kinds + rb"/2006/")
    return rewritten(package, lambda part: pattern.sub(rb"http://purl.oclc.org/ooxml/\1/", part))


def rewritten(package: bytes, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(BytesIO(package)) as old:
        return zipped({name: change(old.read(name)) for name in old.namelist()})


@pytest.mark.parametrize(
    ("head", "name", "advice"),
    [
        (zipped({"xl/workbook.bin": "x"}), "a.xlsb", r"\.xlsb.*\.xlsx"),
        (zipped({"Index/Document.iwa": "x"}), "a.pages", "Export"),
        (zipped({"visio/document.xml": "x"}), "a.vsdx", "PDF"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.base"}), "a.odb", "base"),
        (b"ITSF\3\0\0\0", "a.chm", "help"),
        (b"\xffWPC\x10", "a.wpd", "WordPerfect"),
        (compound({"VisioDocument": b"x"}), "a.vsd", "Visio"),
        (b"\x78\x9f\x3e\x22\x01\x00\x01\x90", "winmail.dat", "Outlook"),
    ],
)
def test_a_document_that_is_not_read_is_named_with_what_to_save_it_as(head: bytes, name: str, advice: str) -> None:
    with pytest.raises(UnreadableError, match=advice) as caught:
        detect(head, name)
    assert caught.value.kind == "unsupported"


def test_captions_that_roll_up_are_said_once(parse: Parse) -> None:
    cues = (
        "WEBVTT\n\n00:00.000 --> 00:02.000\n \nhello<00:00:00.500><c> there</c>\n\n"
        "00:02.000 --> 00:02.010\nhello there\n \n\n00:02.010 --> 00:04.000\nhello there\nwelcome<c> all</c>\n\n"
        "00:04.000 --> 00:04.010\nwelcome all\n\n00:09.000 --> 00:10.000\nwelcome all\nagain\n"
    )
    assert one(parse("a.vtt", cues)).text == "hello there welcome all\n\nwelcome all again"


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.xls", "Item\tPrice\r\nValve\t12\r\n", "text/csv"),
        ("a.xlsx", "\ufeffItem;Price\r\nValve;12\r\n", "text/csv"),
        (
            "a.doc",
            "Subject: Page\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n",
            "message/rfc822",
        ),
    ],
)
def test_tables_and_pages_that_programs_save_under_the_name_of_an_office_file_are_read(
    name: str, data: str, media_type: str
) -> None:
    assert detect(data.encode(), name) == media_type
    assert detect(data.encode("utf-16"), name) == media_type
