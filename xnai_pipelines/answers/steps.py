"""Numbered steps: an answer that quotes one of them has to show the others, in their order. Pure."""

import re
from itertools import pairwise

MOST_STEPS = 8  # of an answer

_NUMBERED = re.compile(r"(?P<indent>[ \t]*)(?P<number>\d{1,3})[.)][ \t]+\S")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")


def steps_around(text: str, at: int) -> list[tuple[int, int]]:
    """Return the range of each item of the numbered list that a character is in, code between them included.

    Returns:
        The ranges, in order; none if the character is in no numbered list of at least two items.
    """
    for edges in _lists(text):
        if edges[0] <= at < edges[-1] and len(edges) > 2:
            return [(start, start + len(text[start:end].rstrip())) for start, end in pairwise(edges)]
    return []


def _lists(text: str) -> list[list[int]]:
    """Return of each numbered list where its items start, and at last where it ends.

    What is indented below an item belongs to it, and so does what follows it without a blank line, and code.
    """
    closed: list[list[int]] = []
    edges: list[int] = []
    indent = number = 0  # of the last item
    fenced = after_blank = False
    place = 0
    for line in text.splitlines(keepends=True):
        item = None if fenced else _NUMBERED.match(line)
        if item and edges and len(item["indent"]) > indent:  # a list within the item
            item = None
        is_fence = _FENCE.match(line) is not None
        outside = after_blank and not fenced and not is_fence and len(line) - len(line.lstrip()) <= indent
        ends = outside if item is None else len(item["indent"]) < indent or int(item["number"]) < number
        if edges and line.strip() and ends:
            closed.append([*edges, place])
            edges = []
        if item:
            indent, number = len(item["indent"]), int(item["number"])
            edges.append(place + indent)
        fenced ^= is_fence
        after_blank = not line.strip()
        place += len(line)
    return [*closed, [*edges, place]] if edges else closed
