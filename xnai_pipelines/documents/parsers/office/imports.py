"""Texts that a Word file imports as they are (altChunk): web pages, plain text. Runs only in the worker process."""

import zipfile

from xnai_pipelines.documents.parsers.detect import detect
from xnai_pipelines.documents.parsers.markup.html import html_text
from xnai_pipelines.documents.parsers.media_types import HTML, PLAIN
from xnai_pipelines.documents.parsers.office.xml_parts import relationships
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.documents.parsers.text.repair import decode_and_repair
from xnai_pipelines.errors import MissingExtraError, XnaiError

READ_IN_PLACE = {HTML, PLAIN}
"""Formats of imported texts that become part of the document. Files in other formats are documents of their own."""


def imported_texts(package: zipfile.ZipFile, part: str, omitted: Omitted) -> dict[str, str]:
    """Return the imported texts of a part as Markdown, by their relationship. Those that cannot be read are counted."""
    found: dict[str, str] = {}
    names = set(package.namelist())
    for relationship in relationships(package, part):
        if relationship.kind == "aFChunk" and relationship.target in names:
            try:
                found[relationship.id] = _text(package.read(relationship.target), relationship.target)
            except (XnaiError, MissingExtraError):
                omitted.add("imported document", relationship.target.rpartition("/")[2])
    return found


def _text(data: bytes, name: str) -> str:
    media_type = detect(data, name)
    if media_type not in READ_IN_PLACE:
        return ""
    text, _ = decode_and_repair(data)
    return html_text(text) if media_type == HTML else normalise(text)
