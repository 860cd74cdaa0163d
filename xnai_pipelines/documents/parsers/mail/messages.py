"""E-mail messages, mailboxes of many, and the files attached to them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from email import policy
from email.errors import MessageError
from email.parser import BytesParser
from typing import BinaryIO

from xnai_pipelines.documents.parsers.mail.headers import header_lines, header_text
from xnai_pipelines.documents.parsers.mail.parts import MailText
from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, Markup, Member, SourceFile
from xnai_pipelines.documents.parsers.text.decode import decode, marked_encoding
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.documents.parsers.text.repair import all_repairs, repair_mojibake
from xnai_pipelines.errors import UnreadableError

MAILBOX_LINE = re.compile(rb"From \S+ .{0,200}\d\d:\d\d.{0,50}\d{4}")
"""The line before each message of a mailbox (RFC 4155)."""
_QUOTED_LINE = re.compile(rb"^>(>*From )", re.MULTILINE)


def parse_mail(source: SourceFile) -> Iterator[Content | Member]:
    """Yield a message and the files attached to it.

    Raises:
        UnreadableError: "encrypted", "damaged".
    """
    content, members = read_message(source.read(), source.stem)
    yield content
    yield from members


def read_message(data: bytes, stem: str) -> tuple[Content, list[Member]]:
    """Return the text of a message, and the files attached to it and to the messages forwarded in it.

    The text is its headers, its body, forwarded messages, invitations, and the names and sizes of attached files. Of
    alternatives the plain text is taken if it has every word of the HTML.

    Raises:
        UnreadableError: "encrypted", "damaged".
    """
    repair: str | None = None
    if marked_encoding(data) or b"\0" in data:
        decoded = decode(data)
        data, repair = decoded.text.encode("utf-8"), decoded.repair
    if MAILBOX_LINE.match(data):
        data = data.partition(b"\n")[2]
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        body = MailText.of(message)
        headers = header_lines(message)
        subject = header_text(message, "Subject")
    except (MessageError, LookupError, ValueError, AttributeError, TypeError) as error:
        raise UnreadableError(
            "damaged", f"The file is not a valid e-mail message: {error}. Export it again."
        ) from error
    blocks = [headers, *body.blocks]
    if not any(blocks):
        raise UnreadableError("damaged", "The file has neither the headers nor the body of a message.")
    text, mojibake = repair_mojibake("\n\n".join(block for block in blocks if block))
    content = Content(
        subject or stem,
        normalise(text).strip(),
        Markup.PLAIN,
        encoding_repair=all_repairs((repair, *body.repairs, mojibake)),
        omissions=body.unread.listed(),
    )
    return content, body.members


def parse_mailbox(source: SourceFile) -> Iterator[Content | BadRecord | Member]:
    """Yield the messages of a mailbox file and the files attached to each.

    The id of a record is its Message-ID, or its number without one. A message that cannot be read costs no other.
    """
    used: Counter[str] = Counter()
    with source.path.open("rb") as stream:
        for number, data in enumerate(_messages(stream, source.limits.max_file_bytes), 1):
            place = f"message {number}"
            if len(data) > source.limits.max_file_bytes:
                yield BadRecord(place, "too_large", f"{place} is larger than {source.limits.max_file_bytes:,} bytes.")
                continue
            message = BytesParser(policy=policy.compat32).parsebytes(data, headersonly=True)
            name = header_text(message, "Message-ID").strip("<> ") or place
            used[name] += 1
            if used[name] > 1:
                name = f"{name} ({used[name]})"
            try:
                content, members = read_message(data, place)
            except UnreadableError as error:
                yield BadRecord(name, error.kind, f"{place}: {error}")
            else:
                yield replace(content, record_id=name)
                yield from (replace(member, record_id=name) for member in members)


def _messages(stream: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """Yield the messages without the line before each. Of one beyond the limit, yield the start."""
    lines: list[bytes] = []
    size = 0
    after_blank, begun = True, False
    while line := stream.readline(max_bytes + 1):
        if after_blank and MAILBOX_LINE.match(line):
            if begun:
                yield _unquoted(lines)
            lines, size, begun = [], 0, True
        elif size <= max_bytes:
            lines.append(line)
            size += len(line)
        after_blank = not line.strip()
    if begun or lines:
        yield _unquoted(lines)


def _unquoted(lines: list[bytes]) -> bytes:
    return _QUOTED_LINE.sub(rb"\1", b"".join(lines))
