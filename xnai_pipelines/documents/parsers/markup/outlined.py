"""AsciiDoc and Org: finds headings and title. The text stays as it is written."""

import re

from xnai_pipelines.documents.parsers.markup.code import placed_lines
from xnai_pipelines.documents.parsers.markup.markdown import title_of
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import single_line

_ASCIIDOC_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*$")
_ASCIIDOC_UNDERLINE = re.compile(r"(={4,}|-{4,}|~{4,}|\^{4,})[ \t]*$")
_UNDERLINES = "=-~^"  # of levels 1 to 4
_ASCIIDOC_BLOCK = re.compile(r"(-{4,}|\.{4,}|\+{4,}|/{4,}|_{4,}|={4,}|\*{4,}|`{3,}|--|\|===)[ \t]*$")
_NESTING = re.compile(r"[=*_].*|--")  # blocks whose content is text
_ASCIIDOC_MARKS = re.compile(r"(?:\*{1,2}|_{1,2}|`{1,2}|#{1,2})(\S(?:[^\n]*?\S)?)(?:\*{1,2}|_{1,2}|`{1,2}|#{1,2})")
_ASCIIDOC_MACRO = re.compile(r"(?:link:|xref:|https?://)\S*?\[([^\]]*)\]|<<[^,>]*,?([^>]*)>>|\[\[[^\]]*\]\]")
_ORG_HEADING = re.compile(r"(\*+)[ \t]+(.*)$")
_ORG_KEYWORD = re.compile(r"(?:TODO|DONE|NEXT|WAITING|HOLD|CANCELLED|CANCELED|STARTED)(?:[ \t]+|$)")
_ORG_PRIORITY = re.compile(r"\[#[A-Za-z0-9]\][ \t]*")
_ORG_TAGS = re.compile(r"[ \t]+:[\w@#%:]+:[ \t]*$")
_ORG_LINK = re.compile(r"\[\[([^\]]*)\](?:\[([^\]]*)\])?\]")
_ORG_MARKS = re.compile(r"(?<!\w)([*/_=~+])(\S(?:[^\n]*?\S)?)\1(?!\w)")
_ORG_TITLE = re.compile(r"^#\+title:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_ORG_BLOCK = re.compile(r"[ \t]*#\+(begin|end)_(\S+)", re.IGNORECASE)
_MAX_LEVEL = 6


def parse_asciidoc(text: str, stem: str) -> Content:
    """Return AsciiDoc as it is written, with its headings.

    The title is the first heading of level 1, else the first, else `stem`. Lines in
    listings, literals, passthroughs, comments and tables are not headings.
    """
    headings: list[Heading] = []
    block = ""
    above, before = (0, ""), ""  # the line above with its place, and the one above that
    for start, line in placed_lines(text):
        delimiter = _ASCIIDOC_BLOCK.match(line)
        words = above[1] if not block and not before.strip() and _is_underline(line, above[1]) else ""
        above, before = (start, line), above[1]
        if block:
            block = "" if delimiter and delimiter.group(1) == block else block
        elif words:
            level = _UNDERLINES.index(line[0]) + 1
            headings.append(Heading(start - len(words) - 1, level, single_line(_ASCIIDOC_MARKS.sub(r"\1", words))))
        elif delimiter:
            block = "" if _NESTING.fullmatch(delimiter.group(1)) else delimiter.group(1)
        elif heading := _ASCIIDOC_HEADING.match(line):
            words = _ASCIIDOC_MACRO.sub(lambda macro: macro.group(1) or macro.group(2) or "", heading.group(2))
            words = single_line(_ASCIIDOC_MARKS.sub(r"\1", words))
            headings += [Heading(start, len(heading.group(1)), words)] if words else []
    found = tuple(headings)
    return Content(title_of(found) or stem, text, Markup.PLAIN, found)


def _is_underline(line: str, above: str) -> bool:
    """Return whether a line makes the one above a heading: it is as long, give or take a character."""
    under = _ASCIIDOC_UNDERLINE.match(line)
    return under is not None and above[:1].isalnum() and abs(len(under.group(1)) - len(above.rstrip())) <= 1


def parse_org(text: str, stem: str) -> Content:
    """Return Org as it is written, with its headlines.

    The title is that of `#+TITLE:`, else the first headline, else `stem`. Keywords such as
    TODO, priorities and tags are not part of a headline's title. Lines in blocks are not headlines.
    """
    headings: list[Heading] = []
    block = ""
    for start, line in placed_lines(text):
        if mark := _ORG_BLOCK.match(line):
            kind = mark.group(2).lower()
            if mark.group(1).lower() == "begin":
                block = block or kind
            elif kind == block:
                block = ""
        elif not block and (heading := _ORG_HEADING.match(line)):
            words = _org_words(heading.group(2))
            headings += [Heading(start, min(len(heading.group(1)), _MAX_LEVEL), words)] if words else []
    named = _ORG_TITLE.search(text)
    title = single_line(named.group(1)) if named else ""
    return Content(title or title_of(tuple(headings)) or stem, text, Markup.PLAIN, tuple(headings))


def _org_words(headline: str) -> str:
    words = _ORG_PRIORITY.sub("", _ORG_KEYWORD.sub("", _ORG_TAGS.sub("", headline), count=1), count=1)
    words = _ORG_LINK.sub(lambda link: link.group(2) or link.group(1), words)
    return single_line(_ORG_MARKS.sub(r"\2", words))
