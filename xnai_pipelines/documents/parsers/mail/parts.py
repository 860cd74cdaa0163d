"""The parts of a message: its text, and the files attached to it. Every part is read or named."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser
from mimetypes import guess_extension
from typing import NamedTuple, Self

from xnai_pipelines.documents.parsers.mail.calendars import calendar_text
from xnai_pipelines.documents.parsers.mail.content_lines import whole_characters
from xnai_pipelines.documents.parsers.mail.headers import AnyMessage, header_lines, text_of, words_of_header
from xnai_pipelines.documents.parsers.mail.letters import whole_letter
from xnai_pipelines.documents.parsers.mail.signed_content import SIGNED_TYPES, signed_content
from xnai_pipelines.documents.parsers.mail.transfer import bytes_of, forwarded, reflowed, without_files
from xnai_pipelines.documents.parsers.markup.html import html_text
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Member
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError

_MAX_PARTS = 1000
_MAX_DEPTH = 30
_FOR_PROGRAMS = {"text/css", "text/javascript", "text/x-amp-html"}  # styles of saved pages, a copy of the letter
_SIGNATURES = {f"application/{kind}" for kind in ("pgp-signature", "pgp-keys", "pkcs7-signature", "x-pkcs7-signature")}
_KILO = 1024


class _Block(NamedTuple):
    """A text, and whether it is the letter itself, of which alternatives repeat the words."""

    text: str
    is_letter: bool = False


@dataclass(slots=True)
class MailText:
    """The text of a message while it is put together.

    Attributes:
        blocks: Texts of its parts in order, the list of attachments last.
        repairs: What was repaired in their encodings.
        attached: Attachments that are only named in the text.
        members: Those of them that are files to read.
        unread: Parts that no document carries.
        parts: Parts seen.
    """

    blocks: list[str] = field(default_factory=list)
    repairs: list[str | None] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    unread: Omitted = field(default_factory=Omitted)
    parts: int = 0

    @classmethod
    def of(cls, message: AnyMessage) -> Self:
        """Return the text of a message.

        Raises:
            UnreadableError: "encrypted".
        """
        _check_encryption(message)
        whole = cls()
        whole.blocks += [block.text for block in whole._texts(message, 0)]
        if whole.attached:
            whole.blocks.append("Attachments: " + ", ".join(whole.attached))
        if whole.parts > _MAX_PARTS:
            whole.blocks.append(f"Not read: {whole.parts - _MAX_PARTS:,} further parts")
            whole.unread.add("part of a message", count=whole.parts - _MAX_PARTS)
        return whole

    def _texts(self, part: AnyMessage, depth: int) -> Iterator[_Block]:
        kind = part.get_content_type()
        self.parts += 1
        if self.parts > _MAX_PARTS:
            return
        if depth > _MAX_DEPTH:
            self.attached.append(f"{kind} (nested too deeply)")
            self.unread.add("part of a message", kind)
        elif kind == "multipart/encrypted":
            self.attached.append("an encrypted part, not read")
            self.unread.add("encrypted part")
        elif kind == "multipart/alternative" and part.is_multipart():
            yield from self._alternatives(_children(part), depth)
        elif kind == "message/rfc822" and part.is_multipart():
            for message in forwarded(part):
                yield _Block(f"Forwarded message\n{header_lines(message)}".strip())
                yield from self._texts(message, depth + 1)
        elif kind == "message/external-body":
            place = dict(part.get_params() or ())
            self.unread.add("attachment kept elsewhere", str(place.get("url") or place.get("name") or ""))
        elif kind.startswith("message/") and part.is_multipart():  # a delivery report: groups of headers
            for group in _children(part):
                lines = [f"{name}: {words_of_header(str(value))}" for name, value in group.raw_items()]
                yield _Block("\n".join(lines))
        elif part.is_multipart():
            for child in _children(part):
                yield from self._texts(child, depth + 1)
            self.unread.add("text after the parts", after := (part.epilogue or "").strip(), count=bool(after))
        elif (signed := _signed(part)) is not None:
            yield from self._texts(signed, depth + 1)
        else:
            yield from self._leaf(part, kind)

    def _alternatives(self, parts: list[AnyMessage], depth: int) -> Iterator[_Block]:
        """Yield the letter of all versions, then the invitations and attached texts of each."""
        plain: list[str] = []
        rich: list[str] = []
        beside: list[_Block] = []
        for child in parts:
            letter = plain if child.get_content_type() == "text/plain" else rich
            for block in self._texts(child, depth + 1):
                if block.is_letter:
                    letter.append(block.text)
                else:
                    beside.append(block)
        yield _Block(whole_letter("\n\n".join(plain), "\n\n".join(rich)), is_letter=True)
        yield from beside

    def _leaf(self, part: AnyMessage, kind: str) -> Iterator[_Block]:
        data = bytes_of(part)
        is_attached = part.get_content_disposition() == "attachment"
        name = _file_name(part)
        label = f"{name or 'unnamed'} ({_size(len(data))})"
        if kind.startswith("multipart/"):  # its boundary is not found: all of it is one text
            kind = "text/plain"
        is_body = kind in {"text/plain", "text/html"} and not is_attached
        if not is_body and _is_file(part, kind, name) and data:
            self.attached.append(label)
            if kind.startswith("text/"):
                data, repair = _in_utf8(data, part.get_content_charset())
                self.repairs.append(repair)
            self.members.append(Member.of(name or _name_of(kind), data))
            return
        if kind in _FOR_PROGRAMS and not is_attached:
            return
        if not kind.startswith("text/"):
            if name or data:
                self.attached.append(label)
                self.unread.add("attachment", name or kind)
            return
        text, repair = text_of(whole_characters(data), part.get_content_charset())
        self.repairs.append(repair)
        if kind == "text/calendar" or name.lower().endswith(".ics"):
            words = calendar_text(text, self.unread, self.repairs)
        else:
            words = html_text(text) if kind == "text/html" and text.strip() else self._plain(text, part).strip()
        if is_body or kind == "text/calendar":
            yield _Block(words, is_letter=is_body)
        else:
            yield _Block(f"Attachment {label}:\n{words}")

    def _plain(self, text: str, part: AnyMessage) -> str:
        """Return a plain text without the files encoded in it, its lines joined as its format says."""
        words, files = without_files(text)
        self.attached += [name for name, _ in files]
        self.members += [Member.of(name, data) for name, data in files]
        return reflowed(words, part)


def _children(part: AnyMessage) -> list[AnyMessage]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _is_file(part: AnyMessage, kind: str, name: str) -> bool:
    """Return whether a part is a file that someone attached: no invitation, signature or picture of the letter."""
    if kind == "text/calendar" or kind in _SIGNATURES:
        return False
    if part.get_content_disposition() == "attachment":
        return True
    is_known = bool(name) or (guess_extension(kind) is not None and not kind.startswith("text/"))
    return is_known and not kind.startswith(("image/", "audio/", "video/"))


def _name_of(kind: str) -> str:
    return f"attachment{guess_extension(kind) or ''}"


def _in_utf8(data: bytes, charset: str | None) -> tuple[bytes, str | None]:
    """Return an attached text in UTF-8, and what was repaired in it: outside the message nothing says its charset."""
    if charset is None or data.isascii():
        return data, None
    text, repair = text_of(data, charset)
    return text.encode("utf-8", "surrogatepass"), repair


def _check_encryption(message: AnyMessage) -> None:
    kinds = {part.get_content_type() for part in message.walk()}
    enveloped = any(part.get_content_type() in SIGNED_TYPES and _signed(part) is None for part in message.walk())
    if message.get_content_type() == "multipart/encrypted" or (enveloped and not kinds & {"text/plain", "text/html"}):
        raise UnreadableError("encrypted", "The message is encrypted. Export it decrypted from the mail program.")


def _signed(part: AnyMessage) -> "AnyMessage | None":
    """Return the message in a part that is signed in one piece, None for other parts."""
    if part.get_content_type() not in SIGNED_TYPES:
        return None
    payload = part.get_payload(decode=True)
    content = signed_content(payload) if isinstance(payload, bytes) else None
    return BytesParser(policy=policy.compat32).parsebytes(content) if content else None


def _file_name(part: AnyMessage) -> str:
    """Return the name without folders, which only attackers write."""
    name = single_line(normalise(words_of_header(part.get_filename() or "")))
    return name.replace("\\", "/").rpartition("/")[2]


def _size(count: int) -> str:
    if count < _KILO:
        return f"{count} bytes"
    return f"{count / _KILO:,.1f} KB" if count < _KILO * _KILO else f"{count / _KILO / _KILO:,.1f} MB"
