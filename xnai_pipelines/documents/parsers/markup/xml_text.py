"""XML of any vocabulary as text: paragraphs, headings where a title stands, and fields as "name: value"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element  # only the class
from xml.parsers.expat import ExpatError  # only the error

from xnai_pipelines.documents.parsers.markup.code import parse_code
from xnai_pipelines.documents.parsers.markup.html import html_text
from xnai_pipelines.documents.parsers.markup.paged import check_size
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.decode import decode
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.xml_tree import words_of, xml_tree
from xnai_pipelines.errors import MissingExtraError

_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_TITLES = {"title", "head", "heading", "caption", "name", "article-title", "book-title"}
_PROSE = {"p", "para", "paragraph", "simpara", "text", "body", "content", "description", "summary", "note", "abstract"}
_LONGEST_VALUE = 200
_LONGEST_TITLE = 200
_MAX_LEVEL = 6
_NAMELESS = {"space", "schemaLocation", "noNamespaceSchemaLocation", "style", "class", "lang"}
_HTML = re.compile(r"</(?:p|div|a|b|i|em|strong|span|ul|ol|table|h\d)>|<br\s*/?>", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{40,}\s+)*[A-Za-z0-9+/]+={0,2}")
_SHORTEST_BASE64 = 200  # characters
_LETTERS_OF_BASE64 = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]")))  # those of a gene have one case and no digits
_NOT_WORDS = re.compile(r"(?:[a-z]+:)?//\S*|[\w.-]*\d[\w.-]*|true|false|yes|no|auto|none|#\w+", re.IGNORECASE)


def parse_xml(data: bytes, stem: str, max_chars: int) -> Content:
    """Return the text of all elements, and the attributes that are words. Malformed XML is returned as it is written.

    An element with text among its children is a paragraph. One that has only text is a field with its name, or a
    paragraph if it is long. A title is a heading, as deep as its element.

    Raises:
        UnreadableError: "damaged" if it declares entities, "too_deep", "too_large".
    """
    decoded = decode(data)
    text = normalise(decoded.text)
    try:
        root = xml_tree(_DECLARATION.sub("", text, count=1).lstrip())
    except ExpatError:
        return replace(parse_code(text, stem), encoding_repair=decoded.repair)
    page = _Page(max_chars)
    page.read(root)
    words = "\n".join(page.lines).strip("\n")
    title = page.headings[0].title if page.headings else stem
    return Content(
        title,
        words or text,
        Markup.PLAIN,
        tuple(page.headings) if words else (),
        encoding_repair=decoded.repair,
        omissions=page.omitted.listed(),
    )


@dataclass(slots=True)
class _Page:
    """The text while it is put together, line by line. The first line is never empty."""

    max_chars: int
    lines: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    omitted: Omitted = field(default_factory=Omitted)
    chars: int = 0

    def read(self, node: Element, depth: int = 0) -> None:
        """Add an element and what is in it."""
        if _is_paragraph(node):
            self._put_words(node, words_of(node), depth)
            for inner in node.iter():
                for line in self._attributes(inner):
                    self._put(line)
            return
        if not len(node):
            self._put_leaf(node, depth)
            return
        self._end_block()
        for line in self._attributes(node):
            self._put(line)
        for child in node:
            self.read(child, depth + 1)
        self._end_block()

    def _put_leaf(self, node: Element, depth: int) -> None:
        if _is_base64(node.text or ""):
            self.omitted.add("binary data", node.tag)
        elif words := _as_text(node):
            is_prose = node.tag.lower() in _PROSE | _TITLES or len(words) > _LONGEST_VALUE
            self._put_words(node, words if is_prose else f"{node.tag}: {words}", depth)
        for line in self._attributes(node):
            self._put(line)

    def _put_words(self, node: Element, words: str, depth: int) -> None:
        if node.tag in _TITLES and len(words) <= _LONGEST_TITLE and _WORD.search(words):
            self._end_block()
            self.headings.append(Heading(self.chars, min(max(depth, 1), _MAX_LEVEL), single_line(words)))
        self._put(words)

    def _attributes(self, node: Element) -> Iterator[str]:
        for name, value in node.attrib.items():
            words = " ".join(value.split())
            if name in _NAMELESS or not words:
                continue
            if _WORD.search(words) and not _NOT_WORDS.fullmatch(words):
                yield f"{name}: {words}"
            else:
                self.omitted.add("attribute that is not words", f"{name}={value}")

    def _put(self, words: str) -> None:
        if words:
            self.lines.append(words)
            self.chars += len(words) + 1
            check_size(self.chars, self.max_chars)

    def _end_block(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")
            self.chars += 1


def _is_base64(text: str) -> bool:
    return (
        len(text) >= _SHORTEST_BASE64
        and _BASE64.fullmatch(text.strip()) is not None
        and all(kind.search(text) for kind in _LETTERS_OF_BASE64)
    )


def _as_text(node: Element) -> str:
    """Return the text of an element. Web pages in one, as feeds have them, are read like a letter in HTML."""
    text = node.text or ""
    if not _HTML.search(text):
        return words_of(node)
    try:
        return html_text(text)
    except MissingExtraError:
        return words_of(node)


def _is_paragraph(node: Element) -> bool:
    """Return whether text stands beside the children."""
    return bool(len(node)) and any(text and text.strip() for text in (node.text, *(child.tail for child in node)))
