"""Presentations of PowerPoint to Markdown. Runs only in the worker process."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from xnai_pipelines.documents.parsers.link_targets import target_beside
from xnai_pipelines.documents.parsers.markup.markdown import filled_table
from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.office.charts import chart_text
from xnai_pipelines.documents.parsers.office.lost_texts import description, lost_texts, shown_parts
from xnai_pipelines.documents.parsers.office.markup import as_plain_slide, as_presentation
from xnai_pipelines.documents.parsers.office.package import check_package
from xnai_pipelines.documents.parsers.office.xml_parts import rewritten, xml_root
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.extras import require

_SLIDES = re.compile(r"ppt/(?:slides|notesSlides)/[^/]+\.xml")


def parse_pptx(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a presentation as Markdown, one page per slide ("slide 3"): title, text, tables, charts, notes.

    Shapes are read from top to bottom and left to right. Pictures are replaced by their description.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged", "too_large", "no_text".
    """
    title = check_package(data)
    require("office", "A presentation")
    from pptx import Presentation

    slides: list[tuple[str, str]] = []
    total = 0
    shown = rewritten(data, {"[Content_Types].xml"}, as_presentation)
    with zipfile.ZipFile(BytesIO(shown)) as package:
        names = {name for name in package.namelist() if _SLIDES.fullmatch(name)}
    shown = rewritten(shown, names, as_plain_slide)
    omitted = Omitted()
    of_layouts: dict[str, None] = {}
    with zipfile.ZipFile(BytesIO(shown)) as package:
        for number, slide in enumerate(Presentation(BytesIO(shown)).slides, 1):
            name = slide.part.partname.lstrip("/")
            text = normalise("\n\n".join(_blocks(slide)))
            beside = lost_texts(shown_parts(package, name, omitted), text)
            text = normalise("\n\n".join(filter(None, [text, *beside])))
            total += len(text)
            check_size(total, max_chars)
            slides.append((f"slide {number}", text))
            of_layouts |= dict.fromkeys(_of_layout(slide))
    return paged_content(title, stem, [*slides, *(("", normalise(text)) for text in of_layouts)], omitted)


def _blocks(slide: Any) -> Iterator[str]:  # python-pptx has no types
    title = slide.shapes.title
    if title is not None and (words := " ".join(title.text_frame.text.split())):
        yield f"# {words}"
    named = None if title is None else title.shape_id
    yield from _of_shapes(shape for shape in slide.shapes if shape.shape_id != named)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and (words := _words(notes).strip()):
        yield f"Notes: {words}"


def _of_layout(slide: Any) -> Iterator[str]:
    """Yield the words that the layout and the master write on each slide. Those of placeholders are prompts."""
    for layout in (slide.slide_layout, slide.slide_layout.slide_master):
        for shape in layout.shapes:
            if shape.has_text_frame and not shape.is_placeholder and (words := _words(shape.text_frame).strip()):
                yield f"On each slide: {words}"


def _of_shapes(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _of_shapes(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield filled_table(_cells(shape.table))
        elif getattr(shape, "has_chart", False):
            yield chart_text(xml_root(shape.chart.part.blob))
        elif shape.has_text_frame:
            if words := _words(shape.text_frame).strip():
                yield words + target_beside(words, shape.click_action.hyperlink.address or "")
        elif words := description(next(iter(shape.element.xpath(".//p:cNvPr/@descr")), "")):
            yield words


def _cells(table: Any) -> list[list[str]]:
    """Return the words of a table. Those of a merged cell are repeated in the rows that it covers."""
    rows: list[list[str]] = []
    for row in table.rows:
        above = rows[-1] if rows else []
        rows.append(
            [above[at] if cell._tc.vMerge and above else _words(cell.text_frame) for at, cell in enumerate(row.cells)]
        )
    return rows


def _words(frame: Any) -> str:
    """Return a text with the targets of its links."""
    lines = []
    for paragraph in frame.paragraphs:
        line = paragraph.text
        for run in paragraph.runs:
            if beside := target_beside(line, run.hyperlink.address or ""):
                line = line.replace(run.text, f"{run.text}{beside}", 1)
        lines.append(line)
    return "\n".join(lines)
