"""Every part of a message is read or named, in any encoding; a mailbox is a document per message."""

import base64
import binascii
from email.message import EmailMessage

import pytest

from tests.support.parsing_files import Parse
from xnai_pipelines.documents.parsers.mail.calendars import parse_calendar
from xnai_pipelines.documents.parsers.mail.headers import words_of_header
from xnai_pipelines.documents.parsers.mail.messages import read_message
from xnai_pipelines.documents.parsers.mail.signed_content import signed_content
from xnai_pipelines.documents.parsers.parsed import Omission, ParsedDocument, ParseLimits, UnreadableRecord
from xnai_pipelines.errors import UnreadableError

HEAD = "From: ann@example.org\nTo: bob@example.org\nSubject: Report\nMIME-Version: 1.0\n"


def multipart(kind: str, *parts: str, boundary: str = "xx") -> str:
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\n{body}--{boundary}--\n"


def part(kind: str, words: str, *fields: str) -> str:
    return "\n".join([f"Content-Type: {kind}", *fields, "", words])


def text_of(message: str | bytes) -> str:
    return read_message(message.encode() if isinstance(message, str) else message, "stem")[0].text


@pytest.mark.parametrize("plain", ["", " \n", "Your mail program cannot show HTML.", "--\nlist footer"])
def test_the_html_is_taken_if_the_plain_text_says_less(plain: str) -> None:
    page = "<p>The balance of March is 4,310 euros, the fee is waived, and the contract ends in June.</p>"
    text = text_of(HEAD + multipart("alternative", part("text/plain", plain), part("text/html", page)))
    assert "The balance of March is 4,310 euros" in text
    assert "list footer" not in text


@pytest.mark.parametrize(
    ("plain", "page", "words"),
    [
        ("The prices hold until June.", "<p>The prices hold until June.</p><p>MAGPIE: 1,250</p>", "MAGPIE: 1,250"),
        ("The prices hold until June.", "<img alt='Prices'><p>View online</p>", "The prices hold until June."),
    ],
)
def test_no_word_of_either_alternative_is_lost(plain: str, page: str, words: str) -> None:
    text = text_of(HEAD + multipart("alternative", part("text/plain", plain), part("text/html", page)))
    assert words in text


def test_of_equal_alternatives_the_plain_text_is_taken() -> None:
    page = part("text/html", "<b>One word.</b>")
    text = text_of(HEAD + multipart("alternative", part("text/plain", "One word."), page))
    assert text.count("One word.") == 1


def test_alternatives_are_chosen_within_themselves_and_other_parts_are_kept() -> None:
    both = part("text/plain", "Plain body."), part("text/html", "<p>Plain body.</p>")
    inner = multipart("alternative", *both, boundary="yy")
    later = part("text/html", "<p>A table of prices follows.</p>")
    text = text_of(HEAD + multipart("mixed", inner, later, part("text/plain", "_____\nlist footer")))
    assert text.endswith("Plain body.\n\nA table of prices follows.\n\n_____\nlist footer")


def test_invitations_and_files_beside_an_html_alternative_are_kept() -> None:
    invitation = part("text/calendar; method=REQUEST", "BEGIN:VEVENT\nSUMMARY:Review\nEND:VEVENT")
    notes = part("text/plain", "attached words", 'Content-Disposition: attachment; filename="notes.txt"')
    rich = multipart("mixed", part("text/html", "<p>Come.</p>"), invitation, notes, boundary="yy")
    text = text_of(HEAD + multipart("alternative", part("text/plain", "Come."), rich))
    assert "Event\nSummary: Review" in text
    assert text.endswith("Attachments: notes.txt (14 bytes)")


def test_forwarded_messages_are_read_with_their_headers() -> None:
    inner = EmailMessage()
    inner["Subject"], inner["From"] = "Größe der Pumpe", "Cai <cai@example.org>"
    inner.set_content("Inner words.")
    middle = EmailMessage()
    middle["Subject"] = "Fwd: Pumpe"
    middle.set_content("Middle words.")
    middle.add_attachment(inner)
    outer = EmailMessage()
    outer["Subject"] = "Fwd: Fwd"
    outer.set_content("Outer words.")
    outer.add_attachment(middle)
    text = text_of(outer.as_bytes())
    assert text == (
        "Subject: Fwd: Fwd\n\nOuter words.\n\nForwarded message\nSubject: Fwd: Pumpe\n\nMiddle words.\n\n"
        "Forwarded message\nSubject: Größe der Pumpe\nFrom: Cai <cai@example.org>\n\nInner words."
    )


