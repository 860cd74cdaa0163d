"""Word files to Markdown. Runs only in the worker process."""

import re
import zipfile
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.office.imports import imported_texts
from xnai_pipelines.documents.parsers.office.lost_texts import lost_texts, shown_parts
from xnai_pipelines.documents.parsers.office.markup import IMPORTED, as_plain_body
from xnai_pipelines.documents.parsers.office.package import check_package
from xnai_pipelines.documents.parsers.office.styles import heading_styles
from xnai_pipelines.documents.parsers.office.xml_parts import main_part, relationships, rewritten
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.packages import part_of
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.extras import require

_BLANK_LINES = re.compile(r"\n{3,}")
_IMPORTED = re.compile(f"{IMPORTED}(.*?){IMPORTED}")
_NUMBERED = re.compile(rb"<(?:\w+:)?(footnote|endnote)\s[^<>]*?id=[\"']([^\"']*)")
_NOTES = {"footnotes", "endnotes"}


def parse_docx(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a Word file as Markdown: paragraphs, headings, lists, tables, formulas, descriptions of pictures.

    Text boxes that mammoth skips, headers, footers, comments and diagrams follow the body.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged", "too_large", "no_text".
    """
    title = check_package(data)
    require("office", "A Word file")
    import mammoth
    from markitdown.converter_utils.docx.pre_process import pre_process_docx
    from markitdown.converters import HtmlConverter

    def described(image: Any) -> list[Any]:  # never opens the picture or a link to one
        return [mammoth.html.text(image.alt_text)] if image.alt_text else []

    with zipfile.ZipFile(BytesIO(data)) as package:
        body = main_part(package, "word/document.xml")
        notes = {one.target for one in relationships(package, body) if one.kind in _NOTES}
        numbers = {found for part in notes for found in _NUMBERED.findall(part_of(package, part) or b"")}
        styles = "\n".join(_headings(package, body))
    plain = rewritten(data, {body, *notes}, partial(as_plain_body, notes=frozenset(numbers)))
    stream = pre_process_docx(BytesIO(plain))
    html = mammoth.convert_to_html(stream, convert_image=described, style_map=styles).value
    check_size(len(html), max_chars)
    omitted = Omitted()
    with zipfile.ZipFile(BytesIO(plain)) as package:
        imported = imported_texts(package, body, omitted)
        marked = HtmlConverter().convert_string(html).markdown
        text = _tidy(_IMPORTED.sub(lambda mark: imported.pop(mark.group(1), ""), marked))
        rest = [text, *imported.values()]
        beside = lost_texts(shown_parts(package, body, omitted), "\n\n".join([marked, *rest]))
    return paged_content(title, stem, [("", part) for part in (*rest, *map(normalise, beside))], omitted)


def _headings(package: zipfile.ZipFile, body: str) -> Iterator[str]:
    for one in relationships(package, body):
        if one.kind == "styles" and (styles := part_of(package, one.target)):
            yield from heading_styles(styles)


def _tidy(markdown: str) -> str:
    return _BLANK_LINES.sub("\n\n", normalise(markdown)).strip()
