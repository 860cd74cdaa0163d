"""Texts that a Word file imports as they are (altChunk): web pages, plain text. Runs only in the worker process."""

import zipfile

from xnai_pipelines.documents.parsers.detect import HTML, PLAIN, detect
from xnai_pipelines.documents.parsers.html import html_text
from xnai_pipelines.documents.parsers.normalise import normalise
from xnai_pipelines.documents.parsers.office_xml import relations
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.repair import decode_and_repair
from xnai_pipelines.errors import MissingExtraError, XnaiError


def imported_texts(package: zipfile.ZipFile, part: str, omitted: Omitted) -> list[str]:
    """Return the imported texts of a part as Markdown. Those in other formats are counted."""
    found = []
    names = set(package.namelist())
    for relation in relations(package, part):
        if relation.kind == "aFChunk" and relation.target in names:
            try:
                text = _text(package.read(relation.target), relation.target)
            except (XnaiError, MissingExtraError):
                text = ""
            if text.strip():
                found.append(text)
            else:
                omitted.add("imported document", relation.target.rpartition("/")[2])
    return found


def _text(data: bytes, name: str) -> str:
    media_type = detect(data, name)
    if media_type not in {HTML, PLAIN}:
        return ""
    text, _ = decode_and_repair(data)
    return html_text(text) if media_type == HTML else normalise(text)
