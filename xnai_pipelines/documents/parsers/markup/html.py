"""Web pages: the main content as Markdown."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from xnai_pipelines.documents.parsers.link_targets import target_beside
from xnai_pipelines.documents.parsers.markup.html_blocks import Block, BlockRole, page_blocks
from xnai_pipelines.documents.parsers.markup.markdown import markdown_headings, title_of
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Markup
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError
from xnai_pipelines.extras import require

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_STRUCTURE = re.compile(r"^(?:#{1,6} |[-*+] |\d+\. |\||```)", re.MULTILINE)
_ROW = re.compile(r"^\|", re.MULTILINE)
_TAGS = re.compile(r"</?[a-z]{1,10}>")
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"[^\W_]+")
_SIGNS_OF_ANCHORS = {"¶", "#", "§", "🔗", "\uf0c1"}  # beside headings, for those who want to link to them
_NUMBERED = "ol[start]:not([start='1']), li[value]"
_TINY = {"0", "1"}  # pixels: pictures that only count visits
_SHADOW = re.compile(r"<template(?=\s[^<>]*\bshadowrootmode\b)", re.IGNORECASE)  # browsers show what is in it
_FRAMES = re.compile(r"</?(?:frameset|noframes|frame)\b[^<>]*>", re.IGNORECASE)
_ABOUT_SCRIPTS = re.compile("javascript", re.IGNORECASE)
_XHTML = re.compile(r"\s*<\?xml\b|\s*<!DOCTYPE[^>]*\bXHTML\b", re.IGNORECASE)
# An empty element of XHTML. Read as HTML, `<a id="top"/>` would link all that follows, and a script would swallow it.
_EMPTY = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)([a-z][\w-]*)((?:\s[^<>]*)?)/>",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"\n{3,}")

LEFT_OUT = {BlockRole.NAVIGATION: "line of navigation", BlockRole.DOUBTFUL: "line taken for navigation"}
"""What lines of these blocks count as if the article extractor does not have them."""


def parse_html(html: str, stem: str) -> Content:
    """Return a page's main content as Markdown.

    trafilatura finds the article. If it loses a block that is content (a heading, a table, a list, a note, a caption, a
    value of a form), the blocks of the body are taken: all but navigation, banners, footers, and the doubtful ones that
    trafilatura dropped. The title is og:title, else <title>, else the first heading, else `stem`.

    Raises:
        MissingExtraError: The extra `html` is not installed.
        UnreadableError: "no_text" if the page shows no words without running its scripts.
    """
    require("html", "A web page")
    from selectolax.lexbor import LexborHTMLParser
    from trafilatura import extract

    html = _SHADOW.sub("<div", html)
    if _XHTML.match(html):
        html = _EMPTY.sub(r"<\1\2></\1>", html)
    page = LexborHTMLParser(html)
    for anchor in page.css("a[href^='#']"):
        if anchor.text().strip() in _SIGNS_OF_ANCHORS:
            anchor.decompose()
    html = page.html or html
    title = _title(page)
    omitted = _without_words(page)
    frame = page.css_first("frame[src]")
    if page.body is None:  # a set of frames
        page = LexborHTMLParser(_FRAMES.sub("", html))
    blocks = page_blocks(page)
    main = extract(html, output_format="markdown", include_comments=False, include_tables=True) or ""
    if page.css_first(_NUMBERED) is not None:  # trafilatura numbers every list from 1
        main = ""
    text = normalise(_chosen(main, blocks)).strip()
    if not text and frame is not None:
        shown = frame.attributes.get("src")
        raise UnreadableError("no_text", f"The page only shows others in frames, such as {shown}. Save those.")
    if not text:
        raise UnreadableError(
            "no_text", "The page has no text without its scripts. Save it from a browser after they have run."
        )
    headings = markdown_headings(text)
    words = single_line(normalise(title)) or title_of(headings) or stem
    found = _key(text)
    for block in blocks:
        for line in block.texts if block.part in LEFT_OUT else ():
            if _key(line) not in found:
                omitted.add(LEFT_OUT[block.part], line)
    return Content(title=words, text=text, markup=Markup.MARKDOWN, headings=headings, omissions=omitted.listed())


def html_text(html: str) -> str:
    """Return all words of a page as Markdown, with the targets of its links: for a letter, which has no navigation.

    Raises:
        MissingExtraError: The extra `html` is not installed.
    """
    require("html", "A letter in HTML")
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(html)
    for link in page.css("a[href]"):
        link.insert_child(target_beside(link.text(), link.attributes.get("href") or ""))
    return normalise(_joined(page_blocks(page))).strip()


def _without_words(page: "LexborHTMLParser") -> Omitted:
    """Return what the page shows without words of its own. A picture with an empty description is an ornament."""
    omitted = Omitted()
    for picture in page.css("img:not([alt])"):
        if not _TINY & {picture.attributes.get("width"), picture.attributes.get("height")}:
            address = picture.attributes.get("src") or ""
            omitted.add("picture without a description", "" if address.startswith("data:") else address)
    for frame in page.css("frame[src], iframe[src], iframe[srcdoc], object[data], embed[src], video, audio"):
        address = frame.attributes.get("srcdoc") or frame.attributes.get("src") or frame.attributes.get("data") or ""
        omitted.add("embedded frame or player", "" if address.startswith("data:") else _TAG.sub(" ", address))
    for instead in page.css("noscript"):
        if (words := instead.text().strip()) and not _ABOUT_SCRIPTS.search(words):
            omitted.add("text for browsers without scripts", words)
    return omitted


def _chosen(main: str, blocks: list[Block]) -> str:
    """Return the article, or the blocks of the body if the article lacks content or does not tell terms from texts.

    A line for navigation that repeats a heading is of a table of contents.
    """
    found = _key(_TAGS.sub("", main))
    content = [block for block in blocks if block.part is BlockRole.CONTENT]
    lost = any(block.is_term or _key(text) not in found for block in content for text in block.texts)
    headings = {_key(text) for block in content if block.markdown.startswith("#") for text in block.texts}
    kept = {key for block in blocks for key in map(_key, block.texts) if key in found and key not in headings}
    body = [
        block
        for block in blocks
        if block.part is BlockRole.CONTENT or (block.part in LEFT_OUT and kept.issuperset(map(_key, block.texts)))
    ]
    markdown = _joined(body or blocks)
    lost_rows = len(_ROW.findall(main)) < len(_ROW.findall(markdown))
    if main and not lost and not lost_rows and (_STRUCTURE.search(main) or not _STRUCTURE.search(markdown)):
        return main
    return markdown


def _joined(blocks: list[Block]) -> str:
    gaps = ["\n" if block.is_term and _goes_on(after) else "\n\n" for block, after in pairwise(blocks)]
    joined = (text for block, gap in zip(blocks, [*gaps, ""], strict=False) for text in (block.markdown, gap))
    return _BLANK_LINES.sub("\n\n", "".join(joined))


def _goes_on(block: Block) -> bool:
    """Return whether a block below a term is another one, or says what they mean."""
    return block.is_term or block.markdown.startswith(": ")


def _key(text: str) -> str:
    """Return the words of a text: trafilatura may break a short page within words."""
    return f" {' '.join(_WORD.findall(text))} ".lower()


def _title(page: "LexborHTMLParser") -> str:
    meta = page.css_first('meta[property="og:title"]')
    named = (meta.attributes.get("content") if meta is not None else "") or ""
    node = page.css_first("title")
    return named.strip() or (node.text() if node is not None else "")
