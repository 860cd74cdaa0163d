"""One file to documents: detects the format, picks the parser, and completes every document."""

from collections.abc import Iterator
from pathlib import Path

from xnai_pipelines.documents.parsers.detect import HEAD_BYTES, detect
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.language import identify_language
from xnai_pipelines.documents.parsers.parsed import (
    BadRecord,
    Content,
    Markup,
    ParsedDocument,
    ParseLimits,
    Source,
    UnreadableRecord,
)
from xnai_pipelines.documents.parsers.read import read_contents
from xnai_pipelines.documents.parsers.registry import DETECTION, parser_for
from xnai_pipelines.errors import SkippedFileError, UnreadableError


def parse_file(
    path: Path, name: str, limits: ParseLimits, worker: ParserWorker
) -> Iterator[ParsedDocument | UnreadableRecord]:
    """Yield the documents of one file: one, or one per record. Bad records are yielded as such.

    `name` is the file's path in the folder. Its extension decides if the content does not. No work is done before
    the first document is requested.

    Raises:
        UnreadableError: The file gives no document. In a multi-record file of a binary format this may be raised
            after some documents.
        SkippedFileError: The file is not one to read.
    """
    reader = DETECTION
    try:
        media_type = detect(_head(path), name)
        parser = parser_for(media_type)
        reader = parser.id
        source = Source(path, name, media_type, limits)
        for content in worker.parse(source) if parser.isolated else read_contents(parser, source):
            if isinstance(content, BadRecord):
                yield UnreadableRecord(content.record, content.kind, content.message, reader)
            else:
                yield _document(content, media_type, reader)
    except (UnreadableError, SkippedFileError) as error:
        error.parser = reader
        raise


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


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError as error:
        reason = error.strerror or error
        raise UnreadableError("unreadable", f"The file cannot be opened: {reason}. Check its permissions.") from error
