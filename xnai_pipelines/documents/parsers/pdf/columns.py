"""The reading order of a page in columns whose lines a PDF draws row by row. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_MIN_ROWS = 3
_GAP = 1.5  # heights of a line: more than any space between words
_MIN_WIDTH = 8  # heights of a line: shorter texts beside each other are cells of a table
_MIN_FILLED = 0.6  # of the widest line: cells of a table differ more
_MAX_DEPTH = 3


class Box(NamedTuple):
    """The box of a piece of a line, in points from the lower left corner of the page."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """The height of the line, never 0."""
        return max(self.top - self.bottom, 1.0)


def column_order(boxes: Sequence[Box]) -> list[list[int]] | None:
    """Return the lines of a page as indexes of their boxes, column by column; None if they are drawn in that order.

    Two columns are pieces of prose on both sides of a gap that several rows share. A line across the gap ends them.
    """
    rows = _rows(boxes)
    order = _ordered(rows, boxes, 0)
    return order if order != rows else None


def _rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Return the boxes that follow each other at one height."""
    rows: list[list[int]] = []
    for at, box in enumerate(boxes):
        before = boxes[rows[-1][-1]] if rows else None
        if before is not None:
            shared = min(before.top, box.top) - max(before.bottom, box.bottom)
            if shared > min(before.height, box.height) / 2 and box.left >= before.left:
                rows[-1].append(at)
                continue
        rows.append([at])
    return rows


def _ordered(rows: list[list[int]], boxes: Sequence[Box], depth: int) -> list[list[int]]:
    gutter = _gutter(rows, boxes)
    if gutter is None or depth == _MAX_DEPTH:
        return rows
    ordered: list[list[int]] = []
    band: list[list[int]] = []
    for row in [*rows, None]:
        if row is not None and not any(boxes[at].left < gutter < boxes[at].right for at in row):
            band.append(row)
            continue
        ordered += _of_band(band, boxes, gutter, depth)
        band = []
        if row is not None:
            ordered.append(row)
    return ordered


def _of_band(band: list[list[int]], boxes: Sequence[Box], gutter: float, depth: int) -> list[list[int]]:
    """Return the rows that no line crosses: the left column and then the right, or as they are if they are a table."""
    left = [side for row in band if (side := [at for at in row if boxes[at].right <= gutter])]
    right = [side for row in band if (side := [at for at in row if boxes[at].left >= gutter])]
    both = len(left) + len(right) - len(band)
    if both < _MIN_ROWS or not (_is_prose(left, boxes) and _is_prose(right, boxes)):
        return band
    return _ordered(left, boxes, depth + 1) + _ordered(right, boxes, depth + 1)


def _is_prose(column: list[list[int]], boxes: Sequence[Box]) -> bool:
    widths = [boxes[row[-1]].right - boxes[row[0]].left for row in column]
    height = sum(boxes[row[0]].height for row in column) / len(column)
    mean = sum(widths) / len(widths)
    return mean >= _MIN_WIDTH * height and mean >= _MIN_FILLED * max(widths)


def _gutter(rows: list[list[int]], boxes: Sequence[Box]) -> float | None:
    """Return the middle of the gap that most rows share, None if too few rows have one."""
    gaps = [
        (boxes[first].right, boxes[second].left)
        for row in rows
        for first, second in pairwise(row)
        if boxes[second].left - boxes[first].right > _GAP * boxes[first].height
    ]
    if len(gaps) < _MIN_ROWS:
        return None
    edges = sorted([(left, 1) for left, _ in gaps] + [(right, -1) for _, right in gaps])
    shared = most = 0
    begin, end = edges[0][0], edges[0][0]
    for at, (position, change) in enumerate(edges):
        shared += change
        if shared > most:
            most, begin, end = shared, position, edges[at + 1][0]
    return (begin + end) / 2 if most >= _MIN_ROWS else None
