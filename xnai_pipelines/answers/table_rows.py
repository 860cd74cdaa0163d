"""The rows of tables in a text, each with the row of column names above it, and how one reads as a sentence. Pure."""

import re
from collections.abc import Iterator
from itertools import pairwise, zip_longest
from typing import NamedTuple

_LINE = re.compile(r"[^\n]+")
_BAR = re.compile(r"(?<!\\)\|")


class TableRow(NamedTuple):
    """A row of a table, or what stands above its rows: the names of the columns and the rule under them.

    Attributes:
        start: First character.
        end: Character after the last.
        names: Range of the row that names the columns; None if the text does not have it.
        is_heading: Whether it is what stands above the rows.
    """

    start: int
    end: int
    names: tuple[int, int] | None
    is_heading: bool = False


def table_rows(text: str, start: int, end: int) -> Iterator[TableRow]:
    """Yield the rows and headings of the tables between two places of a text.

    A line belongs to a table if it begins with a bar, if it has a bar and follows the rule under the column names, or
    if it has a tab as the line before or after it does.
    """
    lines = [match.span() for match in _LINE.finditer(text, start, end)]
    names: tuple[int, int] | None = None
    in_table = False
    for at, (first, last) in enumerate(lines):
        line, previous = text[first:last], lines[at - 1] if at else None
        if previous and first > previous[1] + 1:  # a blank line ends a table
            in_table, names, previous = False, None, None
        if _is_rule(line):
            if previous and not in_table and "|" in text[slice(*previous)]:
                first, names = previous[0], previous
            in_table = True
            yield TableRow(first, last, names, is_heading=True)
        elif "|" in line and (in_table or line.lstrip().startswith("|")):
            if in_table or at + 1 == len(lines) or not _is_rule(text[slice(*lines[at + 1])]):
                yield TableRow(first, last, names)
        else:
            in_table, names = False, None
            if _has_tab(text, lines, at) and (_has_tab(text, lines, at - 1) or _has_tab(text, lines, at + 1)):
                yield TableRow(first, last, None)


def as_sentence(row: str, names: str) -> str:
    """Return a row as a reader would say it: each cell after the name of its column, `Plan: Pro; Price: $20`.

    Args:
        row: The row's line.
        names: The line that names the columns, "" if it is not known.
    """
    named = zip_longest(cells(names), cells(row), fillvalue="")
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)


def cells(row: str) -> list[str]:
    """Return the cells of a row's line, without the white space around them."""
    return [" ".join(row[start:end].replace("\\|", "|").split()) for start, end in _cell_ranges(row)]


def names_said(row: str, names: str) -> list[tuple[int, int]]:
    """Return the ranges of the column names, in their line, that have a cell of the row below them."""
    filled = [row[start:end].strip() for start, end in _cell_ranges(row)]
    return [name for name, cell in zip(_cell_ranges(names), filled, strict=False) if cell]


def _cell_ranges(row: str) -> list[tuple[int, int]]:
    """Return the range of each cell; bars at the ends have nothing outside them."""
    stripped = row.strip()
    first = len(row) - len(row.lstrip())
    last = first + len(stripped)
    if "|" not in row:
        bars = [at for at in range(first, last) if row[at] == "\t"]
    else:
        bars = [match.start() for match in _BAR.finditer(row, first, last)]
    edges = [first - 1, *bars, last]
    if "|" in row and bars[:1] == [first]:
        del edges[0]
    return [(start + 1, end) for start, end in pairwise(edges)]


def _is_rule(line: str) -> bool:
    return "|" in line and "-" in line and not line.strip("|:- \t\r")


def _has_tab(text: str, lines: list[tuple[int, int]], at: int) -> bool:
    return 0 <= at < len(lines) and "\t" in text[slice(*lines[at])].strip()
