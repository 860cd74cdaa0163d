"""What a response is as a file: its media type, its extension, its bytes and its time. Pure."""

import codecs
from email.utils import parsedate_to_datetime
from mimetypes import guess_extension

from xnai_pipelines.documents.sources.crawl.http import Response

_PAGES = {"text/html": ".html", "application/xhtml+xml": ".html"}
_EXTENSIONS = {**_PAGES, "text/markdown": ".md", "text/plain": ".txt", "text/x-rst": ".rst", "": ".html"}
_NO_DOCUMENT = ("image/", "audio/", "video/", "font/")
_NO_DOCUMENTS = {
    *("text/css", "text/javascript", "application/javascript", "application/json", "application/xml", "text/xml"),
    *("application/rss+xml", "application/atom+xml", "application/octet-stream", "application/wasm"),
    *("application/zip", "application/gzip", "application/x-tar", "application/x-gzip"),
}


def media_type_of(answer: Response) -> str:
    """Return the media type that a response names, in lower case, "" if it names none."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def extension_of(media_type: str) -> str | None:
    """Return the extension of the file of a media type, None if it is not a document."""
    if media_type in _EXTENSIONS:
        return _EXTENSIONS[media_type]
    if media_type.startswith(_NO_DOCUMENT) or media_type in _NO_DOCUMENTS:
        return None
    return guess_extension(media_type)


def stored_content(answer: Response) -> bytes:
    """Return the content of the file: text whose encoding only the header has gets it as a byte-order mark."""
    _, found, charset = answer.headers.get("content-type", "").lower().partition("charset=")
    charset = charset.partition(";")[0].strip(" \"'")
    if not found or not media_type_of(answer).startswith(("text/", "application/xhtml")):
        return answer.body
    if answer.body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return answer.body
    try:
        return codecs.BOM_UTF8 + answer.body.decode(charset).encode()
    except (LookupError, UnicodeError):
        return answer.body


def modified_ns(header: str | None) -> int | None:
    """Return the time of a header Last-Modified in nanoseconds since the epoch, None if it has none."""
    try:
        return int(parsedate_to_datetime(header).timestamp() * 1e9) if header else None
    except (ValueError, TypeError, OverflowError):
        return None
