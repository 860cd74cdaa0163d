"""Office files of 1997 to 2003 and Outlook messages give their words, headings, slides and sheets."""

import struct

import pytest

from tests.support.ole_files import compound, doc, msg, ppt, xls
from tests.support.parsing_files import Parse, kind_of, one
from xnai_pipelines.documents.parsers.parsed import Heading, Omission, ParseLimits


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_a_word_file_has_headings_tables_and_fields_without_their_codes(parse: Parse) -> None:
    body = [("The plan\r", 1), ("See \x13 HYPERLINK x \x14page two\x15, not secret words.\r", 0), ("Part жar\r", 2)]
    document = one(parse("plan.doc", doc(body, hidden="secret ")))
    assert document.text == "# The plan\n\nSee page two, not words.\n\n## Part жar"
    assert document.headings[1] == Heading(document.text.index("##"), 2, "Part жar")
    assert document.omissions == (Omission("hidden text", 1, "secret"),)
    assert (document.title, document.media_type) == ("The plan", "application/msword")


def test_a_letter_beyond_the_first_plane_survives_its_two_halves(parse: Parse) -> None:
    assert one(parse("a.doc", doc([("words first, then \ud83d\ude00 and\r", 0)]))).text == "words first, then 😀 and"


def test_a_workbook_has_a_page_per_sheet(parse: Parse) -> None:
    document = one(parse("money.xls", xls({"Budget": [["Item", "Cost"], ["Tea", 3.5], ["Жар", 4.0]], "Empty": []})))
    assert document.text == "## Budget\n\n| Item | Cost |\n| --- | --- |\n| Tea | 3.5 |\n| Жар | 4 |"
    assert [page.label for page in document.pages] == ["sheet Budget"]


def test_slides_have_titles_from_the_outline_their_shapes_and_notes(parse: Parse) -> None:
    document = one(
        parse("talk.ppt", ppt([("Ergebnis", "Revenue grew\rby two", "say it slowly"), ("Next", "More", "")]))
    )
    assert (
        document.text
        == "# Ergebnis\n\nComment (Ann): check\n\nRevenue grew\n\nby two\n\nNotes: say it slowly\n\n# Next\n\nMore"
    )
    assert [page.label for page in document.pages] == ["slide 1", "slide 2"]
    assert document.omissions == (Omission("picture", 2),)


def test_a_message_has_headers_body_forwarded_message_and_names_of_attachments(parse: Parse) -> None:
    sent = 133_500_000_000_000_000
    inner = "__attach_version1.0_#00000001/3701000D"
    document = one(
        parse(
            "letter.msg",
            msg(
                {
                    "0037001F": wide("Budget"),
                    "0C1A001F": wide("Ann Lee"),
                    "0C1F001F": wide("ann@example.org"),
                    "__recip_version1.0_#00000000/3001001F": wide("Bo"),
                    "__recip_version1.0_#00000000/3003001F": wide("bo@example.org"),
                    "1000001F": wide("Dear Bo,\r\nplease read."),
                    "__attach_version1.0_#00000000/3707001F": wide("plan.pdf"),
                    "__attach_version1.0_#00000000/37010102": b"%PDF",
                    f"{inner}/__properties_version1.0": bytes(24),
                    f"{inner}/0037001F": wide("Before"),
                    f"{inner}/1000001F": wide("the first letter"),
                },
                sent,
            ),
        )
    )
    assert document.text == (
        "Subject: Budget\nFrom: Ann Lee <ann@example.org>\nTo: Bo <bo@example.org>\nDate: 2024-01-17 21:20 UTC\n\n"
        "Dear Bo,\nplease read.\n\nForwarded message\n\nSubject: Before\n\nthe first letter\n\n"
        "Attachments: plan.pdf (4 bytes)"
    )
    assert document.title == "Budget"
    assert document.omissions == (Omission("attachment", 1, "plan.pdf"),)


def test_a_letter_that_is_only_packed_rich_text_is_unpacked(parse: Parse) -> None:
    # The example of MS-OXRTFCP, section 3.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert one(parse("a.msg", msg({"10090102": packed, "0037001F": wide("Hi")}))).text == "Subject: Hi\n\nhello world"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("locked.doc", doc([("words\r", 0)], flags=0x100), "encrypted"),
        ("old.doc", doc([("words\r", 0)], version=0x68), "unsupported"),
        ("locked.ppt", ppt([("a", "b", "")], token=0xF3D1C4DF), "encrypted"),
        ("blank.ppt", ppt([("", "", "")]), "no_text"),
        ("other.msg", compound({"__substg1.0_0037001F": b"a\0"}), "damaged"),
        ("locked.msg", msg({"001A001F": wide("IPM.Note.SMIME")}), "encrypted"),
        ("cut.xls", xls({"A": [["words"]]})[:2000], "damaged"),
        ("renamed.xls", compound({"Other": b"words"}), "damaged"),
        ("package.doc", compound({"EncryptedPackage": bytes(8)}), "encrypted"),
    ],
)
def test_what_cannot_be_read_says_why(parse: Parse, name: str, data: bytes, kind: str) -> None:
    assert kind_of(parse, name, data) == kind


def test_chains_that_loop_end(parse: Parse) -> None:
    data = bytearray(doc([("words\r", 0)]))
    directory, fat = struct.unpack_from("<I", data, 48)[0], struct.unpack_from("<I", data, 76)[0]
    entry = (fat + 1) * 512 + directory * 4
    data[entry : entry + 4] = struct.pack("<I", directory)
    assert one(parse("loop.doc", bytes(data), ParseLimits(seconds=20))).text == "words"
    assert one(parse("loop.ppt", ppt([("a", "b", "")], edits_loop=True))).text == "# a\n\nb"


def test_a_stream_that_claims_to_be_larger_than_its_file_is_not_read(parse: Parse) -> None:
    data = bytearray(doc([("words\r", 0)]))
    entry = data.index(wide("WordDocument")) + 120
    data[entry : entry + 4] = struct.pack("<I", 2**31)
    assert kind_of(parse, "swollen.doc", bytes(data)) == "damaged"


def test_a_renamed_file_is_told_by_its_streams(parse: Parse) -> None:
    assert one(parse("letter.xls", doc([("words\r", 0)]))).media_type == "application/msword"
    assert one(parse("letter.bin", xls({"A": [["words"]]}))).media_type == "application/vnd.ms-excel"
