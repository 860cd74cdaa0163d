"""Links of a page: Markdown, reStructuredText and HTML, with the places in which they stand.

Every pattern is bounded: a hostile document costs time in proportion to its length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

from xnai_pipelines.documents.parsers.parsed import Markup


class LinkKind(StrEnum):
    """What a link's target is written as."""

    PAGE = "page"  # a path or URL
    IMAGE = "image"  # the same, shown in place
    HTML = "html"  # of an HTML tag: relative to the page's URL
    DOCUMENT = "document"  # a Sphinx document, without extension
    LABEL = "label"  # a Sphinx label
    INCLUDE = "include"  # a file whose text becomes part of the page
    WIKI = "wiki"  # the name of a page


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its target as it is written, and its place in the text."""

    kind: LinkKind
    target: str
    start: int
    end: int


_INLINE = re.compile(
    r"\]\([ \t]*(?:<([^<>\n]{0,2000})>|((?:[^\s()\\<>]|\\.|\((?:[^\s()\\]|\\.){0,200}\)){0,2000}))"
    r"(?:\s{1,20}(?:\"[^\"]{0,500}\"|'[^']{0,500}'|\([^()]{0,500}\)))?\s{0,20}\)(?:\{[^{}\n]{0,200}\})?"
)
_DEFINITION = re.compile(r"^ {0,3}\[(?!\^)[^\[\]\n]{1,300}\]:[ \t]{0,20}<?([^\s<>]{1,2000})>?", re.MULTILINE)
_TAG = re.compile(
    r"<(a|img|link|script|source|iframe)\b[^<>]{0,1500}?\s(?:href|src)\s{0,5}=\s{0,5}([\"'])([^\"'<>]{0,2000})\2", re.I
)
_BARE = re.compile(r"(?<![\w(\"'=<\[/])https?://[^\s<>\"'`)\]]{3,500}")
_AUTO = re.compile(r"<(https?://[^\s<>]{3,500})>")
_WIKI = re.compile(r"(?<!!)\[\[([^\[\]|#\n]{1,200})(?:#[^\[\]|\n]{0,200})?(?:\|[^\[\]\n]{0,200})?\]\]")
_ID = re.compile(r"<[a-zA-Z][^<>]{0,1000}?\s(?:id|name)\s{0,5}=\s{0,5}[\"']?([^\"'\s<>]{1,300})")
_ATTRIBUTE_ID = re.compile(
    r"\{:?[ \t]*(?:[^{}\n]{0,200}?[ \t])?#([^\s{}]{1,300})[^{}\n]{0,200}\}|\{/\*[ ]*#(\S{1,300})"
)
_FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]{1,100})\]:", re.MULTILINE)

_ROLE = re.compile(r":(doc|ref|numref|download|std:ref|std:doc):`([^`]{1,500})`")
_ROLE_TARGET = re.compile(r"<([^<>]{1,400})>\s*$")
_EMBEDDED = re.compile(r"`[^`<>]{0,400}<([^<>`\s]{1,1000})>`__?")
_DIRECTIVE = re.compile(
    r"^[ \t]*\.\.[ \t]+(?:\|[^|\n]{1,100}\|[ \t]+)?(image|figure|include|literalinclude)::[ \t]+(\S[^\n]{0,500})", re.M
)
_TARGET = re.compile(
    r"^[ \t]*\.\.[ \t]+_(?:`([^`\n]{1,200})`|((?:[^:\n\\]|\\.|:(?=\S)){1,200})):(?:[ \t]+(\S[^\n]{0,1000}))?$", re.M
)
_TOCTREE = re.compile(r"^([ \t]*)\.\.[ \t]+toctree::", re.MULTILINE)


def page_links(prose: str, text: str, markup: Markup) -> tuple[Link, ...]:
    """Return the links of a page, in order; `prose` is the text with code as spaces."""
    if markup is Markup.MARKDOWN:
        links = [*_markdown_links(prose, text), *_tags(prose)]
    elif markup is Markup.RST:
        links = list(_rst_links(prose))
    else:
        return ()
    return tuple(sorted(links, key=lambda link: link.start))


def html_links(html: str) -> tuple[Link, ...]:
    """Return the links of an HTML file; their places count in the file."""
    return tuple(_tags(html))


def page_ids(prose: str, text: str, markup: Markup) -> frozenset[str]:
    """Return the anchors that a page names itself: tags, attribute lists, footnotes, labels."""
    if markup is Markup.RST:
        return frozenset(rst_label(found.group(1) or found.group(2)) for found in _TARGET.finditer(prose))
    ids = {found.group(1) for found in _ID.finditer(text)}
    if markup is Markup.MARKDOWN:
        ids |= {found.group(1) or found.group(2) for found in _ATTRIBUTE_ID.finditer(text)}
        ids |= {f"fn:{found.group(1)}" for found in _FOOTNOTE.finditer(prose)}
    return frozenset(ids)


def rst_label(name: str) -> str:
    """Return a label in the form in which Sphinx compares labels."""
    return " ".join(name.replace("\\:", ":").strip("`").split()).lower()


def _markdown_links(prose: str, text: str) -> Iterator[Link]:
    for found in _INLINE.finditer(prose):
        opened = prose.rfind("[", max(0, found.start() - 1_000), found.start())
        if opened < 0 or prose[max(0, opened - 1) : opened] == "\\" or "\n\n" in prose[opened : found.start()]:
            continue
        kind = LinkKind.IMAGE if opened and prose[opened - 1] == "!" else LinkKind.PAGE
        group = 1 if found.group(1) is not None else 2
        # of the text: a target may hold backticks, which the prose lacks
        target = text[found.start(group) : found.end(group)]
        yield Link(kind, unescape(target), opened, found.end())
    for found in _DEFINITION.finditer(prose):
        yield Link(LinkKind.PAGE, unescape(found.group(1)), found.start(), found.end())
    for found in _WIKI.finditer(prose):
        yield Link(LinkKind.WIKI, found.group(1).strip(), found.start(), found.end())
    for pattern, group in ((_AUTO, 1), (_BARE, 0)):
        for found in pattern.finditer(prose):
            yield Link(LinkKind.PAGE, found.group(group).rstrip(".,;:!?*_"), found.start(), found.end())


def _tags(html: str) -> Iterator[Link]:
    for found in _TAG.finditer(html):
        yield Link(LinkKind.HTML, unescape(found.group(3)).strip(), found.start(), found.end())


def _rst_links(prose: str) -> Iterator[Link]:
    for found in _ROLE.finditer(prose):
        role, words = found.group(1).removeprefix("std:"), found.group(2)
        named = _ROLE_TARGET.search(words)
        target = named.group(1) if named else words
        kind = {"doc": LinkKind.DOCUMENT, "download": LinkKind.PAGE}.get(role, LinkKind.LABEL)
        yield Link(kind, target.strip(), found.start(), found.end())
    for found in _EMBEDDED.finditer(prose):
        if prose[max(0, found.start() - 1)] != ":" and not found.group(1).endswith("_"):
            yield Link(LinkKind.PAGE, found.group(1), found.start(), found.end())
    for found in _DIRECTIVE.finditer(prose):
        kind = LinkKind.INCLUDE if "include" in found.group(1) else LinkKind.IMAGE
        yield Link(kind, found.group(2).strip(), found.start(), found.end())
    for found in _TARGET.finditer(prose):
        target = (found.group(3) or "").strip()
        if target and not target.endswith("_") and " " not in target:
            yield Link(LinkKind.PAGE, target, found.start(), found.end())
    for found in _BARE.finditer(prose):
        yield Link(LinkKind.PAGE, found.group().rstrip(".,;:!?*_"), found.start(), found.end())
    for found in _TOCTREE.finditer(prose):
        yield from _toctree(prose, found.end(), len(found.group(1)))


def _toctree(prose: str, at: int, depth: int) -> Iterator[Link]:
    at = prose.find("\n", at) + 1
    is_glob = False
    while at:
        end = prose.find("\n", at)
        line = prose[at : end if end >= 0 else len(prose)]
        words = line.strip()
        if words and len(line) - len(line.lstrip()) <= depth:
            return
        if words.startswith(":"):
            is_glob = is_glob or words == ":glob:"
        elif words and words != "self" and not (is_glob and any(sign in words for sign in "*?[")):
            named = _ROLE_TARGET.search(words)
            target = named.group(1) if named else words
            yield Link(LinkKind.DOCUMENT, target, at, at + len(line))
        at = end + 1