def test_attachments_that_are_not_text_are_named_with_their_size() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["Cc"] = "Files", "Dee <dee@example.org>"
    mail.set_content("See the files.")
    mail.add_attachment(b"x" * 3000, maintype="application", subtype="pdf", filename="Größe.pdf")
    mail.add_attachment(b"y" * 2_500_000, maintype="image", subtype="png", filename="scan.png")
    text = text_of(mail.as_bytes())
    assert text.endswith("Attachments: Größe.pdf (2.9 KB), scan.png (2.4 MB)")
    assert "Cc: Dee <dee@example.org>" in text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?= an alle", "Grüße an alle"),
        ("=?iso-8859-1?Q?caf=E9?= =?iso-8859-1?Q?_ouvert?=", "café ouvert"),
        ("=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),  # a letter cut between two words
        ("=?nothing?Q?caf=C3=A9?=", "café"),
        ("=?us-ascii?Q?caf=C3=A9?=", "café"),
        ("=?gb2312?B?" + base64.b64encode("会议推迟到明天".encode("gb18030")).decode() + "?=", "会议推迟到明天"),
        ('"=?utf-8?Q?M=C3=BCller?=" <m@example.org>', '"Müller" <m@example.org>'),
        ("Größe".encode().decode("ascii", "surrogateescape"), "Größe"),
        ("Prüfung der Größe".encode("cp1252").decode("ascii", "surrogateescape"), "Prüfung der Größe"),
    ],
)
def test_headers_are_decoded_whatever_they_declare(raw: str, words: str) -> None:
    assert words_of_header(raw) == words


@pytest.mark.parametrize(
    ("charset", "actual"),
    [
        ("utf-8", "cp1252"),
        ("us-ascii", "cp1252"),
        ("iso-8859-1", "utf-8"),
        ("us-ascii", "utf-8"),
        ("unknown-8bit", "utf-8"),
        ("x-none", "cp1252"),
        ("iso-8859-1", "cp1252"),
    ],
)
def test_a_body_with_a_wrong_charset_is_read(charset: str, actual: str) -> None:
    words = "Die Gebühr für die Prüfung – 12 € – zahlt der Käufer."
    data = f"{HEAD}Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n".encode()
    assert text_of(data + words.encode(actual)).endswith(words)


def test_damaged_bytes_of_a_body_are_recorded() -> None:
    data = f"{HEAD}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n".encode()
    content, _ = read_message(data + "Größe für Prüfung, Gerät \xff".encode()[:-2] + b"\xff", "stem")
    assert content.text.endswith("Größe für Prüfung, Gerät \ufffd")
    assert content.encoding_repair is not None


def ber(tag: int, *parts: bytes, ends: bool = False) -> bytes:
    """An element with these parts; one that ends with a mark instead of saying its length."""
    content = b"".join(parts)
    if ends:
        return bytes([tag, 0x80]) + content + b"\0\0"
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize(("kind", "outcome"), [("2a864886f70d010702", "read"), ("2a864886f70d010703", "encrypted")])
def test_a_message_signed_in_one_piece_is_read(kind: str, outcome: str, ends: bool) -> None:
    words = b"Content-Type: text/plain\r\n\r\nThe signed words."
    octets = ber(0x24, ber(4, words[:9]), ber(4, words[9:]), ends=True) if ends else ber(4, words)
    content = ber(0x30, ber(6, bytes.fromhex("2a864886f70d010701")), ber(0xA0, octets, ends=ends), ends=ends)
    signed = ber(0x30, ber(2, b"\1"), ber(0x31), content, ber(0x31), ends=ends)
    whole = ber(0x30, ber(6, bytes.fromhex(kind)), ber(0xA0, signed, ends=ends), ends=ends)
    head = f"{HEAD}Content-Type: application/pkcs7-mime; name=smime.p7m\n"
    mail = f"{head}Content-Transfer-Encoding: base64\n\n{base64.b64encode(whole).decode()}"
    if outcome == "read":
        assert text_of(mail).endswith("The signed words.")
        assert signed_content(whole[:-20]) is None
    else:
        with pytest.raises(UnreadableError, match="encrypted"):
            text_of(mail)


