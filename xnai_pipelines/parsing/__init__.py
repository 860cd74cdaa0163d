"""The bytes of one file into documents: any format, any encoding, and a reason where there is none."""

from xnai_pipelines.parsing.detect import HEAD_BYTES, detect
from xnai_pipelines.parsing.isolation import ParserWorker
from xnai_pipelines.parsing.language import identify_language
from xnai_pipelines.parsing.markdown import markdown_headings
from xnai_pipelines.parsing.parse import parse_file
from xnai_pipelines.parsing.parsed import (
    Heading,
    Markup,
    Page,
    ParsedDocument,
    SkippedFileError,
    UnreadableError,
    UnreadableRecord,
)
from xnai_pipelines.parsing.registry import DETECTION, is_current, parser_for
from xnai_pipelines.parsing.source import ParseLimits

__all__ = [
    "DETECTION",
    "HEAD_BYTES",
    "Heading",
    "Markup",
    "Page",
    "ParseLimits",
    "ParsedDocument",
    "ParserWorker",
    "SkippedFileError",
    "UnreadableError",
    "UnreadableRecord",
    "detect",
    "identify_language",
    "is_current",
    "markdown_headings",
    "parse_file",
    "parser_for",
]
