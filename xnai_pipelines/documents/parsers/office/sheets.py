"""What a sheet shows beside its values: merged cells, comments, links, choices. Runs only in the worker process."""

import re
import zipfile
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

from xnai_pipelines.documents.parsers.margins import is_page_number
from xnai_pipelines.documents.parsers.office.xml_parts import (
    attribute,
    joined,
    main_part,
    paragraphs,
    relationships,
    tag_name,
    xml_root,
)

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^<>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_INPUT = re.compile(rb"<(?:\w+:)?dataValidation\s([^<>]*)>(?:<(?:\w+:)?formula1>([^<>]*)<)?")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_MARGINS = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(Header|Footer)>([^<]*)<")
_MARGIN_CODES = re.compile(r'&(?:"[^"]*"|\d+|K[0-9A-Fa-f]{6}|[A-Za-z])')
_PAGE_NUMBER = re.compile(rb"&(?:amp;)?[PN]")
_LONGEST_NUMBERING = 2  # words, such as "Page of"
_MAX_MERGED_ROWS = 100_000


@dataclass(slots=True)
class SheetParts:
    """Merged cells and notes of a sheet.

    Attributes:
        above: Row of the label by row and column of each cell that a merged one covers below it. All count from 0.
        notes: Comments and links, one per line.
    """

    above: dict[tuple[int, int], int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def sheet_parts(package: zipfile.ZipFile, path: str) -> SheetParts:
    """Return what the package says of the sheet at this path."""
    found = SheetParts()
    xml = package.read(path)
    for first, top, _, bottom in _MERGED.findall(xml):
        column = _column(first.decode())
        for row in range(int(top), min(int(bottom), int(top) + _MAX_MERGED_ROWS - len(found.above))):
            found.above[row, column] = int(top) - 1
    found.notes += _page_margins(xml)
    found.notes += _inputs(xml)
    links: dict[str, str] = {}
    for relationship in relationships(package, path):
        if relationship.kind == "hyperlink":
            links[relationship.id] = relationship.target
        elif relationship.kind in {"comments", "threadedComment"} and relationship.target in package.namelist():
            found.notes += _comments(package.read(relationship.target))
    found.notes += _links(xml, links) if links else []
    return found


def chart_sheets(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield the name and the part of each sheet that is one chart, which openpyxl does not read."""
    workbook = main_part(package, "xl/workbook.xml")
    names = {
        attribute(node, "id"): attribute(node, "name")
        for node in xml_root(package.read(workbook)).iter()
        if tag_name(node) == "sheet"
    }
    for relationship in relationships(package, workbook):
        if relationship.kind == "chartsheet":
            yield names.get(relationship.id, ""), relationship.target


def _comments(xml: bytes) -> list[str]:
    root = xml_root(xml)
    found: list[str] = []
    for node in root.iter():
        if tag_name(node) in {"comment", "threadedComment"}:
            words = " ".join("".join(node.itertext()).split())
            found.append(f"Comment on {node.get('ref')}: {words}")
    return found or ["\n".join(joined(runs) for runs in paragraphs(root))]


def _page_margins(xml: bytes) -> Iterator[str]:
    """Yield the header and the footer of the printed sheet, without the codes of fonts and page numbers."""
    for name, words in dict.fromkeys(_MARGINS.findall(xml)):
        text = _MARGIN_CODES.sub(" ", unescape(words.decode("utf-8", errors="replace")))
        is_number = _PAGE_NUMBER.search(words) is not None and len(text.split()) <= _LONGEST_NUMBERING
        if not is_number and not is_page_number(text):
            yield f"{name.decode()}: {' '.join(text.split())}"


def _inputs(xml: bytes) -> Iterator[str]:
    """Yield what a sheet says to those who fill in a cell, and the choices that the cell offers."""
    for attributes, formula in _INPUT.findall(xml):
        named = dict(_ATTRIBUTE.findall(attributes.decode("utf-8", errors="replace")))
        prompt = (named.get("promptTitle", ""), named.get("prompt", ""))
        choices = unescape(formula.decode("utf-8", errors="replace"))
        listed = [choices.strip('"').replace(",", ", ")] if choices.startswith('"') else []
        if words := " ".join(unescape(" ".join([*prompt, *listed])).split()):
            yield f"Input of {named.get('sqref', '')}: {words}"


def data_behind_pivots(package: zipfile.ZipFile, sheets: Container[str]) -> Iterator[str]:
    """Yield an example of the data of each pivot table whose rows are not on a sheet of the workbook."""
    for relationship in relationships(package, main_part(package, "xl/workbook.xml")):
        if relationship.kind == "pivotCacheDefinition" and relationship.target in package.namelist():
            nodes = list(xml_root(package.read(relationship.target)).iter())
            source = next((node.get("sheet", "") for node in nodes if tag_name(node) == "worksheetSource"), "")
            if source not in sheets:
                yield next((node.get("v", "") for node in nodes if tag_name(node) == "s"), relationship.target)


def _links(xml: bytes, targets: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for node in re.findall(rb"<(?:\w+:)?hyperlink [^<>]*>", xml):
        cell, relationship = re.search(rb'ref="([^"]+)"', node), re.search(rb'r:id="([^"]+)"', node)
        if cell and relationship and (target := targets.get(relationship.group(1).decode())):
            found.append(f"Link of {cell.group(1).decode()}: {target}")
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
