"""What a chunk from within a table or a list lacks: the names of the columns, the line that leads to it. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from xnai_pipelines.chunks.spec import Chunk

LONGEST_LEAD = 160  # characters of a line
LONGEST_HEADER = 320  # characters of a row of column names
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\(?[0-9]{1,3}[.)])[ \t]")
_LEADING = (":", "：")
_LEADS_TO = 3  # lines: a line with a colon, one blank line, the first item


class _Block(NamedTuple):
    """A table without its first row, or a list: where it starts and ends, and the line that it needs to be read."""

    start: int
    end: int
    lead: str


def leads(text: str, chunks: Sequence[Chunk]) -> list[str]:
    """Return for each chunk the row of column names, or the line before the list, that stands above it; "" without one.

    A line of more than `LONGEST_LEAD` characters is cut, a row of more than `LONGEST_HEADER` after a column.
    """
    if len(chunks) < 2:
        return [""] * len(chunks)
    blocks = list(_blocks(text))
    starts = [block.start for block in blocks]
    found = []
    for chunk in chunks:
        at = bisect_right(starts, chunk.start) - 1
        found.append(blocks[at].lead if at >= 0 and chunk.start < blocks[at].end else "")
    return found


def _blocks(text: str) -> Iterator[_Block]:
    lines = text.split("\n")
    offsets = list(accumulate((len(line) + 1 for line in lines), initial=0))
    at = 0
    while at < len(lines):
        first, end, line = at, at, " ".join(lines[at].split())
        if "|" in lines[at] and at + 1 < len(lines) and "|" in lines[at + 1] and _RULE.match(lines[at + 1]):
            first, end = at + 1, _end_of_table(lines, at + 1)
            line = line if len(line) <= LONGEST_HEADER else line[:LONGEST_HEADER].rpartition("|")[0]
        elif line.endswith(_LEADING) and (item := _first_item(lines, at)):
            first, end = item, _end_of_list(lines, item)
            line = line[:LONGEST_LEAD]
        if end > first:
            yield _Block(offsets[first], offsets[end], line)
        at = max(end, at + 1)


def _end_of_table(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and "|" in lines[at]:
        at += 1
    return at


def _first_item(lines: Sequence[str], at: int) -> int | None:
    """Return the first item of the list that a line leads to, None if it leads to other text."""
    after = next((one for one in range(at + 1, min(at + _LEADS_TO, len(lines))) if lines[one].strip()), None)
    return after if after is not None and _ITEM.match(lines[after]) else None


def _end_of_list(lines: Sequence[str], at: int) -> int:
    """Return the line after the last item, with the indented and blank lines between items."""
    end = at
    while at < len(lines) and (not lines[at].strip() or lines[at][0] in " \t" or _ITEM.match(lines[at])):
        at += 1
        if lines[at - 1].strip():
            end = at
    return end
