"""What parsing a file gives: documents, bad records, or the reason why there are none.

Every offset is counted in characters of the document's text.
"""

from dataclasses import dataclass
from enum import StrEnum


class Markup(StrEnum):
    """How structure is written inside a document's text."""

    MARKDOWN = "markdown"
    RST = "rst"
    PLAIN = "plain"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: where its line starts in the text, its depth (1 is the top), its words without markup."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page, slide or sheet: where it starts in the text and the label a reader knows it by ("page 3")."""

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """One document, normalised: Unicode NFC, lines end in a line feed, no other control but tab.

    `record_id` is the id inside a multi-record file, None where the file is one document. `parser` is
    "name@version"; a change of version parses again what the parser has read. `encoding_repair` says what
    was repaired ("utf-8 read as mac_roman"), None where nothing was.
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
    """A record of a multi-record file that cannot become a document; the records around it can.

    `record` is the record's id where it has one of its own, otherwise its place ("line 17", "row 3").
    """

    record: str
    kind: str
    message: str
    parser: str
