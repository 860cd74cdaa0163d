"""Electronic books (EPUB 2 and 3): the chapters in reading order as Markdown. Runs only in the worker process."""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element  # only the class
from xml.parsers.expat import ExpatError  # only the error

from xnai_pipelines.documents.parsers.markup.html import html_text
from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.packages import open_package, part_of
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.decode import decode
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.text.repair import all_repairs
from xnai_pipelines.documents.parsers.xml_tree import words_of, xml_tree
from xnai_pipelines.errors import UnreadableError

_ENCRYPTION = "META-INF/encryption.xml"
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # scrambled, not locked
_CHAPTERS = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"}


@dataclass(frozen=True, slots=True)
class _Item:
    """A part of a book: its name in the package, its media type, and its properties in the manifest."""

    name: str
    media_type: str
    properties: tuple[str, ...]


def parse_epub(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a book as Markdown, one page per chapter of its reading order ("chapter 3"), then its other pages.

    A chapter without a heading gets the one that the table of contents has for it. The table itself is left out.

    Raises:
        MissingExtraError: The extra `html` is not installed.
        UnreadableError: "encrypted", "damaged", "too_large", "too_deep", "no_text".
    """
    omitted = Omitted()
    with open_package(data) as package:
        _check_protection(package)
        folder, book = _book(package)
        items = {item.get("id", ""): _item(folder, item) for item in book.iter("item")}
        titles = _titles(package, items.values())
        chapters: list[tuple[str, str]] = []
        repairs: list[str | None] = []
        total = 0
        for number, item in enumerate(_in_order(book, items), 1):
            if item is None or "nav" in item.properties:
                continue
            markup = part_of(package, item.name) if item.media_type in _CHAPTERS else None
            if markup is None:
                omitted.add("chapter that is not text", item.name)
                continue
            decoded = decode(markup)
            repairs.append(decoded.repair)
            text = _chapter(html_text(decoded.text), titles.get(item.name, ""))
            total += len(text)
            check_size(total, max_chars)
            chapters.append((f"chapter {number}", text))
        pictures = [item.name for item in items.values() if item.media_type.startswith("image/")]
        omitted.add("picture", next(iter(pictures), ""), len(pictures))
    title = next((words for node in book.iter("title") if (words := words_of(node))), "")
    content = paged_content(single_line(normalise(title)), stem, chapters)
    return replace(content, omissions=omitted.listed(), encoding_repair=all_repairs(repairs))


def _check_protection(package: zipfile.ZipFile) -> None:
    """Refuse a book whose chapters are locked. Scrambled fonts alone lock nothing."""
    encryption = part_of(package, _ENCRYPTION)
    methods = (
        {node.get("Algorithm", "") for node in xml_tree(encryption).iter("EncryptionMethod")} if encryption else ()
    )
    if set(methods) - set(_FONTS):
        raise UnreadableError("encrypted", "The book is copy-protected (DRM). Get a copy without DRM, or exclude it.")


def _book(package: zipfile.ZipFile) -> tuple[str, Element]:
    """Return the folder of the package document, and the document, which lists the parts and their order."""
    container = part_of(package, "META-INF/container.xml")
    names = [node.get("full-path", "") for node in xml_tree(container).iter("rootfile")] if container else []
    names += [name for name in package.namelist() if name.endswith(".opf")]
    for name in names:
        if document := part_of(package, name):
            return dirname(name), xml_tree(document)
    raise UnreadableError("damaged", "The book lacks the list of its chapters (.opf): it is damaged. Get it again.")


def _item(folder: str, item: Element) -> _Item:
    name = normpath(join(folder, unquote(item.get("href", ""))))
    return _Item(name, item.get("media-type", ""), tuple(item.get("properties", "").split()))


def _in_order(book: Element, items: Mapping[str, _Item]) -> list[_Item | None]:
    """Return the chapters in reading order, then the pages that only links lead to."""
    read = [items.get(reference.get("idref", "")) for reference in book.iter("itemref")]
    return read + [item for item in items.values() if item.media_type in _CHAPTERS and item not in read]


def _chapter(text: str, title: str) -> str:
    """Return the text of a chapter under its title, unless it begins with that or with another heading."""
    has_heading = any(line.startswith("#") for line in text.split("\n", 5)[:5])
    return f"# {title}\n\n{text}" if title and text and not has_heading and title not in text[:200] else text


def _titles(package: zipfile.ZipFile, items: Iterable[_Item]) -> dict[str, str]:
    """Return what the table of contents calls each chapter, of EPUB 3 (nav) or EPUB 2 (NCX). Damage: nothing."""
    found: dict[str, str] = {}
    for item in items:
        is_ncx = item.media_type == "application/x-dtbncx+xml"
        table = part_of(package, item.name) if is_ncx or "nav" in item.properties else None
        try:
            root = xml_tree(table) if table else None
        except ExpatError:
            root = None
        for target, words in _entries(root) if root is not None else ():
            name = normpath(join(dirname(item.name), unquote(target.partition("#")[0])))
            found.setdefault(name, single_line(normalise(words)))
    return found


def _entries(root: Element) -> Iterator[tuple[str, str]]:
    for point in root.iter("navPoint"):
        target = next((node.get("src", "") for node in point.iter("content")), "")
        yield target, next((words_of(node) for node in point.iter("text")), "")
    for link in root.iter("a"):
        yield link.get("href", ""), words_of(link)
