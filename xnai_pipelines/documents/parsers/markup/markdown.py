"""Markdown: finds headings and title. The text stays as it is written."""

import re
from html import unescape

from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import single_line

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_MATTER = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_TITLE = re.compile(r"^title[ \t]*=[ \t]*(['\"])(.+?)\1[ \t]*$", re.MULTILINE)
_FOLDED_TITLE = re.compile(r"^title[ \t]*:[ \t]*[>|][-+]?[ \t]*\n((?:[ \t]+\S.*\n?)+)", re.MULTILINE)
_FRONT_TITLE = re.compile(r"^title[ \t]*:[ \t]*(['\"]?)(.+?)\1[ \t]*$", re.MULTILINE)
_PANDOC_TITLE = re.compile(r"\A%[ \t]+(\S.*)")
_HTML_TITLE = re.compile(r"^ {0,3}<h1\b[^<>]*>(.*?)</h1>", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_HTML_TITLE_WITHIN = 5_000
_MAKES_STRUCTURE = frozenset("#`~=-")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
# Lines that cannot be the text of a setext heading: a block of another kind, or nothing.
_OTHER_BLOCK = re.compile(r"\s*$| {4}|\t| {0,3}(?:[>|]|[-+*][ \t]|\d{1,9}[.)][ \t]|<!--|[-*_=]{3,}[ \t]*$)")
_ATTRIBUTES = re.compile(r"[ \t]*\{:?[ \t]*[#.][^{}]*\}[ \t]*$")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_EMPHASIS = re.compile(r"(?<!\\)(\*{1,3}|~~|(?<!\w)_{1,3}(?=\w))(\S(?:.*?\S)?)\1(?!\w)")
_CODE = re.compile(r"(`+)(.+?)\1")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def parse_markdown(text: str, stem: str) -> Content:
    """Return the text with its headings.

    The title is the front matter's, else the first top heading, which may be one in HTML, else `stem`.
    """
    front = _FRONT_MATTER.match(text) or _TOML_MATTER.match(text)
    headings = markdown_headings(text, front.end() if front else 0)
    title = _front_title(front.group(1), is_toml=text.startswith("+++")) if front else None
    words = single_line(title) if title is not None else _own_title(text, headings)
    return Content(title=words or stem, text=text, markup=Markup.MARKDOWN, headings=headings)


def _own_title(text: str, headings: tuple[Heading, ...]) -> str | None:
    if pandoc := _PANDOC_TITLE.match(text):
        return single_line(pandoc.group(1))
    if not any(heading.level == 1 for heading in headings):
        for found in _HTML_TITLE.finditer(text[:_HTML_TITLE_WITHIN]):
            if words := plain_words(" ".join(found.group(1).split())):
                return words
    return title_of(headings)


def _front_title(matter: str, *, is_toml: bool) -> str | None:
    if not is_toml and (folded := _FOLDED_TITLE.search(matter)):
        return folded.group(1)
    found = (_TOML_TITLE if is_toml else _FRONT_TITLE).search(matter)
    if found is None:
        return None
    return found.group(2).replace("''", "'") if found.group(1) == "'" and not is_toml else found.group(2)


def title_of(headings: tuple[Heading, ...]) -> str | None:
    """Return the first heading of level 1, else the first heading, None without headings."""
    first = next((heading for heading in headings if heading.level == 1), None) or next(iter(headings), None)
    return first.title if first is not None else None


def markdown_headings(text: str, start: int = 0) -> tuple[Heading, ...]:
    """Return ATX and setext headings from `start` on, in order (CommonMark 0.31, sections 4.2 and 4.3).

    Lines in fenced code and HTML comments are not headings. A setext heading has one line of text here.
    """
    lines = text[start:].split("\n")
    found: list[Heading] = []
    at = start
    fence = ""
    in_comment = False
    free = 0  # the line after the last block that ended: a heading's text needs no blank line above it there
    for number, line in enumerate(lines):
        words = line.strip()
        if fence:
            if words.startswith(fence) and not words.strip(fence[0]):
                fence, free = "", number + 1
        elif in_comment or words.startswith("<!--"):
            in_comment, free = "-->" not in line, number + 1
        elif words[:1] in _MAKES_STRUCTURE:
            if opened := _FENCE.match(line):
                fence = opened.group(1)
            elif atx := _ATX.match(line):
                found.append(Heading(at, len(atx.group(1)), plain_words(atx.group(2) or "")))
                free = number + 1
            elif number > free and _SETEXT.match(line) and _is_alone(lines, number - 1, free):
                above = lines[number - 1]
                found.append(Heading(at - len(above) - 1, 1 if words[0] == "=" else 2, plain_words(above)))
                free = number + 1
        at += len(line) + 1
    return tuple(heading for heading in found if heading.title)


def _is_alone(lines: list[str], number: int, free: int) -> bool:
    """Return whether the line is a paragraph of one line, like the text of a setext heading."""
    return not _OTHER_BLOCK.match(lines[number]) and (number == free or not lines[number - 1].strip())


def plain_words(markdown: str) -> str:
    """Return a heading on one line without links, emphasis, code ticks, tags and attribute lists."""
    words = _ATTRIBUTES.sub("", markdown)
    if any(sign in words for sign in "[]`*_~<\\"):
        words = _LINK.sub(r"\1", words)
        words = _TAG.sub("", words)
        words = _EMPHASIS.sub(r"\2", words)
        words = _CODE.sub(r"\2", words)
        words = _ESCAPE.sub(r"\1", words)
    return single_line(unescape(words) if "&" in words else words)


def table_row(cells: list[str]) -> str:
    """Return one row of a Markdown table, with bars escaped and line ends as spaces."""
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def table_rule(columns: int) -> str:
    """Return the line between the head and the body of a Markdown table."""
    return "|" + " --- |" * columns


def filled_table(rows: list[list[str]]) -> str:
    """Return a Markdown table of rows of any length, without the columns that are empty in all of them."""
    filled = sorted({at for cells in rows for at, words in enumerate(cells) if words.strip()})
    lines = [table_row([cells[at] if at < len(cells) else "" for at in filled]) for cells in rows]
    return "\n".join([*lines[:1], table_rule(len(filled)), *lines[1:]]) if filled else ""