def test_an_encrypted_part_of_a_readable_message_is_named() -> None:
    sealed = multipart("encrypted", part("application/octet-stream", "abc"), boundary="yy")
    text = text_of(HEAD + multipart("mixed", part("text/plain", "Readable."), sealed))
    assert text.endswith("Readable.\n\nAttachments: an encrypted part, not read")


def test_a_delivery_report_shows_its_fields() -> None:
    fields = "Reporting-MTA: dns; a.example\n\nFinal-Recipient: rfc822; b@example.org\nStatus: 5.1.1"
    report = part("message/delivery-status", fields)
    text = text_of(HEAD + multipart("report", part("text/plain", "Not delivered."), report))
    assert "Status: 5.1.1" in text


def test_calendars_show_what_when_where_and_who() -> None:
    words = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Team\r\nBEGIN:VEVENT\r\nSUMMARY:Audit\\, first pa\r\n rt\r\n"
        'DTSTART;TZID="Europe/Paris":20240306T100000\r\nDTEND;VALUE=DATE:20240307\r\nLOCATION:Room 4.17\r\n'
        "ORGANIZER;CN=Ann Lee:mailto:ann@example.org\r\nATTENDEE:mailto:bob@example.org\r\nDESCRIPTION:One\\nTwo\r\n"
        "BEGIN:VALARM\r\nDESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert parse_calendar(words, "stem").text == (
        "Event\nSummary: Audit, first part\nStart: 2024-03-06 10:00 (Europe/Paris)\nEnd: 2024-03-07\n"
        "Location: Room 4.17\nOrganizer: Ann Lee <ann@example.org>\nAttendee: bob@example.org\nDescription: One\nTwo"
    )
    assert parse_calendar(words, "stem").title == "Team"
    assert parse_calendar("no calendar", "stem").text == "no calendar"


def test_a_calendar_file_is_read(parse: Parse) -> None:
    (document,) = parse("a.ics", "BEGIN:VTODO\nSUMMARY:Check the valve\nDUE:20240101T080000Z\nEND:VTODO\n")
    assert isinstance(document, ParsedDocument)
    assert document.text == "Task\nSummary: Check the valve\nDue: 2024-01-01 08:00 UTC"


def mailbox(*messages: str) -> str:
    return "".join(f"From ann@example.org Tue Mar  5 09:00:00 2024\n{message}\n\n" for message in messages)


@pytest.mark.parametrize("name", ["archive.mbox", "archive", "Inbox.txt"])
def test_a_mailbox_is_a_document_per_message(parse: Parse, name: str) -> None:
    encoded = base64.b64encode(b"Encoded words.").decode()
    found = parse(
        name,
        mailbox(
            f"{HEAD}Message-ID: <1@x>\nContent-Transfer-Encoding: base64\n\n{encoded}",
            f"{HEAD}\nFrom the start it is a sentence.\n>From here too.",
            f"{HEAD}Message-ID: <1@x>\n\nA copy.",
        ),
    )
    assert [one.record_id for one in found if isinstance(one, ParsedDocument)] == ["1@x", "message 2", "1@x (2)"]
    first, second, _ = (one.text for one in found if isinstance(one, ParsedDocument))
    assert first.endswith("Encoded words.")
    assert second.endswith("From the start it is a sentence.\nFrom here too.")


def test_a_bad_message_of_a_mailbox_is_named(parse: Parse) -> None:
    sealed = f"{HEAD}Message-ID: <2@x>\n" + multipart("encrypted", part("text/plain", "abc"))
    found = parse("a.mbox", mailbox(f"{HEAD}\nfine", sealed, f"{HEAD}\n{'x' * 900}"), ParseLimits(max_file_bytes=700))
    assert [(one.record, one.kind) for one in found if isinstance(one, UnreadableRecord)] == [
        ("2@x", "encrypted"),
        ("message 3", "too_large"),
    ]


