"""Detects a file's media type from its first bytes, then from its name."""

import re
from pathlib import PurePosixPath

from xnai_pipelines.documents.parsers.media_types import (
    BINARY_FORMATS,
    CALENDAR,
    CSV,
    FLAT_OPENDOCUMENT,
    HTML,
    JSON,
    JSON_LINES,
    MAIL,
    MAILBOX,
    PLAIN,
    ROFF,
    TEXT_FORMATS,
    VCARD,
    WEBVTT,
    XLS,
    XLSX,
    XML,
)
from xnai_pipelines.documents.parsers.signatures import binary_format
from xnai_pipelines.documents.parsers.text.decode import decode, is_legacy_text, looks_like_text
from xnai_pipelines.errors import SkippedFileError, UnreadableError

HEAD_BYTES = 64 * 1024
"""How much of a file `detect` reads."""

_CODE_NAMES = {
    "makefile": "mk",
    "dockerfile": "dockerfile",
    "cmakelists.txt": "cmake",
    "jenkinsfile": "groovy",
}

# If the name says only "text" or nothing, the content may say more.
_OPEN_TO_CONTENT = {PLAIN, HTML, MAIL, XML, None}
_TEXT_STARTS = (
    (b"WEBVTT", WEBVTT),
    (b"BEGIN:VCARD", VCARD),
    (b"BEGIN:VCALENDAR", CALENDAR),
)
_XML_START = re.compile(rb"\s*<\?xml\s")
_FLAT_OPENDOCUMENT = re.compile(rb"<office:document\s")
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_ROFF_START = re.compile(rb"\s*[.'][ \t]*[\\A-Za-z.\n]")
_ROFF_TITLE = re.compile(rb"^[.'][ \t]*(?:(?:TH|Dd|Dt)[ \t]+\S|so[ \t]+\S+\s*\Z)", re.MULTILINE)
# Each byte matches one way only: a text of many lines with colons would take for ever otherwise.
_MAIL_START = re.compile(rb"(?:[A-Za-z][\w-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+(?=\r?\n)")
_MAILBOX_START = re.compile(rb"From \S+ [^\n]{0,200}\d\d:\d\d[^\n]{0,50}\d{4}[^\n]*\n")
_MAIL_FIELDS = (b"mime-version:", b"received:", b"message-id:")
_JSON_LINES = re.compile(rb"\s*\{[^\n]*\}[ \t\r]*\n\s*\{")
_PROLOGUE = 4096
_SHEETS = {XLS, XLSX}


def detect(head: bytes, name: str) -> str:
    """Return the media type of a file that has a parser, from its first `HEAD_BYTES` bytes and its name.

    Content takes precedence over the extension: a PDF named .txt is a PDF, a web page named .pdf is a web page.

    Raises:
        SkippedFileError: "unsupported" for images, archives, programs and other files that are no documents;
            "empty" for white space.
        UnreadableError: "damaged" if the content is not in the format that the name promises; "unsupported" for
            documents that can be saved as another format.
    """
    path = PurePosixPath(name.lower())
    extension = path.suffix
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n\v\f"):
        raise SkippedFileError("empty", "empty or only whitespace")
    is_text = looks_like_text(head)
    binary = binary_format(head, extension, is_text)
    if binary is not None:
        return binary
    promised = _promised(path)
    if promised == JSON and _JSON_LINES.match(head.removeprefix(b"\xef\xbb\xbf")):
        return JSON_LINES
    if not is_text:
        if extension in BINARY_FORMATS:
            raise _not_as_named(extension)
        if promised is None and not is_legacy_text(head):
            raise SkippedFileError("unsupported", f"unknown format, extension {extension or '(none)'}")
    is_open = promised in _OPEN_TO_CONTENT or extension in BINARY_FORMATS
    found = _text_content(head) if is_open and (is_text or b"\0" not in head) else None
    if found is not None:
        return found
    if extension in BINARY_FORMATS:
        if BINARY_FORMATS[extension] in _SHEETS and _is_table(_text_of(head)):
            return CSV  # what programs that have no Excel export "to Excel"
        raise _not_as_named(extension)
    return promised or PLAIN  # in a legacy encoding, or not text: decoding shows which


def _promised(path: PurePosixPath) -> str | None:
    if path.name in _CODE_NAMES:
        return f"text/x-{_CODE_NAMES[path.name]}"
    return TEXT_FORMATS.get(path.suffix)


def _text_of(head: bytes) -> bytes:
    """Return the head of a text in UTF-8, without a mark."""
    text = head if b"\0" not in head else decode(head[: len(head) // 4 * 4]).text.encode()
    return text.removeprefix(b"\xef\xbb\xbf")


def _is_table(text: bytes) -> bool:
    """Return whether the first two lines have the same number of cells, more than one."""
    first, second, *_ = [*text.split(b"\n", 2), b"", b""]
    return any(0 < first.count(sign) == second.count(sign) for sign in (b"\t", b";", b","))


def _text_content(head: bytes) -> str | None:
    text = _text_of(head)
    if _HTML_START.match(text):
        return HTML
    if _XML_START.match(text):
        return FLAT_OPENDOCUMENT if _FLAT_OPENDOCUMENT.search(text[:_PROLOGUE]) else XML
    if _ROFF_START.match(text) and _ROFF_TITLE.search(text):
        return ROFF
    for start, media_type in _TEXT_STARTS:
        if text.startswith(start):
            return media_type
    begins_as_mailbox = _MAILBOX_START.match(text)
    fields = _MAIL_START.match(text, begins_as_mailbox.end() if begins_as_mailbox else 0)
    block = fields.group().lower() if fields is not None else b""
    if b"mime-version:" in block and b"multipart/" in block:  # programs save pages like that under any name
        return MAIL
    if b"from:" in block:
        if begins_as_mailbox:
            return MAILBOX
        return MAIL if any(field in block for field in _MAIL_FIELDS) else None
    return None


def _not_as_named(extension: str) -> UnreadableError:
    return UnreadableError(
        "damaged", f"The file is named {extension} but does not begin like one: it is damaged or misnamed."
    )
