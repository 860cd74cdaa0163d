"""Web pages: the main content as Markdown."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from xnai_pipelines.documents.parsers.markdown import markdown_headings, table_row, table_rule, title_of
from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.parsed import Content, Markup
from xnai_pipelines.errors import UnreadableError
from xnai_pipelines.extras import require

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_NO_CONTENT = "script, style, noscript, template, svg, math, iframe, nav, footer, aside, form button, [hidden]"
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "header", "html", "li", "main", "nav", "ol"),
    *("p", "pre", "section", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul", *_HEADINGS),
}
_TOO_LITTLE = 0.5  # of the page's words: below that the extractor took content for decoration
_HARDLY_LESS = 0.9
_STRUCTURE = re.compile(r"^(?:#{1,6} |[-*+] |\d+\. |\||```)", re.MULTILINE)
_CELL_DEPTH = 4  # blocks between a table's cell and its words
_BLANK_LINES = re.compile(r"\n{3,}")


def parse_html(html: str, stem: str) -> Content:
    """Return a page's main content as Markdown, as trafilatura finds it; the whole body if it finds too little.

    The title is og:title, else <title>, else the first heading, else `stem`.

    Raises:
        MissingExtraError: The extra `html` is not installed.
        UnreadableError: "no_text" if the page shows no words without running its scripts.
    """
    require("html", "A web page")
    from selectolax.lexbor import LexborHTMLParser
    from trafilatura import extract

    page = LexborHTMLParser(html)
    title = _title(page)
    everything = _body_markdown(page)
    main = extract(html, output_format="markdown", include_comments=False, include_tables=True) or ""
    text = normalise(main if _is_better(main, everything) else everything).strip()
    if not text:
        raise UnreadableError(
            "no_text", "The page has no text without its scripts. Save it from a browser after they have run."
        )
    headings = markdown_headings(text)
    words = single_line(normalise(title)) or title_of(headings) or stem
    return Content(title=words, text=text, markup=Markup.MARKDOWN, headings=headings)


def _is_better(main: str, everything: str) -> bool:
    """Return whether the extractor removed only decoration, neither content nor structure."""
    share = _letters(main) / max(_letters(everything), 1)
    if share >= _HARDLY_LESS:  # nothing was decoration: prefer the version with lists and tables
        return bool(_STRUCTURE.search(main)) or not _STRUCTURE.search(everything)
    return share >= _TOO_LITTLE


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _title(page: "LexborHTMLParser") -> str:
    meta = page.css_first('meta[property="og:title"]')
    named = (meta.attributes.get("content") if meta is not None else "") or ""
    node = page.css_first("title")
    return named.strip() or (node.text() if node is not None else "")


def _body_markdown(page: "LexborHTMLParser") -> str:
    """Return all words of the body block by block, with headings and lists marked. Drops what is not content."""
    if page.body is None:
        return ""
    for node in page.css(_NO_CONTENT):
        node.decompose()
    lines: list[str] = []
    rows: dict[int, list[str]] = {}  # of the current table, by the identity of the row
    for _, group in groupby(_pieces(page.body), key=lambda piece: piece[0].mem_id):
        pieces = list(group)
        node = pieces[0][0]
        words = "".join(text for _, text in pieces)
        line = words.strip("\n") if node.tag == "pre" else " ".join(words.split())
        if not line.strip():
            continue
        row = _row_of(node)
        if row is not None:
            rows.setdefault(row, []).append(line)
        else:
            lines += _table(rows)
            rows.clear()
            lines.append(_marked(node.tag or "", line))
    lines += _table(rows)
    return _BLANK_LINES.sub("\n\n", "\n\n".join(lines))


def _row_of(node: "LexborNode | None") -> int | None:
    """Return the identity of the table row that the block is in, if any."""
    for _ in range(_CELL_DEPTH):
        if node is None or node.tag == "table":
            return None
        if node.tag == "tr":
            return node.mem_id
        node = node.parent
    return None


def _table(rows: dict[int, list[str]]) -> list[str]:
    if not rows:
        return []
    width = max(map(len, rows.values()))
    lines = [table_row([*row, *[""] * (width - len(row))]) for row in rows.values()]
    return ["\n".join([lines[0], table_rule(width), *lines[1:]])]


def _marked(tag: str, line: str) -> str:
    if tag in _HEADINGS:
        return "#" * int(tag[1]) + " " + line
    if tag == "li":
        return f"- {line}"
    if tag == "pre":
        return f"```\n{line}\n```"
    return line


def _pieces(body: "LexborNode") -> Iterator[tuple["LexborNode", str]]:
    """Yield every piece of text with the nearest block that it is in."""
    for node in body.traverse(include_text=True):
        if node.tag not in {"br", "-text"}:
            continue
        block = node.parent
        while block is not None and block.tag not in _BLOCKS:
            block = block.parent
        if block is not None:
            yield block, "\n" if node.tag == "br" else node.text(deep=False)
