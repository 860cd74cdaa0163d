"""E-mail messages."""

from email import policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.parser import BytesParser

from xnai_pipelines.documents.parsers.decode import decode, marked_encoding
from xnai_pipelines.documents.parsers.html import parse_html
from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.parsed import Content, Markup
from xnai_pipelines.documents.parsers.repair import repair_mojibake
from xnai_pipelines.errors import UnreadableError

_SHOWN = ("Subject", "From", "To", "Date")
_MAX_PARTS = 1000


def parse_mail(data: bytes, stem: str) -> Content:
    """Return a message: subject, sender, receiver, date, body and the names of its attachments.

    Plain text is preferred to HTML if a message has both. Forwarded messages are read, attachments are not.

    Raises:
        UnreadableError: "encrypted", "damaged".
    """
    if marked_encoding(data) or b"\0" in data:
        data = decode(data).text.encode("utf-8")
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        parts = [part for part in message.walk() if not part.is_multipart()][:_MAX_PARTS]
        _check_encryption(message)
        attached = [name for part in parts if (name := _attachment(part)) is not None]
        words = [text for part in _chosen(parts) if (text := _words(part, stem))]
        headers = [f"{name}: {line}" for name in _SHOWN if (line := _header(message, name))]
        subject = _header(message, "Subject")
    except (MessageError, LookupError, ValueError, AttributeError, TypeError) as error:
        raise UnreadableError(
            "damaged", f"The file is not a valid e-mail message: {error}. Export it again."
        ) from error
    blocks = ["\n".join(headers), *words]
    if attached:
        blocks.append("Attachments: " + ", ".join(attached))
    if not any(blocks):
        raise UnreadableError("damaged", "The file has neither the headers nor the body of a message.")
    text, repair = repair_mojibake("\n\n".join(block for block in blocks if block))
    return Content(subject or stem, normalise(text).strip(), Markup.PLAIN, encoding_repair=repair)


def _header(message: Message, name: str) -> str:
    return single_line(normalise(str(message.get(name, ""))), longest=1000)


def _check_encryption(message: Message) -> None:
    kinds = {part.get_content_type() for part in message.walk()}
    enveloped = "application/pkcs7-mime" in kinds or "application/x-pkcs7-mime" in kinds
    if "multipart/encrypted" in kinds or (enveloped and "text/plain" not in kinds):
        raise UnreadableError("encrypted", "The message is encrypted. Export it decrypted from the mail program.")


def _attachment(part: Message) -> str | None:
    """Return the part's file name if it is an attachment, None if it is part of the body."""
    name = part.get_filename()
    is_text = part.get_content_type() in {"text/plain", "text/html"}
    if part.get_content_disposition() != "attachment" and (is_text or not name):
        return None
    return single_line(normalise(name or "unnamed"))


def _chosen(parts: list[EmailMessage]) -> list[EmailMessage]:
    own = [part for part in parts if _attachment(part) is None]
    plain = [part for part in own if part.get_content_type() == "text/plain"]
    return plain or [part for part in own if part.get_content_type() == "text/html"]


def _words(part: EmailMessage, stem: str) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        text = data.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        text = decode(data).text
    if part.get_content_type() != "text/html" or not text.strip():
        return text.strip()
    try:
        return parse_html(text, stem).text
    except UnreadableError:  # a page without words: the message is its headers
        return ""
