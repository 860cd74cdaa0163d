"""AsciiDoc: finds headings and title. All but description lists, which become those of Markdown, stays as it is."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from xnai_pipelines.documents.parsers.markup.code import placed_lines
from xnai_pipelines.documents.parsers.markup.markdown import title_of
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import single_line

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*$")
_UNDERLINE = re.compile(r"(={4,}|-{4,}|~{4,}|\^{4,})[ \t]*$")
_UNDERLINES = "=-~^"  # of levels 1 to 4
_BLOCK = re.compile(r"(-{4,}|\.{4,}|\+{4,}|/{4,}|_{4,}|={4,}|\*{4,}|`{3,}|--|\|===)[ \t]*$")
_FENCE = "```"
_LISTING = re.compile(r"-{4,}|\.{4,}")
_NESTING = re.compile(r"[=*_].*|--")  # blocks whose content is text
_MARKS = re.compile(r"(?:\*{1,2}|_{1,2}|`{1,2}|#{1,2})(\S(?:[^\n]*?\S)?)(?:\*{1,2}|_{1,2}|`{1,2}|#{1,2})")
_MACRO = re.compile(r"(?:link:|xref:|https?://)\S*?\[([^\]]*)\]|<<[^,>]*,?([^>]*)>>|\[\[[^\]]*\]\]")
_TERM = re.compile(r"[ \t]*(?!//|\[|\.\S|[-*.]+[ \t])(?P<term>\S.{0,200}?)(?::{2,4}|;;)(?:[ \t]+(?P<said>\S.*))?\Z")
_NO_TEXT = re.compile(
    r"[ \t]*(?:[*.-]{1,5}[ \t]|\d+\.[ \t]|//|\[.*\]\Z|\.\w|={1,6}[ \t]|\|)"
)  # a list, a title, a table


def parse_asciidoc(text: str, stem: str) -> Content:
    """Return AsciiDoc with its headings, and with its description lists as in Markdown.

    The title is the first heading of level 1, else the first, else `stem`. Lines in
    listings, literals, passthroughs, comments and tables are neither headings nor terms.
    """
    text = _with_entries(text)
    headings: list[Heading] = []
    for start, line, underlined in _lines(text):
        if underlined:
            level = _UNDERLINES.index(line[0]) + 1
            headings.append(Heading(start - len(underlined) - 1, level, single_line(_MARKS.sub(r"\1", underlined))))
        elif heading := _HEADING.match(line):
            words = _MACRO.sub(lambda macro: macro.group(1) or macro.group(2) or "", heading.group(2))
            words = single_line(_MARKS.sub(r"\1", words))
            headings += [Heading(start, len(heading.group(1)), words)] if words else []
    found = tuple(headings)
    return Content(title_of(found) or stem, text, Markup.PLAIN, found)


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the lines outside of blocks, each with its start and with the heading above that it underlines, or ""."""
    block = above = before = ""  # the line above, and the one above that
    for start, line in placed_lines(text):
        delimiter = _BLOCK.match(line)
        words = above if not block and not before.strip() and _is_underline(line, above) else ""
        above, before = line, above
        if block:
            block = "" if delimiter and delimiter.group(1) == block else block
        elif delimiter and not words:
            block = "" if _NESTING.fullmatch(delimiter.group(1)) else delimiter.group(1)
        else:
            yield start, line, words


def _is_underline(line: str, above: str) -> bool:
    """Return whether a line makes the one above a heading: it is as long, give or take a character."""
    under = _UNDERLINE.match(line)
    return under is not None and above[:1].isalnum() and abs(len(under.group(1)) - len(above.rstrip())) <= 1


def _with_entries(text: str) -> str:
    """Return a text with terms on lines of their own, and `: ` before each paragraph that says what they mean.

    Fences, which AsciiDoc knows too, mark listings and literals, unless the text has some.
    """
    lines = list(_lines(text))
    underlines = {start for start, _, underlined in lines if underlined}
    outside = {start for start, _, underlined in lines if not underlined}
    writer = _Writer(outside, underlines, fence="" if _FENCE in text else _FENCE)
    at = 0
    for line in text.split("\n"):
        writer.write(at, line)
        at += len(line) + 1
    return "\n".join([*writer.out, *writer.waiting])


@dataclass(slots=True)
class _Writer:
    """Writes line after line.

    Attributes:
        outside: Starts of the lines outside of blocks.
        underlines: Starts of those that underline a heading.
        fence: What marks a listing; "" leaves the delimiter.
        out: Lines that are written.
        terms: Terms that have no text yet.
        waiting: The lines with these, as they stand in the text.
        begins: Whether a block may begin at the line.
        inside: Whether the last paragraph is one of an entry.
        attached: Whether the line continues the entry.
        joined: Whether the line above is of a paragraph of an entry.
        block: Delimiter of the block around the line.
    """

    outside: Set[int]
    underlines: Set[int]
    fence: str
    out: list[str] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    begins: bool = True
    inside: bool = False
    attached: bool = False
    joined: bool = False
    block: str = ""

    def write(self, at: int, line: str) -> None:
        """Write the line that starts at a place."""
        words = line.strip()
        is_text = at in self.outside
        found = _TERM.match(line) if is_text and (self.begins or self.inside or self.terms) else None
        if not words:
            (self.waiting if self.terms else self.out).append(line)
            self.begins, self.joined = True, False
            return
        if found:
            self.terms.append(found["term"])
            self.waiting.append(line)
            if found["said"]:
                self._explain(found["said"].rstrip())
        elif is_text and self.inside and words == "+":
            self.out.append("")
            self.attached = True
        elif is_text and (self.terms or self.attached) and not _NO_TEXT.match(line):
            self._explain(words)
        else:
            self._copy(line, words, is_text=is_text, is_underline=at in self.underlines)
        self.begins = not is_text

    def _explain(self, words: str) -> None:
        """Write the first line of a paragraph of an entry, below the terms if it has none yet."""
        if self.terms and self.out and self.out[-1].strip():
            self.out.append("")  # a line right above would be a term too
        self.out += [*self.terms, f": {words}"]
        self.inside = self.joined = True
        self.terms, self.waiting, self.attached = [], [], False

    def _copy(self, line: str, words: str, *, is_text: bool, is_underline: bool) -> None:
        self.out += self.waiting
        self.terms, self.waiting, self.attached = [], [], False
        self.joined = self.joined and is_text and not _NO_TEXT.match(line)
        self.inside = self.inside and (self.joined or not self.begins or not is_text)
        is_delimiter = not is_text and not is_underline and words == (self.block or words) and _BLOCK.match(line)
        if not is_delimiter:
            self.out.append(words if self.joined else line)
            return
        kind = self.block or words
        self.block = "" if self.block or _NESTING.fullmatch(words) else words
        self.out.append((self.fence if _LISTING.fullmatch(kind) else "") or line)
