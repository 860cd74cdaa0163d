"""Lists: an answer that quotes one of numbered steps, or of the items below a line with a colon, needs the others."""

import re
from itertools import pairwise
from typing import NamedTuple

MOST_ITEMS = 8  # of an answer

_BULLET = "[-*+•‣]"
LIST_MARK = rf"(?:{_BULLET}|\(?\d{{1,3}}[.)])"
FIELD_NAME = r":[^:`\n]{1,40}:"  # of a field list in reStructuredText
_ITEM = re.compile(rf"(?P<indent>[ \t]*)(?:(?P<number>\d{{1,3}})[.)]|{_BULLET}|{FIELD_NAME})[ \t]+\S")
FENCE = re.compile(r"[ \t]*(?:```|~~~)")


class Items(NamedTuple):
    """A list.

    Attributes:
        ranges: Range of each item in order, code between them included.
        numbered: Whether the items have numbers: they are steps, and their order counts.
        led: Whether a line with a colon leads to them.
    """

    ranges: list[tuple[int, int]]
    numbered: bool
    led: bool


def items_around(text: str, at: int) -> Items | None:
    """Return the list of at least two items that a character is in, None if it is in none."""
    for edges in _lists(text):
        if edges[0] <= at < edges[-1] and len(edges) > 2:
            ranges = [(start, start + len(text[start:end].rstrip())) for start, end in pairwise(edges)]
            numbered = text[edges[0]].isdigit()
            return Items(ranges, numbered, text[: edges[0]].rstrip("*_ \t\n").endswith((":", "：")))
    return None


def _lists(text: str) -> list[list[int]]:
    """Return of each list where its items start, and at last where it ends.

    What is indented below an item belongs to it, and so does what follows it without a blank line, and code.
    """
    closed: list[list[int]] = []
    edges: list[int] = []
    indent = number = 0  # of the last item; bullets have no number
    fenced = after_blank = False
    place = 0
    for line in text.splitlines(keepends=True):
        item = None if fenced else _ITEM.match(line)
        if item and edges and len(item["indent"]) > indent:  # a list within the item
            item = None
        is_fence = FENCE.match(line) is not None
        outside = after_blank and not fenced and not is_fence and len(line) - len(line.lstrip()) <= indent
        named = int(item["number"] or 0) if item else 0
        ends = outside if item is None else len(item["indent"]) < indent or named < number or bool(named) > bool(number)
        if edges and line.strip() and ends:
            closed.append([*edges, place])
            edges = []
        if item:
            indent, number = len(item["indent"]), named
            edges.append(place + indent)
        fenced ^= is_fence
        after_blank = not line.strip()
        place += len(line)
    return [*closed, [*edges, place]] if edges else closed
