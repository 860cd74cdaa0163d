"""Outlook messages (.msg, MS-OXMSG) as text. Runs only in the worker process."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from struct import iter_unpack

from xnai_pipelines.documents.parsers.mail.letters import whole_letter
from xnai_pipelines.documents.parsers.mail.outlook_rtf import unpacked_rtf
from xnai_pipelines.documents.parsers.mail.signed_content import signed_content
from xnai_pipelines.documents.parsers.markup.html import html_text
from xnai_pipelines.documents.parsers.markup.paged import check_size
from xnai_pipelines.documents.parsers.office97.ole import CompoundFile, codec_of, compound_file
from xnai_pipelines.documents.parsers.office97.rtf import RtfReader
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Markup, Member
from xnai_pipelines.documents.parsers.text.decode import decode
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError

_PROPERTIES = "__properties_version1.0"
_RECIPIENT, _ATTACHMENT = "__recip_version1.0_#", "__attach_version1.0_#"
_HEADER_BYTES, _HEADER_BYTES_INSIDE, _HEADER_BYTES_OF_PART = 32, 24, 8
_CLASS, _SUBJECT, _SENDER, _ADDRESS, _SMTP_ADDRESS = 0x001A, 0x0037, 0x0C1A, 0x0C1F, 0x5D01
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_SENT, _DELIVERED, _CODEPAGE, _HTML_CODEPAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_NAME, _EMAIL, _SMTP, _ROLE = 0x3001, 0x3003, 0x39FE, 0x0C15
_LONG_NAME, _SHORT_NAME, _DATA = 0x3707, 0x3704, 0x3701
_MIME_TYPE = 0x370E
_SIGNED_MESSAGE = "signed message.eml"
_ENVELOPES = {"application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_TEXT, _TEXT_8, _BINARY, _STORAGE = 0x001F, 0x001E, 0x0102, 0x000D
_ROLES = {1: "To", 2: "Cc", 3: "Bcc"}
_DISPLAYED = {"To": 0x0E04, "Cc": 0x0E03, "Bcc": 0x0E02}
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MAX_DEPTH = 10


def parse_msg(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a message: its headers, its body, the messages attached to it. Other attachments are named.

    Raises:
        MissingExtraError: The extra `office` is not installed, or `html` for a letter that is only HTML.
        UnreadableError: "encrypted", "damaged", "too_large".
    """
    with compound_file(data, "An Outlook message") as file:
        omitted = Omitted()
        message = _Message(file, "", max_chars, omitted)
        if not file.has(_PROPERTIES):
            raise UnreadableError("damaged", "The file is not an Outlook message but another kind of Office file.")
        if message.is_encrypted():
            raise UnreadableError("encrypted", "The message is encrypted. Export it decrypted from the mail program.")
        text = normalise("\n\n".join(message.blocks(0))).strip()
        check_size(len(text), max_chars)
        title = single_line(normalise(message.text(_SUBJECT))) or stem
    return replace(Content(title, text, Markup.PLAIN), omissions=omitted.listed())


def attached_to_msg(data: bytes) -> Iterator[Member]:
    """Yield the files attached to a message.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged".
    """
    with compound_file(data, "An Outlook message") as file:
        yield from _Message(file, "", 0, Omitted()).members(0)


