"""The documents as the inspections see them: text, prose without code, front matter, and the folder's listing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePosixPath

from xnai_pipelines.documents.health.links import Link
from xnai_pipelines.documents.parsers.media_types import CALENDAR, MAIL, MAILBOX, PARQUET, XLSX
from xnai_pipelines.documents.parsers.parsed import Heading, Markup

DATA = frozenset(
    (
        "text/csv",
        "text/tab-separated-values",
        "application/json",
        "application/jsonl",
        XLSX,
        PARQUET,
        MAIL,
        MAILBOX,
        CALENDAR,
    )
)
FIXED = frozenset(("LICENSE", "LICENCE", "COPYING", "NOTICE"))  # names of files that nobody revises


@dataclass(frozen=True, slots=True)
class Examined:
    """One document.

    Attributes:
        document_id: Id.
        source: Source.
        path: Path of its file.
        title: Title.
        text: Text that all places count in.
        prose: The text with code, comments and front matter as spaces: the same length and the same places.
        media_type: Media type.
        markup: Markup of the text.
        language: ISO 639-1 code, None if unknown.
        headings: Headings in order.
        matter: Fields of the front matter, keys in lower case.
        modified_at: Time of the file's last modification.
        links: Links in order.
        ids: Anchors that the page names itself.
    """

    document_id: str
    source: str
    path: str
    title: str
    text: str
    prose: str
    media_type: str
    markup: Markup
    language: str | None
    headings: tuple[Heading, ...]
    matter: Mapping[str, str]
    modified_at: datetime
    links: tuple[Link, ...]
    ids: frozenset[str]

    @property
    def is_page(self) -> bool:
        """Whether it is a page that people wrote: a whole file of text, not code, data or a licence."""
        return (
            self.source == self.path
            and self.markup is not Markup.CODE
            and self.media_type not in DATA
            and self.path.rpartition("/")[2].partition(".")[0].upper() not in FIXED
        )

    @property
    def has_structure(self) -> bool:
        """Whether it is a page with headings and links."""
        return self.is_page and self.markup in (Markup.MARKDOWN, Markup.RST)

    @property
    def folder(self) -> str:
        """Folder of its file, "" at the top."""
        parent = str(PurePosixPath(self.path).parent)
        return "" if parent == "." else parent


@dataclass(frozen=True)
class ExaminedCorpus:
    """All documents and what is known of their folder.

    Attributes:
        documents: Documents, sorted by source.
        files: Paths of all files, read or skipped.
        opaque: Folders that were skipped as a whole, each with a slash at its end.
        committed: Time of the last commit by path; empty outside a Git work tree.
        landings: How often questions land on a document, by document_id; None if that was not measured.
        now: Time of the inspection.
    """

    documents: tuple[Examined, ...]
    files: frozenset[str]
    opaque: tuple[str, ...] = ()
    committed: Mapping[str, datetime] = field(default_factory=dict)
    landings: Mapping[str, float] | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def by_path(self) -> dict[str, Examined]:
        """Documents that are a whole file, by path."""
        return {document.path: document for document in self.documents if document.source == document.path}

    @cached_property
    def folders(self) -> frozenset[str]:
        """Paths of all folders that hold a file."""
        return frozenset(str(parent) for path in self.files for parent in PurePosixPath(path).parents) | {""}

    @cached_property
    def paths_in_lower_case(self) -> dict[str, str]:
        """Paths of all files by their lower case."""
        return {path.lower(): path for path in sorted(self.files, reverse=True)}

    @cached_property
    def extensions(self) -> frozenset[str]:
        """Extensions of all files, in lower case, with the dot."""
        return frozenset(PurePosixPath(path).suffix.lower() for path in self.files)
