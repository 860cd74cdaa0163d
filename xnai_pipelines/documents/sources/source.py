"""What a source is: it yields its entries, each with a version, and writes the content of one to a file.

A source is listed as it is read, so a crawl, which learns of a page only from the page before, is one like any other.
The mirror decides from the versions what to fetch. What a listing does not yield is gone, unless it also yields
`Unfinished`. A source that cannot be listed at all raises `SourceUnavailableError`.
"""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a source as its listing shows it.

    Attributes:
        path: POSIX path within the source.
        version: Differs whenever the content does: an ETag, the hash of a Git object, the hash of a page.
        origin: Where a person finds it: URL of a page, `s3://bucket/key`, or repository, commit and path.
        size_bytes: Size of the content, None if the listing does not have it.
        modified_ns: When it last changed, in nanoseconds since the epoch; None if unknown.
    """

    path: str
    version: str
    origin: str
    size_bytes: int | None = None
    modified_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """An entry that exists and cannot be read now; the mirror keeps what it has. `path` may be a URL."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that is left out on purpose; entries of a reason are counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry that no longer exists, named even if the listing is unfinished."""

    path: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The listing stopped early: an entry that it did not yield may still exist."""

    reason: str


Item = Entry | Failed | Skipped | Gone | Unfinished


class Source(Protocol):
    """A place that documents are mirrored from."""

    @property
    def revision(self) -> str | None:
        """What was listed, as a whole: the commit of a repository. None before a listing, or if there is no such."""

    def items(self) -> Generator[Item]:
        """Yield the entries. Closing the generator ends the listing.

        Raises:
            SourceUnavailableError: The source cannot be listed.
        """

    def fetch(self, entry: Entry, file: Path) -> None:
        """Write the content of an entry that `items` yielded last.

        Raises:
            EntryUnavailableError: It cannot be read; the message says why.
        """
