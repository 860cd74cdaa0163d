"""The elements of an OpenDocument text as Markdown blocks."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from xml.etree.ElementTree import Element  # only the class

from xnai_pipelines.documents.parsers.link_targets import target_beside
from xnai_pipelines.documents.parsers.markup.markdown import filled_table
from xnai_pipelines.documents.parsers.markup.paged import check_size
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.xml_tree import children, words_of

_SPACE = re.compile(r"[ \t\r\n]+")
_SPACES = re.compile(r" {2,}")
_MARK = re.compile(r"^ *- ", re.MULTILINE)  # slides write every cell as a list
_FILE_NAME = re.compile(r"\S+\.\w{3,4}")  # no description
_MAX_COLUMNS = 16_384
_MAX_LEVEL = 6
_VALUES = ("office:string-value", "office:date-value", "office:time-value", "office:boolean-value", "office:value")
_FORMULA_PREFIX = re.compile(r"^\w+:(?==)")
_ROW_GROUPS = {"table:table-rows", "table:table-header-rows", "table:table-row-group"}
_DRAWN = ("draw:", "dr3d:")
_SILENT = {
    *("text:sequence-decls", "text:user-field-decls", "text:variable-decls", "table:calculation-settings"),
    *("table:named-expressions", "table:database-ranges", "table:content-validations", "svg:title", "svg:desc"),
    *("draw:page-thumbnail", "office:annotation-end", "text:index-title-template", "office:settings"),
}


class MarkdownText:
    """Turns elements into Markdown and counts what it leaves out.

    Args:
        max_chars: Max characters of text, tables with their repeated cells among them.
        opened: Function that returns the root of an embedded object by its name, None if it has no text.
    """

    def __init__(self, max_chars: int, opened: Callable[[str], Element | None]) -> None:
        self.omitted = Omitted()
        self._max_chars = max_chars
        self._opened = opened
        self._chars = 0
        self._blocks: list[str] = []
        self._after: list[str] = []  # what stands in a paragraph and is a block of its own: comments, boxes, notes
        self._notes = 0
        self._in_cell = False  # where a table is only its words

    def markdown(self, nodes: Iterable[Element]) -> str:
        """Return the nodes as Markdown blocks."""
        outer, self._blocks = self._blocks, []
        after, self._after = self._after, []
        for node in nodes:
            self._block(node, 0)
        blocks = [*self._blocks, *self._after]
        self._blocks, self._after = outer, after
        return "\n\n".join(blocks)

    def _put(self, text: str) -> None:
        self._chars += len(text)
        check_size(self._chars, self._max_chars)
        if text.strip():
            self._blocks.append(text)
        self._blocks += self._after
        self._after = []

    def _block(self, node: Element, depth: int) -> None:
        tag = node.tag
        if tag in _SILENT:
            return
        if tag == "text:h":
            level = min(_count(node, "text:outline-level"), _MAX_LEVEL)
            words = " ".join(self._words(node).split())
            self._put(f"{'#' * level} {words}" if words else "")
        elif tag == "text:p":
            self._put(self._words(node).strip())
        elif tag == "text:list":
            self._list(node, depth)
        elif tag == "table:table":
            self._table(node)
        elif tag == "text:tracked-changes":
            for deleted in node.iter("text:deletion"):
                paragraphs = (words_of(child) for child in deleted if child.tag != "office:change-info")
                self.omitted.add("deleted text", " ".join(paragraphs))
        elif tag == "text:table-of-content":
            self.omitted.add("table of contents")
        elif tag == "office:forms":
            self._form(node)
        elif tag == "office:annotation":
            self._comment(node)
        elif tag.startswith(_DRAWN):
            self._drawing(node)
        else:
            for child in node:
                self._block(child, depth)

    def _words(self, node: Element) -> str:
        pieces = [_SPACE.sub(" ", node.text or "")]
        for child in node:
            pieces += [self._inline(child), _SPACE.sub(" ", child.tail or "")]
        return _SPACES.sub(" ", "".join(pieces))

    def _inline(self, node: Element) -> str:
        tag = node.tag
        if tag in {"text:s", "text:tab"}:
            return " "
        if tag == "text:line-break":
            return "\n"
        if tag == "text:note":
            self._notes += 1
            mark = f"[^{self._notes}]"
            self._after.append(f"{mark}: {self.markdown(child for child in node if child.tag == 'text:note-body')}")
            return mark
        if tag in {"text:a", "draw:a"}:
            words = self._words(node)
            return words + target_beside(words, node.get("xlink:href", ""))
        if tag == "text:ruby-text":
            return f" ({self._words(node)})"
        if tag == "office:annotation":
            self._comment(node)
            return ""
        if tag.startswith(_DRAWN):
            if text := self.markdown([node]):
                self._after.append(text)
            return ""
        return "" if tag in _SILENT else self._words(node)

    def _comment(self, node: Element) -> None:
        author = next((words_of(child) for child in node if child.tag == "dc:creator"), "")
        words = self.markdown(child for child in node if child.tag in {"text:p", "text:list"})
        if words:
            self._after.append(f"Comment{f' ({author})' if author else ''}: {words}")

    def _list(self, node: Element, depth: int) -> None:
        for item in node:
            begun = False
            for child in item:
                if child.tag == "text:list":
                    self._list(child, depth + 1)
                elif child.tag == "text:p":
                    words = self._words(child).strip()
                    self._put("  " * depth + ("  " if begun else "- ") + words if words else "")
                    begun = begun or bool(words)
                else:
                    self._block(child, depth)

    def _drawing(self, node: Element) -> None:
        titles = (words_of(child) for child in node if child.tag in {"svg:title", "svg:desc"})
        described = " ".join(words for words in titles if words and not _FILE_NAME.fullmatch(words))
        self._put(described)
        shown = [child for child in node if child.tag in {"draw:object", "table:table"}]  # a picture repeats them
        for child in shown:
            if child.tag == "draw:object":
                self._object(child)
        for child in node:
            if child.tag == "draw:image":
                if not described and not shown:
                    self.omitted.add("picture without a description", child.get("xlink:href", ""))
            elif child.tag == "draw:object-ole":
                self.omitted.add("embedded object", child.get("xlink:href", ""))
            elif child.tag not in {"draw:object", "draw:glue-point"}:
                self._block(child, 0)

    def _object(self, node: Element) -> None:
        name = node.get("xlink:href", "")
        root = (node[0] if len(node) else None) if not name else self._opened(name)
        texts: list[str] = []
        if root is not None:
            formulas = [words_of(formula) for formula in root.iter("annotation")]
            formulas = formulas or [words_of(root)] * (root.tag == "math")
            tables = list(root.iter("table:table"))
            titles = [words_of(title) for title in root.iter() if title.tag in {"chart:title", "chart:subtitle"}]
            texts = [text for text in (*formulas, *titles, self.markdown(tables)) if text]
        for text in texts:
            self._put(text)
        if not texts:
            self.omitted.add("embedded object", name)

    def _form(self, node: Element) -> None:
        for field in node.iter():
            label, value = field.get("form:label", ""), field.get("form:current-value") or field.get("form:value", "")
            self._put(": ".join(filter(None, (label, value))) if field.tag != "form:property" else "")

    def _table(self, node: Element) -> None:
        rows: list[list[str]] = []
        spanned: dict[int, tuple[int, str]] = {}
        for row in _rows(node):
            cells = self._cells(row, spanned)
            if any(cells):
                times = _count(row, "table:number-rows-repeated")
                self._chars += times * sum(len(words) + len(" | ") for words in cells if words)
                check_size(self._chars, self._max_chars)
                rows += [cells] * times
        self._put("; ".join(filter(None, chain(*rows))) if self._in_cell else filled_table(rows))
        for shapes in children(node, "table:shapes"):
            self._block(shapes, 0)

    def _cells(self, row: Element, spanned: dict[int, tuple[int, str]]) -> list[str]:
        """Return the cells of a row. The words of a cell that spans rows are repeated in each of them."""
        cells: list[str] = []
        for cell in row:
            if cell.tag not in {"table:table-cell", "table:covered-table-cell"}:
                continue
            at = len(cells)
            words = " ".join(self._cell(cell).split())
            left, above = spanned.pop(at, (0, ""))
            below = _count(cell, "table:number-rows-spanned") - 1
            if below and words:
                spanned[at] = (below, words)
            elif left and not words and cell.tag == "table:covered-table-cell":
                words = above
                spanned[at] = (left - 1, above)
            cells += [words] * min(_count(cell, "table:number-columns-repeated"), _MAX_COLUMNS - at)
        return cells

    def _cell(self, cell: Element) -> str:
        outer, self._in_cell = self._in_cell, True
        words = self.markdown(cell)
        self._in_cell = outer
        if words:
            return _MARK.sub("", words)
        value = next((value for name in _VALUES if (value := cell.get(name))), "")
        return value or _FORMULA_PREFIX.sub("", cell.get("table:formula", ""))


def _rows(node: Element) -> Iterator[Element]:
    for child in node:
        if child.tag == "table:table-row":
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from _rows(child)


def _count(node: Element, name: str) -> int:
    value = node.get(name, "1")
    return max(int(value), 1) if value.isdecimal() else 1
