"""Markup that the readers of Office formats do not know, rewritten. Runs only in the worker process."""

from collections.abc import Container
from typing import Any

from xnai_pipelines.documents.parsers.office.formulas import put_formulas
from xnai_pipelines.documents.parsers.office.xml_parts import (
    attribute,
    joined,
    paragraphs,
    plain_run,
    tag_name,
    xml_bytes,
    xml_root,
)

IMPORTED = "\ufdd0"
"""Around the relationship of an imported text, where that stands in a Word body: a noncharacter, which no text has."""
_WRAPPERS = {"fldSimple", "customXml", "moveTo", "dir", "bdo", "ruby", "rubyBase", "rt"}
_BREAKS = {"cr": "br", "ptab": "tab"}
_MANY_DIGITS = 5  # a table has at most 63 columns
_REFERENCES = {"footnoteReference": b"footnote", "endnoteReference": b"endnote"}
_NOT_TEXT = {"customXmlPr", "moveFrom", "rubyPr"}
_SHOWS = {
    b"presentationml.slideshow.main+xml": b"presentationml.presentation.main+xml",
    b"presentationml.template.main+xml": b"presentationml.presentation.main+xml",
    b"ms-powerpoint.slideshow.macroEnabled.main+xml": b"ms-powerpoint.presentation.macroEnabled.main+xml",
    b"ms-powerpoint.template.macroEnabled.main+xml": b"ms-powerpoint.presentation.macroEnabled.main+xml",
}


def as_plain_body(part: bytes, notes: Container[tuple[bytes, bytes]] = ()) -> bytes:
    """Return a Word body, or its notes, with nothing that mammoth skips with its text.

    Elements that only wrap text are removed. The reading of a word (ruby) follows it in brackets. Text that was moved
    away is removed. What was chosen in a list of a form stands as text, and so does a formula, as LaTeX. A merged cell
    of a table is repeated in the rows that it covers, and the first row is the head. `IMPORTED` marks imported texts.
    References to others than these notes, by kind and number, are removed.
    """
    root = _root(part)
    if root is None:
        return part
    put_formulas(root)
    for node in list(root.iter()):
        name = tag_name(node)
        if name == "ruby":
            _put_reading_last(node)
        elif name == "ddList":
            _put_choice(node)
        elif name == "altChunk":
            _put_mark(node)
        elif name in _BREAKS:
            node.tag = node.tag.removesuffix(name) + _BREAKS[name]
        elif name == "tbl":
            _spread_labels(node)
        elif name == "p":
            _drop_instructions(node)
        elif name in _REFERENCES and (_REFERENCES[name], attribute(node, "id").encode()) not in notes:
            node.getparent().remove(node)
        if node.getparent() is None:
            continue
        if name in _NOT_TEXT:
            node.getparent().remove(node)
        elif name in _WRAPPERS:
            parent = node.getparent()
            at = parent.index(node)
            parent[at : at + 1] = list(node)
    return xml_bytes(root)


def _root(part: bytes) -> Any:
    """Return the root of a part, None if lxml refuses it: the reader of the format says why."""
    from lxml.etree import LxmlError

    try:
        return xml_root(part)
    except LxmlError:
        return None


def _put_reading_last(ruby: Any) -> None:
    for reading in [part for part in ruby if tag_name(part) == "rt"]:
        texts = [node for node in reading.iter() if tag_name(node) == "t"]
        if texts:
            texts[0].text = f"({texts[0].text or ''}"
            texts[-1].text = f"{texts[-1].text or ''})"
        ruby.append(reading)


def _put_choice(choices: Any) -> None:
    """Write the chosen entry of a list before the run that begins its field, inside of which text is no result."""
    chosen_as = {tag_name(node): attribute(node, "val") for node in choices}
    number = chosen_as.get("result") or chosen_as.get("default") or "0"
    entries = [attribute(node, "val") for node in choices if tag_name(node) == "listEntry"]
    run = next((above for above in choices.iterancestors() if tag_name(above) == "r"), None)
    if run is not None and number.isdecimal() and int(number) < len(entries):
        run.addprevious(plain_run(run, entries[int(number)]))


def _put_mark(chunk: Any) -> None:
    paragraph = chunk.makeelement(chunk.tag.removesuffix("altChunk") + "p")
    chunk.addprevious(paragraph)
    paragraph.append(plain_run(paragraph, f"{IMPORTED}{attribute(chunk, 'id')}{IMPORTED}"))


def _drop_instructions(paragraph: Any) -> None:
    """Remove the results of fields that stand in the instruction of another: conditions, not text."""
    inside: list[str] = []  # of each field around: its instruction, or its result
    for run in paragraph.iter(paragraph.tag.removesuffix("p") + "r"):
        for node in list(run):
            name = tag_name(node)
            if name == "fldChar":
                mark = attribute(node, "fldCharType")
                if mark == "begin":
                    inside.append("instruction")
                elif inside and mark == "separate":
                    inside[-1] = "result"
                elif inside:
                    inside.pop()
            elif name == "t" and "instruction" in inside[:-1]:
                run.remove(node)


def _spread_labels(table: Any) -> None:
    word = table.tag.removesuffix("tbl")
    rows = [row for row in table.iter(f"{word}tr") if next(row.iterancestors(table.tag)) is table]
    labels: dict[int, Any] = {}  # the text of the merged cell above, by column
    for row in rows:
        at = 0
        for cell in [cell for cell in row.iter(f"{word}tc") if next(cell.iterancestors(table.tag)) is table]:
            span, merged = _property(cell, "gridSpan"), _property(cell, "vMerge")
            if merged is None:
                labels.pop(at, None)
            else:
                merged.getparent().remove(merged)
                if attribute(merged, "val") == "restart":
                    labels[at] = cell
                elif at in labels:
                    _put_label(cell, labels[at])
            width = attribute(span, "val") if span is not None else "1"
            at += int(width) if width.isdecimal() and len(width) < _MANY_DIGITS else 1
    if len(rows) > 1 and not any(tag_name(node) == "tblHeader" for row in rows for node in row.iter()):
        properties = rows[0].makeelement(f"{word}trPr")
        properties.append(rows[0].makeelement(f"{word}tblHeader"))
        rows[0].insert(0, properties)


def _property(cell: Any, name: str) -> Any:
    """Return a property of a cell itself, None without it."""
    of_cell = next((node for node in cell if tag_name(node) == "tcPr"), ())
    return next((node for node in of_cell if tag_name(node) == name), None)


def _put_label(cell: Any, label: Any) -> None:
    """Write the words of a cell, without its notes and pictures, into another one that is empty."""
    if next(paragraphs(cell), None) is None:
        paragraph = cell.makeelement(cell.tag.removesuffix("tc") + "p")
        cell.append(paragraph)
        paragraph.append(plain_run(paragraph, " ".join(joined(runs) for runs in paragraphs(label))))


def as_plain_slide(slide: bytes) -> bytes:
    """Return a slide with its formulas as LaTeX and with what the newest program shows instead of any alternative."""
    root = _root(slide)
    if root is None:
        return slide
    for node in [node for node in root.iter() if tag_name(node) == "AlternateContent"]:
        shown = next((choice for choice in node if tag_name(choice) == "Choice"), None)
        if shown is not None and node.getparent() is not None:
            for child in list(shown):
                node.addprevious(child)
            node.getparent().remove(node)
    put_formulas(root)
    return xml_bytes(root)


def as_presentation(content_types: bytes) -> bytes:
    """Return the content types of a slide show or template as those of a presentation."""
    for kind, presentation in _SHOWS.items():
        content_types = content_types.replace(kind, presentation)
    return content_types
