"""The blocks of a web page as Markdown, each with its part in the page: content, decoration, or doubtful.

A page may be nested to any depth, so nothing here recurses: the place of a node follows from its parent's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from xnai_pipelines.documents.parsers.markup.html_tables import Cell, is_data_table, says_more_than_links, table_lines

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NEVER_SHOWN = "script, style, noscript, template, iframe, form button, datalist"
_NOT_DRAWN = "style, script, defs, metadata, title"
_HIDDEN = "[hidden]:not([hidden=until-found]):not([role=tabpanel])"
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "dialog", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "label", "legend", "li", "main"),
    *("nav", "ol", "optgroup", "option", "p", "pre", "section", "select", "summary", "table", "tbody", "td"),
    *("textarea", "tfoot", "th", "thead", "tr", "ul", *HEADINGS),
}
_LISTS = {"ul", "ol", "menu", "dir"}
_LISTED = {*_LISTS, "dl", "table"}
_ENTRY = {"dt", "dd"}
_CONTENT_TAGS = {"main", "article"}
_DECORATIVE_ROLES = {"navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar"}
_DECORATIVE_NAMES = {
    *("nav", "navbar", "navigation", "menu", "submenu", "breadcrumb", "breadcrumbs", "footer", "sidebar", "toolbar"),
    *("social", "share", "sharing", "pagination", "pager", "skip", "toc", "related", "banner", "topbar"),
}
_NAVIGATION_NAMES = {"navheader", "navfooter"}  # of pages made from DocBook: they have titles that are no links
_CONSENT_NAMES = {"cookie", "cookies", "cookiebanner", "consent", "gdpr"}
_OVERLAY_NAMES = {"banner", "bar", "cookiebanner", "dialog", "modal", "overlay", "popup"}
_LONGEST_CONSENT = 2000  # characters: more is a page about cookies
_NAME_PARTS = re.compile(r"[\s_-]+")
_TYPED = {"", "text", "email", "tel", "url", "number", "date", "time", "datetime-local", "month", "week"}
_CHOSEN = {"checkbox", "radio"}
_FILE_NAME = re.compile(r"\S+\.\w{3,4}")
_MIN_LINKED = 0.5
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = 8  # words outside links; "You are here" and "Page 3 of 10" have fewer
_INTEGER = re.compile(r"-?[0-9]{1,9}")


class BlockRole(StrEnum):
    """What a block is to the page. Of `NAVIGATION`, which a page names so, and `DOUBTFUL` the extractor decides."""

    CONTENT = "content"
    NAVIGATION = "navigation"
    DOUBTFUL = "doubtful"
    DECORATION = "decoration"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page.

    Attributes:
        markdown: Its Markdown.
        texts: Its plain texts, of a table one per row.
        part: Its part in the page.
        is_term: Whether it is a term of a definition list: what follows stands on the next line.
    """

    markdown: str
    texts: tuple[str, ...]
    part: BlockRole
    is_term: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node is.

    Attributes:
        block: Nearest block.
        table, cell: Outermost table of data, and the cell in it.
        item: Nearest list item.
        entry: Tag of the nearest part of a definition list, "dt" or "dd"; "" in a list item inside it.
        depth: Lists around the node.
        quoted: Whether it is in a quotation.
        linked: Whether it is in a link.
        main: Whether it is in an article or in the main part.
        part: Part in the page.
    """

    block: "LexborNode | None" = None
    table: "LexborNode | None" = None
    cell: "LexborNode | None" = None
    item: "LexborNode | None" = None
    entry: str = ""
    depth: int = 0
    quoted: bool = False
    linked: bool = False
    main: bool = False
    part: BlockRole = BlockRole.CONTENT


@dataclass(slots=True)
class _Items:
    """The marks of list items; the first block of an item gets it.

    Attributes:
        begun: Items that have their mark.
        numbers: Number of the last item, by its list.
    """

    begun: set[int] = field(default_factory=set)
    numbers: dict[int, int] = field(default_factory=dict)

    def mark(self, item: "LexborNode") -> str:
        """Return the mark of an item, "" if it has been given."""
        if item.mem_id in self.begun:
            return ""
        self.begun.add(item.mem_id)
        parent = item.parent
        if parent is None or parent.tag != "ol":
            return "- "
        last = self.numbers.get(parent.mem_id)
        next_one = _integer(parent.attributes.get("start"), 1) if last is None else last + 1
        self.numbers[parent.mem_id] = number = _integer(item.attributes.get("value"), next_one)
        return f"{number}. "


def _integer(value: str | None, otherwise: int) -> int:
    return int(value) if value is not None and _INTEGER.fullmatch(value) else otherwise


@dataclass(frozen=True, slots=True)
class _Piece:
    place: _Place
    text: str


def page_blocks(page: "LexborHTMLParser") -> list[Block]:
    """Return the blocks of the body in order. What a browser never shows is removed from the page."""
    if page.body is None:
        return []
    for drawing in page.css("svg"):
        named = _name_of(drawing)
        for node in drawing.css(_NOT_DRAWN):
            node.decompose()
        drawing.replace_with(f" {drawing.text(separator=' ').strip() or named} ")
    for node in page.css(_NEVER_SHOWN) + page.css(_HIDDEN):
        node.decompose()
    for formula in page.css("math"):
        source = formula.css_first('annotation[encoding="application/x-tex"]')
        if source is not None:  # the formula stands twice: as typeset signs and as TeX
            formula.replace_with(f" {source.text().strip()} ")
    blocks: list[Block] = []
    items = _Items()
    for _, group in groupby(_pieces(page.body), key=_of_one_block):
        pieces = list(group)
        place = pieces[0].place
        if place.table is not None:
            blocks += _table(place, pieces)
        elif block := _block(place, pieces, items):
            blocks.append(block)
    return blocks


def _of_one_block(piece: _Piece) -> int:
    node = piece.place.table or piece.place.block
    return node.mem_id if node is not None else 0


def _pieces(body: "LexborNode") -> Iterator[_Piece]:
    """Yield every piece of text with its place."""
    places: dict[int, _Place] = {body.mem_id: _Place(block=body)}
    for node in body.traverse(include_text=True):
        if node.tag == "-text":
            if node.parent is not None and (place := places.get(node.parent.mem_id)):
                yield _Piece(place, node.text(deep=False))
            continue
        if node.mem_id == body.mem_id or node.parent is None:
            continue
        place = _place_of(node, places.get(node.parent.mem_id, _Place(block=body)))
        places[node.mem_id] = place
        if node.tag == "br":
            yield _Piece(place, "\n")
        elif words := _words_of_attributes(node):
            yield _Piece(place, f" {words} ")


def _place_of(node: "LexborNode", parent: _Place) -> _Place:
    tag = node.tag or ""
    if tag not in _BLOCKS and not node.attributes and tag != "a":
        return parent  # most inline elements
    role = node.attributes.get("role") or ""
    main = parent.main or tag in _CONTENT_TAGS or role in _CONTENT_TAGS
    place = replace(
        parent,
        block=node if tag in _BLOCKS else parent.block,
        item=node if tag == "li" else parent.item,
        entry=tag if tag in _ENTRY else "" if tag == "li" else parent.entry,
        depth=parent.depth + (tag in _LISTS),
        quoted=parent.quoted or tag == "blockquote",
        linked=parent.linked or tag == "a",
        main=main,
        part=_part_of(node, tag, role, main) if parent.part is BlockRole.CONTENT else parent.part,
    )
    if tag == "table" and parent.cell is None:
        if not is_data_table(node):
            return replace(place, table=None)
        kept = place.part is BlockRole.NAVIGATION and says_more_than_links(node)
        return replace(place, table=node, part=BlockRole.CONTENT if kept else place.part)
    if tag in {"td", "th"} and parent.table is not None and parent.cell is None:
        return replace(place, cell=node)
    return place


def _part_of(node: "LexborNode", tag: str, role: str, main: bool) -> BlockRole:
    if tag == "nav" or role in _DECORATIVE_ROLES or (tag == "footer" and not main):
        return BlockRole.DECORATION
    names = _names(node) if not main and tag in _BLOCKS and tag not in HEADINGS else set()
    if names & _NAVIGATION_NAMES:
        return BlockRole.DECORATION
    if names & _CONSENT_NAMES and len(node.text()) < _LONGEST_CONSENT:
        if names & _OVERLAY_NAMES:
            return BlockRole.DECORATION
        if node.css_first("button, [role=button], input") is not None:
            return BlockRole.DOUBTFUL
    if names & _DECORATIVE_NAMES and _linked_share(node) >= _MIN_LINKED:
        return BlockRole.NAVIGATION
    return BlockRole.CONTENT


def _names(node: "LexborNode") -> set[str]:
    words = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}".lower()
    return set(_NAME_PARTS.split(words))


def _linked_share(node: "LexborNode") -> float:
    linked = sum(len(link.text().strip()) for link in node.css("a"))
    return linked / max(1, len(" ".join(node.text().split())))


def _words_of_attributes(node: "LexborNode") -> str:
    """Return what a reader sees of an element without text: a picture's description, a field's value."""
    if node.tag == "img":
        words = (node.attributes.get("alt") or "").strip()
        return "" if _FILE_NAME.fullmatch(words) else words
    kind = (node.attributes.get("type") or "").lower() if node.tag == "input" else None
    if kind in _CHOSEN:
        return "[x]" if "checked" in node.attributes else "[ ]"
    return node.attributes.get("value") or "" if kind in _TYPED else ""


def _name_of(drawing: "LexborNode") -> str:
    """Return what an author says that a drawing without words shows, "" if it is an ornament."""
    title = drawing.css_first("title") if drawing.attributes.get("role") == "img" else None
    return drawing.attributes.get("aria-label") or (title.text() if title is not None else "")


def _block(place: _Place, pieces: list[_Piece], items: _Items) -> Block | None:
    node = place.block
    words = "".join(piece.text for piece in pieces)
    tag = node.tag or "" if node is not None else ""
    line = words.strip("\n") if tag == "pre" else " ".join(words.split())
    if not line.strip():
        return None
    markdown = _marked(tag, line, place, items)
    is_term = place.entry == "dt" and not place.quoted
    return Block(f"> {markdown}" if place.quoted else markdown, (line,), _part(place, pieces), is_term)


def _part(place: _Place, pieces: list[_Piece]) -> BlockRole:
    """Return the part of a block. Nothing but links outside an article may be a menu, unless words lead to it.

    A sentence among what a page names its navigation may be content.
    """
    if place.part is BlockRole.NAVIGATION:
        words = sum(len(_WORD.findall(piece.text)) for piece in pieces if not piece.place.linked)
        return BlockRole.DOUBTFUL if words >= _SENTENCE else place.part
    if place.part is not BlockRole.CONTENT or place.main:
        return place.part
    only_links = all(piece.place.linked or not piece.text.strip() for piece in pieces)
    return BlockRole.DOUBTFUL if only_links and not _follows_words(place.block) else BlockRole.CONTENT


def _follows_words(node: "LexborNode | None") -> bool:
    """Return whether a paragraph or a heading stands before the node, or before the list that it is in.

    A heading may also stand before the section whose first block that is.
    """
    while node is not None and node.parent is not None and node.parent.tag in {*_LISTED, "li", "tbody", "tr", "td"}:
        node = node.parent
    before = node.prev if node is not None else None
    while before is not None:
        if before.tag in {"p", *HEADINGS} and before.text().strip():
            return True
        before = before.prev
    return node is not None and _begins_a_section(node)


def _begins_a_section(node: "LexborNode") -> bool:
    """Return whether nothing but blocks around the node stands between it and a heading below the page's."""
    around: LexborNode | None = node
    while around is not None and around.tag in _BLOCKS:
        before = around.prev
        while before is not None and not before.text().strip():
            before = before.prev
        if before is not None:
            return before.tag in HEADINGS[1:]
        around = around.parent
    return False


