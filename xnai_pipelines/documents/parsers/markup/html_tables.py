"""Tables of web pages as Markdown tables. Cells that span rows are repeated in each of them."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xnai_pipelines.documents.parsers.markup.markdown import filled_table

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_LAYOUT_ROLES = {"presentation", "none"}
_LAYOUT_CONTENT = "table, h1, h2, h3, h4, h5, h6"
_SECTIONS = {"thead": 0, "tbody": 1, "tfoot": 2}  # the order in which a browser shows them
_MAX_SPAN = 1000
_MAX_COLUMNS = 200
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table and its words."""

    node: "LexborNode"
    words: str


def is_data_table(table: "LexborNode") -> bool:
    """Return whether a table shows data, and is not there to place parts of the page."""
    if table.attributes.get("role") in _LAYOUT_ROLES:
        return False
    if table.css_first("th, caption") is not None:
        return True
    inside = table.css(f"td :is({_LAYOUT_CONTENT})")  # the table itself is among them if it is in a cell
    return all(node.mem_id == table.mem_id for node in inside)


def says_more_than_links(table: "LexborNode") -> bool:
    """Return whether two rows or more have several cells, and in one of them words that are no link.

    A menu or a trail of pages has links alone, or one row.
    """
    telling = 0
    for row in _rows(table):
        filled = [cell for cell in row if _LETTER.search(cell.text())]
        linked = [sum(len(link.text().strip()) for link in cell.css("a")) for cell in filled]
        words = [len(cell.text().strip()) for cell in filled]
        telling += len(filled) > 1 and any(inside < length for inside, length in zip(linked, words, strict=True))
    return telling > 1


def table_lines(table: "LexborNode", cells: list[Cell]) -> list[str]:
    """Return the lines of the Markdown table, [] if all cells are empty."""
    words = {cell.node.mem_id: cell.words for cell in cells}
    if not any(words.values()):
        return []
    rows: list[list[str]] = []
    spanning: dict[int, tuple[int, str]] = {}  # column to the rows that a cell still covers, and its words
    for row in _rows(table):
        line: list[str] = []
        for cell in row:
            _take_spanning(line, spanning)
            text = words.get(cell.mem_id, "")
            down = _span(cell, "rowspan")
            for extra in range(_span(cell, "colspan")):
                if extra and len(line) >= _MAX_COLUMNS:
                    break
                if down > 1:
                    spanning[len(line)] = (down - 1, text if not extra else "")
                line.append(text if not extra else "")
        _take_spanning(line, spanning)
        if any(line):
            rows.append(line)
    return filled_table(rows).split("\n")


def _rows(table: "LexborNode") -> list[list["LexborNode"]]:
    """Return the cells of each row, without those of tables in cells."""
    rows: list[list[LexborNode]] = []
    sections = [node for node in table.iter() if node.tag in _SECTIONS]
    for parent in [table, *sorted(sections, key=lambda node: _SECTIONS[node.tag or ""])]:
        rows += [[cell for cell in row.iter() if cell.tag in {"td", "th"}] for row in parent.iter() if row.tag == "tr"]
    return rows


def _take_spanning(line: list[str], spanning: dict[int, tuple[int, str]]) -> None:
    while len(line) in spanning:
        at = len(line)
        left, text = spanning.pop(at)
        if left > 1:
            spanning[at] = (left - 1, text)
        line.append(text)


def _span(cell: "LexborNode", name: str) -> int:
    value = cell.attributes.get(name) or "1"
    return max(1, min(_MAX_SPAN, int(value))) if value.isdecimal() and len(value) < 6 else 1
