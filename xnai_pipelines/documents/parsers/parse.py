"""One file into documents: what it is, which parser reads it, and what every document owes its reader."""

from collections.abc import Iterator
from pathlib import Path

from xnai_pipelines.documents.parsers.detect import HEAD_BYTES, detect
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.language import identify_language
from xnai_pipelines.documents.parsers.parsed import Markup, ParsedDocument, UnreadableRecord
from xnai_pipelines.documents.parsers.read import read_contents
from xnai_pipelines.documents.parsers.registry import DETECTION, parser_for
from xnai_pipelines.documents.parsers.source import BadRecord, Content, ParseLimits, Source
from xnai_pipelines.errors import SkippedFileError, UnreadableError


def parse_file(
    path: Path, name: str, limits: ParseLimits, worker: ParserWorker
) -> Iterator[ParsedDocument | UnreadableRecord]:
    """The documents of one file, one at a time: one, or one a record, with the bad records named beside them.

    `name` is what the file is known by (its path in the folder); its extension is read where the content
    does not say what the file is. Nothing happens before the first document is asked for.

    Raises:
        UnreadableError: the file cannot become documents. In a multi-record file of a binary format it may
            come after some of them.
        SkippedFileError: the file is nothing to read.
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
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError as error:
        reason = error.strerror or error
        raise UnreadableError("unreadable", f"The file cannot be opened: {reason}. Check its permissions.") from error