def _marked(tag: str, line: str, place: _Place, items: _Items) -> str:
    if tag in HEADINGS:
        return "#" * int(tag[1]) + " " + line
    if tag == "pre":
        return f"```\n{line}\n```"
    if place.entry == "dd":
        return f": {line}"
    if tag == "option":
        return f"- {line}"
    if not place.entry and place.item is not None and (mark := items.mark(place.item)):
        return "  " * (place.depth - 1) + mark + line
    return line


def _table(place: _Place, pieces: list[_Piece]) -> Iterator[Block]:
    """Yield the caption of a table of data, then its rows."""
    cells: list[Cell] = []
    for _, group in groupby(pieces, key=lambda piece: piece.place.cell.mem_id if piece.place.cell else 0):
        of_cell = list(group)
        blocks = [
            " ".join("".join(piece.text for piece in block).split())
            for _, block in groupby(of_cell, key=lambda piece: piece.place.block.mem_id if piece.place.block else 0)
        ]
        words = "; ".join(filter(None, blocks))
        cell = of_cell[0].place.cell
        if cell is not None:
            cells.append(Cell(cell, words))
        elif words:
            yield Block(words, (words,), place.part)
    part = _part(place, pieces)
    if lines := table_lines(place.table, cells) if place.table is not None else []:
        yield Block("\n".join(lines), tuple(lines[:1] + lines[2:]), part)
