"""Runs one parser on a file. Every failure becomes one of two errors."""

from collections.abc import Iterator

from xnai_pipelines.documents.parsers.failures import file_errors
from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, Member, SourceFile, UnpackedMember
from xnai_pipelines.documents.parsers.registry import Parser
from xnai_pipelines.documents.parsers.unpack import Unpacking
from xnai_pipelines.errors import SkippedFileError, UnreadableError


def read_contents(parser: Parser, source: SourceFile) -> Iterator[Content | BadRecord | UnpackedMember]:
    """Yield what the parser makes of the file, within the limits. Files inside the file are unpacked.

    No other exception is raised, so that one bad file never stops a run.

    Raises:
        UnreadableError: The file cannot be read; "failed" if the parser raised an exception of its own.
        SkippedFileError: The file is not one to read.
    """
    with file_errors(parser.name):
        unpacking = Unpacking(source, parser.name)
        for content in parser.parse(source):
            if isinstance(content, Content):
                yield _checked(content, source.limits.max_text_chars)
            elif isinstance(content, Member):
                yield unpacking.unpack(content)
            else:
                yield content


def _checked(content: Content, max_chars: int) -> Content | BadRecord:
    """Return the content, or a bad record of a text beyond the limit.

    Raises:
        SkippedFileError: "empty".
        UnreadableError: "too_large" if the file is one document.
    """
    if not content.text.strip():
        raise SkippedFileError("empty", "empty or only whitespace")
    if len(content.text) <= max_chars:
        return content
    message = f"The text has {len(content.text):,} characters, more than {max_chars:,}. Split it."
    if content.record_id is None:
        raise UnreadableError("too_large", message)
    return BadRecord(content.record_id, "too_large", message)
