"""How messages travel: cut Base64, encoded messages, lines that go on, files within a text. Pure."""

import binascii
import re
from base64 import b64decode
from contextlib import suppress
from email import policy
from email.errors import InvalidBase64LengthDefect
from email.message import Message
from email.parser import BytesParser

from xnai_pipelines.documents.parsers.mail.headers import AnyMessage

_FILE = re.compile(r"^begin [0-7]{3,4} ([^\n]+)\n((?:[ -`]{1,70}\r?\n)+?)(?:[` ]?\r?\n)?end[ \t]*\r?$", re.MULTILINE)


def bytes_of(part: AnyMessage) -> bytes:
    """Return what a part holds. Base64 that is cut off gives what its whole groups of letters do."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if any(isinstance(defect, InvalidBase64LengthDefect) for defect in part.defects):
        letters = b"".join(data.split())
        return b64decode(letters[: len(letters) // 4 * 4])
    return data


def forwarded(part: AnyMessage) -> list[AnyMessage]:
    """Return the messages in a part. Some programs encode them, which they should not (RFC 2046, section 5.2.1)."""
    payload = part.get_payload()
    found = [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64" and len(found) == 1 and not found[0].keys():
        with suppress(binascii.Error):
            data = b64decode(str(found[0].get_payload()))
            return [BytesParser(policy=policy.compat32).parsebytes(data)]
    return found


def without_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return a text without the files that old programs write into it (uuencode), and these by name."""
    files = [(found.group(1).strip(), _decoded(found.group(2))) for found in _FILE.finditer(text)]
    return (_FILE.sub("", text) if files else text), files


def _decoded(lines: str) -> bytes:
    found = b""
    for line in lines.splitlines():
        with suppress(binascii.Error):
            found += binascii.a2b_uu(line)
    return found


def reflowed(text: str, part: AnyMessage) -> str:
    """Return a text with the lines joined that go on, as they do after a space if its format says so (RFC 3676)."""
    if str(part.get_param("format")).lower() != "flowed":
        return text
    cuts_words = str(part.get_param("delsp")).lower() == "yes"
    lines: list[str] = []
    depth, goes_on = 0, False
    for raw in text.splitlines():
        quoted = raw.lstrip(">")
        quotes, line = len(raw) - len(quoted), quoted.removeprefix(" ")
        is_signature = line == "-- "
        if goes_on and quotes == depth and not is_signature:
            lines[-1] = lines[-1].removesuffix(" " * cuts_words) + line
        else:
            lines.append(f"{'>' * quotes} {line}" if quotes else line)
        depth, goes_on = quotes, line.endswith(" ") and not is_signature
    return "\n".join(lines)