class _Message:
    """A message in a file: the file's own, or one attached to it, whose parts have a prefix."""

    def __init__(self, file: CompoundFile, prefix: str, max_chars: int, omitted: Omitted) -> None:
        self._file = file
        self._prefix = prefix
        self._max_chars = max_chars
        self._omitted = omitted
        header = _HEADER_BYTES_INSIDE if prefix else _HEADER_BYTES
        self._fixed = self._numbers(_PROPERTIES, header)

    def blocks(self, depth: int) -> Iterator[str]:
        """Yield the headers, the body, then the attachments."""
        yield "\n".join(f"{name}: {words}" for name, value in self._headers() if (words := " ".join(value.split())))
        if body := self._body().strip():
            yield body
        named: list[str] = []
        for part in self._parts(_ATTACHMENT):
            inner = self._attached_message(part)
            if inner is not None and depth < _MAX_DEPTH:
                yield "Forwarded message"
                yield from inner.blocks(depth + 1)
                continue
            name, data = self._attached_file(part)
            named.append(f"{single_line(name)} ({len(data):,} bytes)")
            if not data:
                self._omitted.add("attachment", name)
        if named:
            yield f"Attachments: {', '.join(named)}"

    def members(self, depth: int) -> Iterator[Member]:
        """Yield the files attached to the message and to the messages attached to it."""
        for part in self._parts(_ATTACHMENT):
            inner = self._attached_message(part)
            name, data = self._attached_file(part)
            if inner is not None and depth < _MAX_DEPTH:
                yield from inner.members(depth + 1)
            elif data:
                yield Member.of(name.replace("\\", "/").rpartition("/")[2], data)

    def _attached_message(self, part: str) -> "_Message | None":
        inner = f"{self._prefix}{part}/{_stream(_DATA, _STORAGE)}/"
        is_message = self._file.has(inner + _PROPERTIES)
        return _Message(self._file, inner, self._max_chars, self._omitted) if is_message else None

    def _attached_file(self, part: str) -> tuple[str, bytes]:
        """Return the name and the bytes of an attachment. Of a message signed in one piece, these are the message's."""
        name = self.text(_LONG_NAME, part) or self.text(_SHORT_NAME, part) or self.text(_NAME, part) or "unnamed"
        data = self._file.stream(f"{self._prefix}{part}/{_stream(_DATA, _BINARY)}") or b""
        signed = signed_content(data) if data else None
        return (name, data) if signed is None else (_SIGNED_MESSAGE, signed)

    def is_encrypted(self) -> bool:
        """Return whether the letter is in an attachment that only the receiver can open."""
        if any(self._attached_file(part)[0] == _SIGNED_MESSAGE for part in self._parts(_ATTACHMENT)):
            return False
        kind = self.text(_CLASS).upper()
        attached = {self.text(_MIME_TYPE, part) for part in self._parts(_ATTACHMENT)}
        return ("SMIME" in kind and "MULTIPARTSIGNED" not in kind) or (
            bool(attached & _ENVELOPES) and not self.text(_BODY).strip()
        )

    def text(self, property_id: int, part: str = "") -> str:
        """Return a text property of the message or of one of its parts, "" without it."""
        place = f"{self._prefix}{part}/" if part else self._prefix
        if (data := self._file.stream(place + _stream(property_id, _TEXT))) is not None:
            return data.decode("utf-16-le", "replace").rstrip("\0")
        data = self._file.stream(place + _stream(property_id, _TEXT_8)) or b""
        return data.decode(codec_of(self._fixed.get(_CODEPAGE)), "replace").rstrip("\0")

    def _headers(self) -> Iterator[tuple[str, str]]:
        yield "Subject", self.text(_SUBJECT)
        yield "From", _address(self.text(_SENDER), self.text(_SMTP_ADDRESS) or self.text(_ADDRESS))
        found: dict[str, list[str]] = {}
        for part in self._parts(_RECIPIENT):
            role = _ROLES.get(self._numbers(f"{part}/{_PROPERTIES}", _HEADER_BYTES_OF_PART).get(_ROLE, 1), "To")
            address = _address(self.text(_NAME, part), self.text(_SMTP, part) or self.text(_EMAIL, part))
            found.setdefault(role, []).extend(filter(None, [address]))
        for role, displayed in _DISPLAYED.items():
            yield role, ", ".join(found.get(role, [])) or self.text(displayed)
        moment = self._fixed.get(_SENT) or self._fixed.get(_DELIVERED)
        yield "Date", _moment(moment) if moment else ""

    def _body(self) -> str:
        """Return the letter of both versions, or the RTF if there is no other."""
        plain = self.text(_BODY)
        data = self._file.stream(self._prefix + _stream(_HTML, _BINARY))
        html = self.text(_HTML) if data is None else _html(data, self._fixed.get(_HTML_CODEPAGE))
        rich = html_text(html) if html.strip() else ""
        if not rich and not plain.strip():
            packed = self._file.stream(self._prefix + _stream(_RTF, _BINARY))
            return RtfReader(self._max_chars).read(unpacked_rtf(packed, self._max_chars * 4)) if packed else ""
        return whole_letter(plain, rich)

    def _parts(self, start: str) -> list[str]:
        whole = self._prefix + start
        tails = {name[len(self._prefix) :].partition("/")[0] for name in self._file.names() if name.startswith(whole)}
        return sorted(tails)

    def _numbers(self, name: str, header: int) -> dict[int, int]:
        """Return the properties of fixed size."""
        data = (self._file.stream(self._prefix + name) or b"")[header:]
        whole = data[: len(data) // 16 * 16]
        return {number: value for _, number, _, value in iter_unpack("<HHIQ", whole)}


def _stream(property_id: int, kind: int) -> str:
    return f"__substg1.0_{property_id:04X}{kind:04X}"


def _html(data: bytes, codepage: int | None) -> str:
    if codepage and not data.isascii():
        try:
            return data.decode(codec_of(codepage))
        except UnicodeError:
            pass
    return decode(data).text if data.strip(b"\0 \r\n") else ""


def _address(name: str, address: str) -> str:
    name, address = name.strip(), address.strip()
    if not name or name == address or "@" not in address:
        return name or address
    return f"{name} <{address}>"


def _moment(ticks: int) -> str:
    try:
        return f"{_EPOCH + timedelta(microseconds=ticks // 10):%Y-%m-%d %H:%M} UTC"
    except OverflowError:
        return ""
