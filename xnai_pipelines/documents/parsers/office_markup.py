"""Markup that the readers of Office formats do not know, rewritten. Runs only in the worker process."""

import re
from typing import Any

from xnai_pipelines.documents.parsers.office_xml import attribute, local_name, xml_root

_WRAPPERS = {"fldSimple", "customXml", "moveTo", "dir", "bdo", "ruby", "rubyBase", "rt"}
_NOT_TEXT = {"customXmlPr", "moveFrom", "rubyPr"}
_FOUND = re.compile(rb"<(?:\w+:)?(?:fldSimple|customXml|moveTo|moveFrom|dir|bdo|ruby|ddList)[\s/>]")
_SHOWS = {
    b"presentationml.slideshow.main+xml": b"presentationml.presentation.main+xml",
    b"presentationml.template.main+xml": b"presentationml.presentation.main+xml",
    b"ms-powerpoint.slideshow.macroEnabled.main+xml": b"ms-powerpoint.presentation.macroEnabled.main+xml",
    b"ms-powerpoint.template.macroEnabled.main+xml": b"ms-powerpoint.presentation.macroEnabled.main+xml",
}


def without_wrappers(document: bytes) -> bytes:
    """Return a Word body without the elements that only wrap text and that mammoth skips with their text.

    The reading of a word (ruby) follows it in brackets. Text that was moved away is removed. What was chosen in a
    list of a form stands as text.
    """
    if not _FOUND.search(document):
        return document
    from lxml import etree

    root = xml_root(document)
    for node in list(root.iter()):
        name = local_name(node)
        if name == "ruby":
            _put_reading_last(node)
        elif name == "ddList":
            _put_choice(node)
        if node.getparent() is None:
            continue
        if name in _NOT_TEXT:
            node.getparent().remove(node)
        elif name in _WRAPPERS:
            parent = node.getparent()
            at = parent.index(node)
            parent[at : at + 1] = list(node)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True))


def _put_reading_last(ruby: Any) -> None:
    for reading in [part for part in ruby if local_name(part) == "rt"]:
        texts = [node for node in reading.iter() if local_name(node) == "t"]
        if texts:
            texts[0].text = f"({texts[0].text or ''}"
            texts[-1].text = f"{texts[-1].text or ''})"
        ruby.append(reading)


def _put_choice(choices: Any) -> None:
    """Write the chosen entry of a list before the run that begins its field, inside of which text is no result."""
    chosen_as = {local_name(node): attribute(node, "val") for node in choices}
    number = chosen_as.get("result") or chosen_as.get("default") or "0"
    entries = [attribute(node, "val") for node in choices if local_name(node) == "listEntry"]
    run = next((above for above in choices.iterancestors() if local_name(above) == "r"), None)
    if run is None or not number.isdecimal() or int(number) >= len(entries):
        return
    chosen = run.makeelement(run.tag)
    text = run.makeelement(run.tag.removesuffix("r") + "t")
    text.text = entries[int(number)]
    chosen.append(text)
    run.addprevious(chosen)


def as_presentation(content_types: bytes) -> bytes:
    """Return the content types of a slide show or template as those of a presentation."""
    for kind, presentation in _SHOWS.items():
        content_types = content_types.replace(kind, presentation)
    return content_types
