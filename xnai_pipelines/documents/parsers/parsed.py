"""What a parser gets and what it returns. Offsets count characters of the document's text."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from xnai_pipelines.errors import UnreadableError


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
class Omission:
    """A part of a file that the text does not carry: what it is ("form value"), how many, and an example or ""."""

    part: str
    count: int
    example: str = ""


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
        omissions: What the file holds and the text does not.
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
    omissions: tuple[Omission, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A record of a multi-record file that gives no document. The other records are not affected.

    `record` is the record's id if it has one, otherwise its place ("line 17", "row 3").
    """

    record: str
    kind: str
    message: str
    parser: str


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """What one file may cost.

    Attributes:
        max_file_bytes: Max size of a file that is one document, and of one record of a multi-record file. Multi-record
            files are streamed and may be larger.
        seconds: Max wall-clock and CPU seconds per document of a file parsed in the worker process.
        memory_bytes: Max address space of the worker process.
        max_text_chars: Max characters of text per document.
    """

    max_file_bytes: int = 100 * 2**20
    seconds: float = 60.0
    memory_bytes: int = 2 * 2**30
    max_text_chars: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """One file to parse: its path, its name in the folder, the media type from `detect`, and the limits."""

    path: Path
    name: str
    media_type: str
    limits: ParseLimits

    @property
    def stem(self) -> str:
        """The file's name without folder and extension: the title if there is no other."""
        return PurePosixPath(self.name).stem

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises:
            UnreadableError: "too_large" if there are more than `limits.max_file_bytes`.
        """
        with self.path.open("rb") as stream:
            data = stream.read(self.limits.max_file_bytes + 1)
        if len(data) > self.limits.max_file_bytes:
            raise UnreadableError(
                "too_large",
                f"The file is larger than {self.limits.max_file_bytes:,} bytes. Split it or raise the limit.",
            )
        return data


@dataclass(frozen=True, slots=True)
class Content:
    """The part of a `ParsedDocument` that only the format's parser knows."""

    title: str
    text: str
    markup: Markup
    headings: tuple[Heading, ...] = ()
    pages: tuple[Page, ...] = ()
    record_id: str | None = None
    encoding_repair: str | None = None
    omissions: tuple[Omission, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRecord:
    """The part of an `UnreadableRecord` that only the format's parser knows."""

    record: str
    kind: str
    message: str
