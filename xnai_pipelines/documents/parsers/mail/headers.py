"""The headers of a message as a reader sees them: encoded words decoded, raw bytes in any encoding read."""

from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import Any, TypeAlias

from xnai_pipelines.documents.parsers.text.decode import decode, meant_encoding, of_another_script
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError

_SHOWN = ("Subject", "From", "Reply-To", "To", "Cc", "Bcc", "Date")
_LONGEST = 10_000
_SINGLE_BYTE = ("us-ascii", "ascii", "iso-8859", "iso8859", "latin", "windows-125", "cp125", "koi8")

AnyMessage: TypeAlias = "Message[Any, Any]"


def header_lines(message: AnyMessage) -> str:
    """Return the headers that a reader looks at, one per line."""
    return "\n".join(f"{name}: {words}" for name in _SHOWN if (words := header_text(message, name)))


def header_text(message: AnyMessage, name: str) -> str:
    """Return one header on one line, "" without it. Several of the same name are joined by commas."""
    raw = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    return single_line(normalise(", ".join(words_of_header(str(value)) for value in raw)), longest=_LONGEST)


def words_of_header(raw: str) -> str:
    """Return the text of a raw header: encoded words (RFC 2047) and raw bytes decoded."""
    try:
        pieces = decode_header(_of_raw_bytes(raw))
    except (HeaderParseError, ValueError):
        return _of_raw_bytes(raw)
    return "".join(
        piece
        if isinstance(piece, str)
        else text_of(piece, charset)[0]
        if charset
        else piece.decode("raw-unicode-escape", "replace")
        for piece, charset in pieces
    )


def text_of(data: bytes, charset: str | None) -> tuple[str, str | None]:
    """Return the text of bytes that declare a charset, and what was repaired. A wrong declaration is not believed."""
    named = (charset or "utf-8").lower()
    if named.startswith(_SINGLE_BYTE) and not data.isascii():
        try:
            return data.decode("utf-8"), None  # text in one byte a letter is never UTF-8 by chance
        except UnicodeDecodeError:
            pass
        if (other := of_another_script(data, meant_encoding(named))) is not None:
            return other.text, other.repair
    for candidate in dict.fromkeys((named, meant_encoding(named))):
        try:
            if not (candidate in {"us-ascii", "utf-8"} and b"\0" in data):
                return data.decode(candidate), None
        except (LookupError, UnicodeError):
            continue
    try:
        decoded = decode(data)
    except UnreadableError:
        return data.decode("utf-8", errors="replace"), "damaged bytes of utf-8"
    return decoded.text, decoded.repair


def _of_raw_bytes(raw: str) -> str:
    """Return a header with its bytes beyond ASCII, which the mail parser keeps as surrogates, decoded."""
    if raw.isascii():
        return raw
    return text_of(raw.encode("utf-8", "surrogateescape"), "utf-8")[0]
