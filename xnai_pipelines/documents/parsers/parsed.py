"""The result of parsing a file: documents and bad records. Offsets count characters of the document's text."""

from dataclasses import dataclass
from enum import StrEnum


class Markup(StrEnum):
    """The markup of a document's text."""

    MARKDOWN = "markdown"
    RST = "rst"
    PLAIN = "plain"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: the start of its line in the text, its level (1 is the top), its title without markup."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page, slide or sheet: its start in the text and its label ("page 3")."""

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """One normalised document: Unicode NFC, lines end in a line feed, no other control character except tab.

    Attributes:
        record_id: Id inside a multi-record file, None if the file is one document.
        title: Title on one line.
        text: Text that every offset counts in.
        media_type: What `detect` took the file for.
        markup: Markup of the text.
        parser: "name@version". After a change of version the file is parsed again.
        language: ISO 639-1 code, None if unknown.
        encoding_repair: What was repaired ("utf-8 read as mac_roman"), None if nothing was.
        headings: Headings in order.
        pages: Pages in order.
    """

    record_id: str | None
    title: str
    text: str
    media_type: str
    markup: Markup
    parser: str
    language: str | None = None
    encoding_repair: str | None = None
    headings: tuple[Heading, ...] = ()
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A record of a multi-record file that gives no document. The other records are not affected.

    `record` is the record's id if it has one, otherwise its place ("line 17", "row 3").
    """

    record: str
    kind: str
    message: str
    parser: str
