"""reStructuredText: finds headings and title. All but definitions stays as it is written."""

import re

from xnai_pipelines.documents.parsers.markup.rst_entries import with_entries
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import single_line

_LINE = re.compile(r"[^\n]*\n?")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*$")
_ROLE = re.compile(r":[\w:.+-]+:(?=`)")
_TARGET = re.compile(r"`([^`<]*?)[ \t]*<[^`>]*>`_{0,2}")
_MARKED = re.compile(r"(``|`|\*\*|\*|\|)(\S(?:.*?\S)?)\1_{0,2}")
_SHORT_UNDERLINE = 4


def parse_rst(text: str, stem: str) -> Content:
    """Return the text with its headings, entries as in Markdown. The title is the first heading, else `stem`."""
    text = with_entries(text)
    headings = rst_headings(text)
    title = headings[0].title if headings else stem
    return Content(title=title, text=text, markup=Markup.RST, headings=headings)


def rst_headings(text: str) -> tuple[Heading, ...]:
    """Return section titles in order. Levels follow the order in which styles first appear, as in docutils.

    A style is the adornment's character and whether the title also has an overline. A title with an overline starts
    at that line.
    """
    lines = [(line.start(), line.group().rstrip()) for line in _LINE.finditer(text)]
    styles: list[tuple[str, bool]] = []
    found: list[Heading] = []
    at = 0
    while at < len(lines):
        rows = [line for _, line in lines[at : at + 3]] + ["", "", ""]
        before = lines[at - 1][1] if at else ""
        overlined = _is_overlined(rows)
        if before and not before.startswith(".. ") and not (overlined and not _ADORNMENT.match(before)):
            at += 1
        elif overlined or _is_underlined(rows):
            style = (rows[0][0] if overlined else rows[1][0], overlined)
            if style not in styles:
                styles.append(style)
            words = _plain_words(rows[1] if overlined else rows[0])
            found.append(Heading(lines[at][0], styles.index(style) + 1, words))
            at += 3 if overlined else 2
        else:
            at += 1
    return tuple(found)


def _is_overlined(rows: list[str]) -> bool:
    above, title, below = rows[:3]
    return (
        _ADORNMENT.match(above) is not None
        and above == below
        and bool(title.strip())
        and _ADORNMENT.match(title) is None
        and len(above) >= len(title.strip())
    )


def _is_underlined(rows: list[str]) -> bool:
    title, below = rows[:2]
    return (
        _ADORNMENT.match(below) is not None
        and bool(title)
        and not title[0].isspace()
        and not title.startswith(".. ")
        and _ADORNMENT.match(title) is None
        and (len(below) >= len(title) or len(below) >= _SHORT_UNDERLINE)
    )


def _plain_words(title: str) -> str:
    words = _TARGET.sub(r"\1", _ROLE.sub("", title))
    return single_line(_MARKED.sub(r"\2", words))
