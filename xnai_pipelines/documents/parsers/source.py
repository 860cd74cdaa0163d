"""What a parser gets and what it returns before the document is complete."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from xnai_pipelines.documents.parsers.parsed import Heading, Markup, Page
from xnai_pipelines.errors import UnreadableError


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


@dataclass(frozen=True, slots=True)
class BadRecord:
    """The part of an `UnreadableRecord` that only the format's parser knows."""

    record: str
    kind: str
    message: str
