"""What a parser gets and what it returns. Offsets count characters of the document's text."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from xnai_pipelines.errors import FileError, UnreadableError


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
        parser: "name@version"; of a file in a file those of both. After a change of version the file is parsed again.
        language: ISO 639-1 code, None if unknown.
        encoding_repair: What was repaired ("utf-8 read as mac_roman"), None if nothing was.
        headings: Headings in order.
        pages: Pages in order.
        omissions: What the file holds and the text does not.
        member: Place in the file of the file that was parsed, "!folder/report.pdf"; "" for the file itself.
        modified: When the member was last modified, in seconds since the epoch; None for the file itself, or if that
            is not known.
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
    member: str = ""
    modified: float | None = None

    @property
    def place(self) -> str:
        """What follows the file's path in the document's source: "", "#4983", "!report.pdf", "!corpus.jsonl#4983"."""
        return _place(self.member, self.record_id)


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A record of a multi-record file, or a member, that gives no document. The others are not affected.

    `record` is the record's id if it has one, otherwise its place ("line 17", "row 3"); None if it is a whole member.
    """

    record: str | None
    kind: str
    message: str
    parser: str
    member: str = ""

    @property
    def place(self) -> str:
        """What follows the file's path in the record's source."""
        return _place(self.member, self.record)


@dataclass(frozen=True, slots=True)
class SkippedMember:
    """A member that is not one to read: its place in the file, why, and the "name@version" of what skipped it."""

    member: str
    reason: str
    parser: str


def _place(member: str, record: str | None) -> str:
    return member if record is None else f"{member}#{record}"


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """What one file may cost, and what is read of it beside its text.

    Attributes:
        max_file_bytes: Max size of a file that is one document, and of one record of a multi-record file. Multi-record
            files are streamed and may be larger.
        seconds: Max wall-clock and CPU seconds per document of a file parsed in the worker process.
        memory_bytes: Max address space of the worker process.
        max_text_chars: Max characters of text per document.
        max_members: Max number of files inside one file, with those inside of these.
        max_unpacked_bytes: Max size that they may unpack to.
        ocr_languages: Languages in which pages that are pictures are recognised, "eng+rus"; "" if they are not.
        notebook_outputs: Whether the text that the cells of a notebook gave is read.
    """

    max_file_bytes: int = 100 * 2**20
    seconds: float = 60.0
    memory_bytes: int = 2 * 2**30
    max_text_chars: int = 20_000_000
    max_members: int = 20_000
    max_unpacked_bytes: int = 2 * 2**30
    ocr_languages: str = ""
    notebook_outputs: bool = False

    @property
    def id(self) -> str:
        """What the ledger keeps of files that are beyond a limit: they are read again if one changes."""
        sizes = (self.max_file_bytes, self.memory_bytes, self.max_text_chars, self.max_members, self.max_unpacked_bytes)
        return f"limits@{self.seconds:g}.{'.'.join(map(str, sizes))}"

    @property
    def recognition(self) -> str:
        """What the ledger keeps of it, "ocr@eng+rus" or ""."""
        return self.ocr_languages and f"ocr@{self.ocr_languages}"

    @property
    def outputs(self) -> str:
        """What the ledger keeps of notebooks whose outputs are read."""
        return "outputs@1" if self.notebook_outputs else ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to parse.

    Attributes:
        path: Where it is.
        name: Its path in the documents folder. A member's is as if its container were a folder.
        media_type: What `detect` took it for.
        limits: What it may cost.
        unpack_into: Empty folder for its members; None if it lies too deep for them to be read.
        exclude: Patterns of members to skip.
    """

    path: Path
    name: str
    media_type: str
    limits: ParseLimits
    unpack_into: Path | None = None
    exclude: tuple[str, ...] = ()

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
                f"The file is larger than {self.limits.max_file_bytes:,} bytes. Split it, or raise XNAI_MAX_FILE_MB.",
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


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file, as a parser of the outer format finds it. It becomes documents of its own.

    Attributes:
        name: Its path there, as the outer file writes it.
        open: Function that returns its bytes as a stream. It is called before the parser continues, or not at all.
            It may raise a `FileError`.
        packed_bytes: Its size in the outer file; None if the outer file does not pack members one by one.
        record_id: Id of the record that it belongs to, in a multi-record file.
        modified: When it was last modified, in seconds since the epoch; 0 if the outer file does not say.
    """

    name: str
    open: Callable[[], BinaryIO]
    packed_bytes: int | None = None
    record_id: str | None = None
    modified: float = 0.0

    @classmethod
    def of(cls, name: str, data: bytes) -> Self:
        """Return a member whose bytes are known already."""
        return cls(name, partial(BytesIO, data))


@dataclass(frozen=True, slots=True)
class UnpackedMember:
    """A member that can be parsed as a file, or the reason why not.

    Attributes:
        name: Its path in the outer file, safe and unique.
        file: Where it was unpacked, with its time of modification; or why it is not read.
        record_id: Id of the record that it belongs to.
    """

    name: str
    file: Path | FileError
    record_id: str | None = None

    @property
    def place(self) -> str:
        """What follows the outer file in the source of the member's document."""
        return _place("", self.record_id) + f"!{self.name}"
