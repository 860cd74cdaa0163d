"""Text of the parts of Office packages that the readers of a format leave out. Runs only in the worker process."""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from xnai_pipelines.documents.parsers.normalise import normalise, single_line

_WRAPPERS = re.compile(
    rb"</?w:(?:fldSimple|customXml)(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)?/?>|<w:customXmlPr\b.*?</w:customXmlPr>"
    rb"|<w:customXmlPr[^<>]*/>",
    re.DOTALL,
)
_BESIDE_BODY = (
    (re.compile(r"word/header\d*\.xml"), "Header"),
    (re.compile(r"word/footer\d*\.xml"), "Footer"),
    (re.compile(r"word/comments\.xml"), "Comment"),
    (re.compile(r"word/diagrams/data\d*\.xml"), "Diagram"),
)
_SHOWS = {
    b"presentationml.slideshow.main+xml": b"presentationml.presentation.main+xml",
    b"presentationml.template.main+xml": b"presentationml.presentation.main+xml",
    b"ms-powerpoint.slideshow.macroEnabled.main+xml": b"ms-powerpoint.presentation.macroEnabled.main+xml",
    b"ms-powerpoint.template.macroEnabled.main+xml": b"ms-powerpoint.presentation.macroEnabled.main+xml",
}
_NOT_WORDS = re.compile(r"[\W_]+")
_LETTER = re.compile(r"[^\W\d_]")


def rewritten(data: bytes, part: str, change: Any) -> bytes:
    """Return the package with one part changed by a function of its bytes."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == part else content)
    return stream.getvalue()


def without_wrappers(document: bytes) -> bytes:
    """Return a Word body without the elements that only wrap text and that mammoth skips with their text."""
    return _WRAPPERS.sub(b"", document)


def as_presentation(content_types: bytes) -> bytes:
    """Return the content types of a slide show or template as those of a presentation."""
    for kind, presentation in _SHOWS.items():
        content_types = content_types.replace(kind, presentation)
    return content_types


def beside_the_body(data: bytes, markdown: str) -> list[str]:
    """Return what a Word file shows that its Markdown lacks: text boxes, headers, footers, comments, diagrams."""
    found: list[str] = []
    with zipfile.ZipFile(BytesIO(data)) as package:
        names = package.namelist()
        if "word/document.xml" in names:
            found += lost_paragraphs(package.read("word/document.xml"), markdown)
        for pattern, label in _BESIDE_BODY:
            for name in sorted(filter(pattern.fullmatch, names)):
                found += _labelled(label, package.read(name))
    return list(dict.fromkeys(filter(None, found)))  # each section has its own, often the same


def lost_paragraphs(xml: bytes, markdown: str) -> list[str]:
    """Return the paragraphs of a part with a run that the Markdown lacks."""
    key = _key(markdown)
    lost = ("".join(runs).strip() for runs in _runs_of(xml_root(xml)) if any(_key(run) not in key for run in runs))
    return list(dict.fromkeys(filter(None, lost)))


def part_text(xml: bytes) -> str:
    """Return the paragraphs of a part, one per line. Without paragraphs: the texts of its text elements."""
    lines = [" ".join("".join(runs).split()) for runs in _runs_of(xml_root(xml))]
    if not any(lines):
        lines = [(node.text or "").strip() for node in xml_root(xml).iter() if local_name(node) in {"text", "t"}]
    return "\n".join(filter(None, lines))


def _labelled(label: str, xml: bytes) -> Iterator[str]:
    """Yield the text of a part, of comments one by one with their authors. Page numbers alone are left out."""
    if label != "Comment":
        if _LETTER.search(words := part_text(xml)):
            yield f"{label}: {normalise(words)}"
        return
    for comment in xml_root(xml):
        author = next((value for name, value in comment.attrib.items() if name.endswith("}author")), "")
        words = " ".join(" ".join("".join(runs).split()) for runs in _runs_of(comment))
        if words.strip():
            yield single_line(normalise(f"Comment{f' ({author})' if author else ''}: {words}"), longest=10_000)


def _runs_of(root: Any) -> Iterator[list[str]]:
    """Yield the runs of each paragraph. Text of a box belongs to the paragraphs in the box."""
    of_paragraph: dict[Any, list[str]] = {}
    for node in root.iter():
        kind = local_name(node)
        if kind == "p":
            of_paragraph[node] = []
        elif kind in {"t", "tab", "br"}:
            above = next((parent for parent in node.iterancestors() if local_name(parent) == "p"), None)
            if above in of_paragraph:
                of_paragraph[above].append(node.text or "" if kind == "t" else " ")
    yield from (runs for runs in of_paragraph.values() if any(runs))


def xml_root(xml: bytes) -> Any:  # lxml has no types
    """Return the root of a part. Entities are not expanded and nothing is fetched."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(xml, parser)


def local_name(node: Any) -> str:
    """Return an element's name without its namespace, "" for comments and instructions."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _key(text: str) -> str:
    return _NOT_WORDS.sub("", normalise(text)).lower()