def test_a_message_of_many_nested_parts_ends() -> None:
    nested = part("text/plain", "deepest")
    for level in range(200):
        nested = multipart("mixed", nested, boundary=f"b{level}")
    assert "nested too deeply" in text_of(HEAD + nested)
    many = multipart("mixed", *[part("text/plain", "x")] * 1500)
    assert "further parts" in text_of(HEAD + many)


def test_a_western_charset_on_other_letters_is_not_believed() -> None:
    head = HEAD + "Content-Type: text/plain; charset=iso-8859-1\n\n"
    assert text_of(head.encode() + "Проверьте насос каждую весну.".encode("cp1251")).endswith("насос каждую весну.")
    assert text_of(head.encode() + "Grüße an Müller.".encode("latin-1")).endswith("Grüße an Müller.")


@pytest.mark.parametrize(
    ("parameters", "sent", "read"),
    [
        (
            "format=flowed",
            "It goes \non here.\n\n> so \n> said\nhe\n-- \nAnn",
            "It goes on here.\n\n> so said\nhe\n-- \nAnn",
        ),
        ("format=flowed; delsp=yes", "main \ntenance", "maintenance"),
        ("charset=utf-8", "It stays \nas it is", "It stays \nas it is"),
    ],
)
def test_lines_that_go_on_are_joined_if_the_format_says_so(parameters: str, sent: str, read: str) -> None:
    assert text_of(HEAD + part(f"text/plain; {parameters}", sent)).endswith(f"\n\n{read}")


def test_files_within_a_text_are_attachments() -> None:
    packed = binascii.b2a_uu(b"Pump 7").decode()
    content, members = read_message(f"{HEAD}\nSee\nbegin 644 a.txt\n{packed}`\nend\nBye".encode(), "stem")
    assert content.text.endswith("See\n\nBye\n\nAttachments: a.txt")
    assert [(member.name, member.open().read()) for member in members] == [("a.txt", b"Pump 7")]


def test_what_a_broken_message_still_says_is_read() -> None:
    cut = base64.b64encode(b"The pump is cut off here").decode()[:-3]
    body = part("text/plain", cut, "Content-Transfer-Encoding: base64")
    assert text_of(HEAD + body).endswith("The pump is cut off h")
    boundless = "Content-Type: multipart/mixed; boundary=a\n\n--b\nContent-Type: text/plain\n\nStill here\n--b--"
    assert "Still here" in text_of(HEAD + boundless)


def test_what_lies_beside_the_parts_of_a_message_is_counted() -> None:
    elsewhere = "Content-Type: message/external-body; access-type=URL; URL=https://e.example/a\n\nContent-Type: a/b\n\n"
    content, _ = read_message(
        (HEAD + multipart("mixed", part("text/plain", "x"), elsewhere) + "Footer\n").encode(), "s"
    )
    assert content.omissions == (
        Omission("attachment kept elsewhere", 1, "https://e.example/a"),
        Omission("text after the parts", 1, "Footer"),
    )


def test_a_forwarded_message_that_is_encoded_is_read() -> None:
    inner = base64.b64encode(b"From: zoe@example.org\nSubject: Old\n\nThe pump is old.\n").decode()
    forwarded = part("message/rfc822", inner, "Content-Transfer-Encoding: base64")
    text = text_of(HEAD + multipart("mixed", part("text/plain", "See below"), forwarded))
    assert text.endswith("Forwarded message\nSubject: Old\nFrom: zoe@example.org\n\nThe pump is old.")


def test_parts_for_programs_alone_are_no_text() -> None:
    letter = part("text/x-amp-html", "<html amp4email>Same offer</html>"), part("text/html", "<p>Same offer</p>")
    style = part("text/css", "p { color: red }", "Content-Location: cid:css-1@mhtml.blink")
    text = text_of(HEAD + multipart("related", multipart("alternative", *letter, boundary="yy"), style))
    assert text.count("Same offer") == 1
    assert "color" not in text
    assert "Attachment style.css" not in text


def test_a_line_of_a_calendar_that_is_folded_within_a_letter_is_read(parse: Parse) -> None:
    word = "Щука".encode()
    data = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:" + word[:1] + b"\r\n " + word[1:] + b"\r\nEND:VEVENT\r\n"
    (document,) = parse("a.ics", data)
    assert isinstance(document, ParsedDocument)
    assert document.text == "Event\nSummary: Щука"
