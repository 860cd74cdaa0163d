"""One file to documents: detects the format, picks the parser, and completes every document.

A file that holds files is parsed in two steps: its own parser unpacks them into a private folder, then each of them
goes the way of every file.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from xnai_pipelines.documents.parsers.detect import HEAD_BYTES, detect
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parsed import (
    BadRecord,
    Content,
    Markup,
    ParsedDocument,
    ParseLimits,
    SkippedMember,
    SourceFile,
    UnpackedMember,
    UnreadableRecord,
)
from xnai_pipelines.documents.parsers.read import read_contents
from xnai_pipelines.documents.parsers.registry import DETECTION, Parser, parser_for
from xnai_pipelines.documents.parsers.text.language import identify_language
from xnai_pipelines.errors import FileError, SkippedFileError, UnreadableError

_MAX_DEPTH = 3  # of a file in files
_SECONDS_OF_MEMBERS = 60  # times the seconds of one document: what a file with all its members may take

Parsed = ParsedDocument | UnreadableRecord | SkippedMember


def parse_file(
    path: Path, name: str, limits: ParseLimits, worker: ParserWorker, exclude: tuple[str, ...] = ()
) -> Iterator[Parsed]:
    """Yield the documents of one file: one, one per record, and those of the files in it. Bad ones are yielded as such.

    `name` is the file's path in the folder. Its extension decides if the content does not. Files in the file whose
    names match a pattern of `exclude` are skipped. No work is done before the first document is requested.

    Raises:
        UnreadableError: The file gives no document, or no further one.
        SkippedFileError: The file is not one to read.
    """
    yield from _Reading(limits, worker, exclude).documents(path, name)


class _Reading:
    """The reading of one file of the folder, and what is left of its limits for the files in it."""

    def __init__(self, limits: ParseLimits, worker: ParserWorker, exclude: tuple[str, ...]) -> None:
        self._limits = limits
        self._worker = worker
        self._exclude = exclude
        self._ends = time.monotonic() + _SECONDS_OF_MEMBERS * limits.seconds

    def documents(self, path: Path, name: str, depth: int = 0) -> Iterator[Parsed]:
        reader = DETECTION
        try:
            media_type = media_type_of(path, name)
            parser = parser_for(media_type)
            reader = parser.reader(self._limits)
            with ExitStack() as opened:
                source = SourceFile(path, name, media_type, self._limits, exclude=self._exclude)
                if parser.has_members and depth < _MAX_DEPTH:
                    folder = opened.enter_context(TemporaryDirectory(prefix="xnai-", dir=self._worker.folder))
                    source = replace(source, unpack_into=Path(folder))
                yield from self._contents(parser, source, depth)
        except FileError as error:
            error.parser = reader
            raise

    def _contents(self, parser: Parser, source: SourceFile, depth: int) -> Iterator[Parsed]:
        """Yield the documents of a file, then those of its members: also of those before a failure."""
        reader = parser.reader(source.limits)
        members: list[UnpackedMember] = []
        failure: FileError | None = None
        try:
            for content in self._worker.parse(source) if parser.isolated else read_contents(parser, source):
                if isinstance(content, UnpackedMember):
                    members.append(content)
                elif isinstance(content, BadRecord):
                    yield UnreadableRecord(content.record, content.kind, content.message, reader)
                else:
                    yield _document(content, source.media_type, reader)
        except FileError as error:
            failure = error
        self._account_for(members)
        for member in members:
            yield from self._member(member, source.name, reader, depth + 1)
        if failure is not None:
            raise failure

    def _account_for(self, members: list[UnpackedMember]) -> None:
        unpacked = sum(member.file.stat().st_size for member in members if isinstance(member.file, Path))
        self._limits = replace(
            self._limits,
            max_members=self._limits.max_members - len(members),
            max_unpacked_bytes=self._limits.max_unpacked_bytes - unpacked,
        )

    def _member(self, member: UnpackedMember, container: str, reader: str, depth: int) -> Iterator[Parsed]:
        try:
            if isinstance(member.file, FileError):
                raise member.file
            if time.monotonic() > self._ends:
                raise UnreadableError("timeout", "The file that holds it takes too long to read. Split that file.")
            modified = member.file.stat().st_mtime or None
            for item in self.documents(member.file, f"{container}/{member.name}", depth):
                placed = replace(item, member=member.place + item.member, parser=f"{reader} {item.parser}")
                if isinstance(placed, ParsedDocument) and placed.modified is None:
                    placed = replace(placed, modified=modified)
                yield placed
        except FileError as error:
            parsers = f"{reader} {error.parser}" if error.parser else reader
            if isinstance(error, SkippedFileError):
                yield SkippedMember(member.place, str(error), parsers)
            else:
                yield UnreadableRecord(None, error.kind, str(error), parsers, member.place)


def _document(content: Content, media_type: str, parser: str) -> ParsedDocument:
    is_prose = content.markup is not Markup.CODE
    return ParsedDocument(
        record_id=content.record_id,
        title=content.title,
        text=content.text,
        media_type=media_type,
        markup=content.markup,
        parser=parser,
        language=identify_language(content.text) if is_prose else None,
        encoding_repair=content.encoding_repair,
        headings=content.headings,
        pages=content.pages,
        omissions=content.omissions,
    )


def media_type_of(path: Path, name: str) -> str:
    """Return the media type of a file that has a parser.

    Raises:
        UnreadableError: The file cannot be opened, or is not in the format that its name promises.
        SkippedFileError: The file is not one to read.
    """
    try:
        with path.open("rb") as stream:
            return detect(stream.read(HEAD_BYTES), name)
    except OSError as error:
        reason = error.strerror or error
        raise UnreadableError("unreadable", f"The file cannot be opened: {reason}. Check its permissions.") from error
