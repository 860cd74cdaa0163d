"""Mentions that markup sets apart: code spans, links to other documents, bold terms at the start of a line. Pure."""

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

from xnai_pipelines.documents.identity import source_name
from xnai_pipelines.graph.found import Find, Kind

LONGEST_COMMAND = 60  # characters

_SPAN = re.compile(r"(`{1,2})([^`\n]{1,200}?)\1(?!`)")
_SYMBOL = re.compile(r"@?([^\W\d]\w*(?:(?:\.|::|->)[^\W\d]\w*)*)(?:\(|\Z)")
_SETTING = re.compile(r"\$?([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)(?:=|\Z)")
_COMMAND = re.compile(r"\$?\s?(--?[a-z][\w-]*|[a-z][\w.-]*(?: [\w./=<>\[\]@:-]+){1,6})\Z")
_LINK = re.compile(r"(?<!!)\[([^\[\]\n]{1,120})\]\(<?([^)\s>]{1,500}+)>?(?:\s[^)\n]{0,200})?\)")
_SCHEME = re.compile(r"[a-zA-Z][\w+.-]*:|//|#|/")
_BOLD = re.compile(r"^[ \t]*(?:[-*+][ \t]+|\d{1,3}[.)][ \t]+)?(?:\*\*|__)([^*_\n]{2,60}?)(?:\*\*|__)", re.MULTILINE)


def code_spans(text: str) -> Iterator[Find]:
    """Yield the symbol, setting or command at the start of each code span; a call's name without its arguments."""
    for match in _SPAN.finditer(text) if "`" in text else ():
        inner, at = match[2], match.start(2)
        setting = _SETTING.match(inner)
        if setting:
            yield Find(at + setting.start(1), at + setting.end(1), Kind.SETTING, "code span")
            continue
        symbol = _SYMBOL.match(inner)
        if symbol and symbol.end(1) - symbol.start(1) > 1:
            yield Find(at + symbol.start(1), at + symbol.end(1), Kind.SYMBOL, "code span")
            continue
        command = _COMMAND.match(inner) if len(inner) <= LONGEST_COMMAND else None
        if command:
            yield Find(at + command.start(1), at + command.end(1), Kind.COMMAND, "code span")


def links(text: str, source: str) -> Iterator[Find]:
    """Yield the text of each link to another document, with that document's source.

    Args:
        text: The text, with links as Markdown has them.
        source: Source of the document that the text is of; links are relative to it.
    """
    for match in _LINK.finditer(text) if "](" in text else ():
        target = unquote(match[2].partition("#")[0])
        if target and not _SCHEME.match(target):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
            yield Find(*match.span(1), Kind.TERM, "link", source_name(path))


def bold_terms(text: str) -> Iterator[Find]:
    """Yield the bold words that open a line: the term that a glossary or a list explains."""
    for match in _BOLD.finditer(text) if "**" in text or "__" in text else ():
        start, end = match.span(1)
        yield Find(start, end - (len(match[1]) - len(match[1].rstrip(":. "))), Kind.TERM, "bold")
