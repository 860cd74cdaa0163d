"""OpenDocument files (ODF 1.3): text, sheets, slides and drawings to Markdown, from packages and from flat XML."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import chain
from xml.etree.ElementTree import Element  # only the class

from xnai_pipelines.documents.parsers.margins import is_page_number
from xnai_pipelines.documents.parsers.markup.paged import paged_content
from xnai_pipelines.documents.parsers.office.opendocument_text import MarkdownText
from xnai_pipelines.documents.parsers.packages import open_package, part_of
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.xml_tree import children, local_name, words_of, xml_tree
from xnai_pipelines.errors import UnreadableError

_STANDARD = "urn:oasis:names:tc:opendocument:xmlns:"
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/1999/xlink": "xlink",
    f"{_STANDARD}svg-compatible:1.0": "svg",
    f"{_STANDARD}drawing:1.0": "draw",
}
_PAGES = ("", "-left", "-first")
_BESIDE = {
    **dict.fromkeys((*map("style:header{}".format, _PAGES), "presentation:header-decl"), "Header"),
    **dict.fromkeys((*map("style:footer{}".format, _PAGES), "presentation:footer-decl"), "Footer"),
    "presentation:date-time-decl": "Date",
}
_LONGEST_NUMBERING = 2  # words, such as "Page 1 of 9"
_MACROS = re.compile(r"(?:Basic|Scripts)/.+\.(?!xlb|xlc)\w+")
_ENCRYPTION = b"encryption-data"


def parse_opendocument(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a text, workbook, presentation or drawing as Markdown. Sheets, slides and drawn pages are pages.

    Notes, comments, text boxes, headers, footers, tables of charts and descriptions of pictures are kept.

    Raises:
        UnreadableError: "encrypted", "damaged", "too_large", "too_deep", "no_text".
    """
    with open_package(data) as package:
        if _ENCRYPTION in (part_of(package, "META-INF/manifest.xml") or b""):
            raise UnreadableError("encrypted", "The file needs a password. Save it without one.")
        content = part_of(package, "content.xml")
        if content is None:
            raise UnreadableError("damaged", "The file lacks its part content.xml: it is damaged. Save it again.")
        story = MarkdownText(max_chars, lambda name: _object(package, name))
        story.omitted.add("macros", count=int(any(map(_MACROS.match, package.namelist()))))
        styles, meta = part_of(package, "styles.xml"), part_of(package, "meta.xml")
        return _content(_tree(content), [_tree(part) for part in (styles, meta) if part], stem, story)


def parse_flat_opendocument(data: bytes, stem: str, max_chars: int) -> Content:
    """Return an OpenDocument file that is one XML document (.fodt, .fods, .fodp) as Markdown.

    Raises:
        UnreadableError: "damaged", "too_large", "too_deep", "no_text".
    """
    root = _tree(data)
    return _content(root, [root], stem, MarkdownText(max_chars, lambda _: None))


def _content(root: Element, beside: list[Element], stem: str, story: MarkdownText) -> Content:
    parts: list[tuple[str, str]] = []
    for body in children(next(root.iter("office:body"), None), *_BODIES):
        parts += _BODIES[body.tag](body, story)
    margins = chain.from_iterable(_margins(source, story) for source in (root, *beside))
    parts += [("", words) for words in dict.fromkeys(margins)]
    title = next((words for source in beside for node in source.iter("dc:title") if (words := words_of(node))), "")
    content = paged_content(single_line(normalise(title)), stem, [(label, normalise(text)) for label, text in parts])
    return replace(content, omissions=story.omitted.listed())


def _text(body: Element, story: MarkdownText) -> Iterator[tuple[str, str]]:
    yield "", story.markdown(body)


def _sheets(body: Element, story: MarkdownText) -> Iterator[tuple[str, str]]:
    for sheet in children(body, "table:table"):
        name = single_line(sheet.get("table:name", ""))
        if text := story.markdown([sheet]):
            yield f"sheet {name}", f"## {name}\n\n{text}"


def _slides(body: Element, story: MarkdownText) -> Iterator[tuple[str, str]]:
    for number, page in enumerate(children(body, "draw:page"), 1):
        titles = [node for node in page if node.get("presentation:class") == "title"]
        notes = [node for node in page if node.tag == "presentation:notes"]
        heading = " ".join(filter(None, (" ".join(story.markdown([node]).split()) for node in titles)))
        rest = story.markdown([node for node in page if node not in titles and node not in notes])
        spoken = story.markdown(notes)
        blocks = (heading and f"# {heading}", rest, spoken and f"Notes: {spoken}")
        yield f"slide {number}", "\n\n".join(filter(None, blocks))


def _drawings(body: Element, story: MarkdownText) -> Iterator[tuple[str, str]]:
    for number, page in enumerate(children(body, "draw:page"), 1):
        yield f"page {number}", story.markdown(page)


_BODIES = {
    "office:text": _text,
    "office:spreadsheet": _sheets,
    "office:presentation": _slides,
    "office:drawing": _drawings,
}


def _margins(root: Element, story: MarkdownText) -> Iterator[str]:
    """Yield headers and footers, and what else each page shows. One that only says the page is left out."""
    for node in root.iter():
        if label := _BESIDE.get(node.tag):
            words = story.markdown(node) or words_of(node)  # those of a presentation have no paragraph
            if not is_page_number(words) and not _is_numbering(node, words):
                yield f"{label}: {words}"
    for page in root.iter("style:master-page"):
        frames = [node for node in page if node.tag.startswith("draw:") and "presentation:class" not in node.attrib]
        if words := story.markdown(frames):
            yield f"On each page: {words}"


def _is_numbering(node: Element, words: str) -> bool:
    """Return whether words are those of a page number, such as "Page 1 of 9"."""
    spelt = [word for word in words.split() if any(map(str.isalpha, word))]
    return next(node.iter("text:page-number"), None) is not None and len(spelt) <= _LONGEST_NUMBERING


def _object(package: zipfile.ZipFile, name: str) -> Element | None:
    """Return the root of an embedded chart or formula, None if it is something else."""
    content = part_of(package, f"{name.removeprefix('./').rstrip('/')}/content.xml")
    return _tree(content) if content else None


def _tree(data: bytes) -> Element:
    return xml_tree(data, _prefixed)


@cache
def _prefixed(name: str) -> str:
    namespace, _, local = name.rpartition("}")
    prefix = _PREFIXES.get(namespace) or namespace.removeprefix(_STANDARD).partition(":")[0]
    return f"{prefix}:{local}" if namespace in _PREFIXES or namespace.startswith(_STANDARD) else local_name(name)
