"""Org: finds headings and title. The text stays as it is written."""

import re

from xnai_pipelines.documents.parsers.markup.code import placed_lines
from xnai_pipelines.documents.parsers.markup.markdown import title_of
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import single_line

_HEADING = re.compile(r"(\*+)[ \t]+(.*)$")
_KEYWORD = re.compile(r"(?:TODO|DONE|NEXT|WAITING|HOLD|CANCELLED|CANCELED|STARTED)(?:[ \t]+|$)")
_PRIORITY = re.compile(r"\[#[A-Za-z0-9]\][ \t]*")
_TAGS = re.compile(r"[ \t]+:[\w@#%:]+:[ \t]*$")
_LINK = re.compile(r"\[\[([^\]]*)\](?:\[([^\]]*)\])?\]")
_MARKS = re.compile(r"(?<!\w)([*/_=~+])(\S(?:[^\n]*?\S)?)\1(?!\w)")
_TITLE = re.compile(r"^#\+title:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_BLOCK = re.compile(r"[ \t]*#\+(begin|end)_(\S+)", re.IGNORECASE)
_MAX_LEVEL = 6


def parse_org(text: str, stem: str) -> Content:
    """Return Org as it is written, with its headlines.

    The title is that of `#+TITLE:`, else the first headline, else `stem`. Keywords such as
    TODO, priorities and tags are not part of a headline's title. Lines in blocks are not headlines.
    """
    headings: list[Heading] = []
    block = ""
    for start, line in placed_lines(text):
        if mark := _BLOCK.match(line):
            kind = mark.group(2).lower()
            if mark.group(1).lower() == "begin":
                block = block or kind
            elif kind == block:
                block = ""
        elif not block and (heading := _HEADING.match(line)):
            words = _words(heading.group(2))
            headings += [Heading(start, min(len(heading.group(1)), _MAX_LEVEL), words)] if words else []
    named = _TITLE.search(text)
    title = single_line(named.group(1)) if named else ""
    return Content(title or title_of(tuple(headings)) or stem, text, Markup.PLAIN, tuple(headings))


def _words(headline: str) -> str:
    words = _PRIORITY.sub("", _KEYWORD.sub("", _TAGS.sub("", headline), count=1), count=1)
    words = _LINK.sub(lambda link: link.group(2) or link.group(1), words)
    return single_line(_MARKS.sub(r"\2", words))
