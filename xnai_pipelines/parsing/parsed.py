"""What a parser returns: text with its structure, every offset counted in characters of that text."""

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
    """One document, normalised: Unicode NFC, newlines as "\\n", no control characters but newline and tab.

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


class UnreadableError(Exception):
    """A file that cannot become a document. The message names what is wrong and what a person can do.

    `kind` is the short name shown in counts ("encrypted", "damaged", "timeout", "too_large", "no_text").
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
