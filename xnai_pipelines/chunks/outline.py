"""Reads the structure of a text line by line: sections, blocks, and parts of blocks."""

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from xnai_pipelines.documents.parsers.parsed import Heading, Markup

_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_LIST_ITEM = re.compile(r"(?:[-*+•]|\(?[0-9]{1,3}[.)]|#\.)[ \t]")
_TABLE_ROW = re.compile(r"\||\+[-=]")
# The last line of a container never starts a chunk. The line after its first line stays with it.
_CONTAINER_END = re.compile(r"(?:/{3,}|:{3,}|</[^>]*>|[)\]}]+[;,]?)\s*\Z")
_CONTAINER_START = re.compile(r"(?:/{3,}|:{3,}|<(?:details|div|section)\b)")
_ADORNMENT = re.compile(r"([^\w\s`~])\1+\s*\Z")
_DIRECTIVE = re.compile(r"\.\. [\w:+.-]+::|(?:.*\S)?::\s*\Z")
_ANY_INDENT = -1
_CODE_DIRECTIVE = re.compile(
    r"\.\. (?:code|code-block|sourcecode|parsed-literal|literalinclude|testcode|doctest|productionlist)::"
)
# Lines above a heading that belong to it: rst labels, HTML anchors; in code decorators and comments.
_LEAD_IN = {
    Markup.MARKDOWN: re.compile(r"<a\s[^>]*>(?:</a>)?\s*\Z"),
    Markup.RST: re.compile(r"\.\. _[^:]*:\s*\Z"),
    Markup.CODE: re.compile(r"\s*(?:@|#|//)"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """The section of a heading. `start` includes lines above that belong to the heading, `line` does not."""

    start: int
    line: int
    level: int
    title: str


@dataclass(slots=True)
class Outline:
    """Ascending offsets of lines at which a text may be cut, by kind.

    Attributes:
        sections: Sections of the headings.
        stacked: Starts of sections that follow the heading above without text between.
        blocks: Paragraphs, lists, tables, code blocks, top-level definitions.
        announced: Blocks that the line before announces with a colon.
        parts: List items, and paragraphs or code after a blank line inside a block.
        lines: Other lines of code, tables and nested lists.
        code: (start, end) of code, where a full stop does not end a sentence.
    """

    sections: list[Section]
    stacked: set[int] = field(default_factory=set)
    blocks: list[int] = field(default_factory=list)
    announced: set[int] = field(default_factory=set)
    parts: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    code: list[tuple[int, int]] = field(default_factory=list)

    def in_code(self, position: int) -> bool:
        """Return whether the character is in code."""
        index = bisect_left(self.code, (position + 1,)) - 1
        return index >= 0 and position < self.code[index][1]


def between(positions: Sequence[int], start: int, end: int) -> Sequence[int]:
    """Return the positions strictly inside a span."""
    return positions[bisect_left(positions, start + 1) : bisect_left(positions, end)]


def read_outline(text: str, headings: Sequence[Heading], markup: Markup) -> Outline:
    """Return the outline of a text, in one pass over its lines."""
    sections = read_sections(text, headings, markup)
    reader = _Reader(markup, Outline(sections))
    start = 0
    while start < len(text):
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline + 1
        reader.read(start, text[start:end])
        start = end
    reader.close(len(text))
    return reader.outline


def read_sections(text: str, headings: Sequence[Heading], markup: Markup) -> list[Section]:
    """Return a section for each heading, in order."""
    floor = 0
    sections = []
    for heading in sorted(headings, key=lambda heading: heading.start):
        start = _lead_in(text, heading.start, floor, markup)
        sections.append(Section(start, heading.start, heading.level, heading.title))
        floor = heading.start + 1
    return sections


def _lead_in(text: str, start: int, floor: int, markup: Markup) -> int:
    pattern = _LEAD_IN.get(markup)
    if pattern is None:
        return start
    position = first = start
    while position > floor:
        line_start = text.rfind("\n", floor, position - 1) + 1
        if line_start == 0 and floor > 0:
            break
        line = text[line_start:position]
        if pattern.match(line):
            first = line_start
        elif line.strip() or markup is Markup.CODE:
            break
        position = line_start
    return first


class _Reader:
    """The state that earlier lines leave for the next one."""

    def __init__(self, markup: Markup, outline: Outline) -> None:
        self.outline = outline
        self._markup = markup
        self._sections = deque(outline.sections)
        self._heading_line = -1  # lines up to here belong to the last heading
        self._bare_level: int | None = None  # of the last heading, while only headings followed
        self._fence = ""
        self._code_start: int | None = 0 if markup is Markup.CODE else None
        self._literal_indent: int | None = None
        self._after_blank = False
        self._hold: int | None = _ANY_INDENT  # the next line stays with this one if it is indented further
        self._announced = False
        self._in_list = False
        self._in_container = False

    def read(self, start: int, line: str) -> None:
        content = line.lstrip(" \t")
        if not content.strip():
            self._after_blank = True
            return
        while self._sections and self._sections[0].start <= start:
            self._open_section(self._sections.popleft())
        was_fenced = bool(self._fence)
        if was_fenced:
            self._read_fenced(start, content)
        elif not self._in_heading(start, content):
            self._read_block_line(start, len(line) - len(content), content)
        # The line after a fence starts a new block, as after a blank line.
        self._after_blank = was_fenced and not self._fence

    def close(self, end: int) -> None:
        if self._code_start is not None:
            self.outline.code.append((self._code_start, end))

    def _open_section(self, section: Section) -> None:
        self._end_literal(section.start)
        if self._bare_level is not None and section.level > self._bare_level:
            self.outline.stacked.add(section.start)
        self._bare_level = section.level
        self._heading_line = section.line
        self._hold = _ANY_INDENT
        self._announced = self._in_list = self._in_container = False

    def _in_heading(self, start: int, content: str) -> bool:
        """Return whether this line belongs to a heading: its lead-in, title, overline or underline."""
        if start == self._heading_line and _ADORNMENT.match(content):
            self._heading_line = start + len(content)
            return True
        return start <= self._heading_line or (self._hold is not None and _ADORNMENT.match(content) is not None)

    def _read_block_line(self, start: int, indent: int, content: str) -> None:
        self._bare_level = None
        if self._literal_indent is not None and indent <= self._literal_indent:
            self._end_literal(start)
        in_code = self._code_start is not None
        fence = _FENCE.match(content) if self._markup is Markup.MARKDOWN else None
        is_item = not in_code and _LIST_ITEM.match(content) is not None
        is_held = self._hold is not None and indent > self._hold
        ends_container = _CONTAINER_END.match(content) is not None
        if not is_held and not ends_container:
            self._place(start, indent, content, is_item=is_item, is_block=self._after_blank or fence is not None)
        opens_container = _CONTAINER_START.match(content) is not None and not ends_container
        self._in_container = opens_container or (self._in_container and not ends_container)
        self._hold = _ANY_INDENT if opens_container else self._directive_indent(indent, content)
        self._announced = content.rstrip().endswith(":")
        if indent == 0:
            self._in_list = is_item or (self._in_list and not self._after_blank)
        if fence:
            self._fence = fence[1]
            self._code_start = start
        elif self._markup is Markup.RST and not in_code and _opens_literal(content):
            self._literal_indent = indent
            self._code_start = start + len(content) + indent

    def _directive_indent(self, indent: int, content: str) -> int | None:
        return indent if self._markup is Markup.RST and _DIRECTIVE.match(content) else None

    def _place(self, start: int, indent: int, content: str, *, is_item: bool, is_block: bool) -> None:
        """Record the start of a line under the kind of cut it allows."""
        is_inner = indent > 0 or self._in_container or (is_item and self._in_list)
        if is_block and not is_inner:
            self.outline.blocks.append(start)
            if self._announced:
                self.outline.announced.add(start)
        elif is_block or (is_item and indent == 0):
            self.outline.parts.append(start)
        elif self._code_start is not None or is_item or _TABLE_ROW.match(content):
            self.outline.lines.append(start)

    def _read_fenced(self, start: int, content: str) -> None:
        if content.rstrip().strip(self._fence[0]) == "" and content.startswith(self._fence):
            self._fence = ""
            if self._code_start is not None:
                self.outline.code.append((self._code_start, start))
                self._code_start = None
            self._announced = False
            return
        (self.outline.parts if self._after_blank else self.outline.lines).append(start)

    def _end_literal(self, start: int) -> None:
        if self._literal_indent is not None and self._code_start is not None:
            self.outline.code.append((self._code_start, start))
            self._code_start = None
        self._literal_indent = None


def _opens_literal(content: str) -> bool:
    line = content.rstrip()
    if line.startswith(".. "):
        return _CODE_DIRECTIVE.match(line) is not None
    return line.endswith("::")
