"""PowerPoint presentations to Markdown. Runs only in the worker process.

Uses python-pptx directly: markitdown's converter, built on it, fails on a file with one shape of an unknown kind.
"""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from xnai_pipelines.documents.parsers.markdown import table_row, table_rule
from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.office import check_package, check_size, paged_content
from xnai_pipelines.documents.parsers.source import Content
from xnai_pipelines.extras import require

_FILE_NAME = re.compile(r"\S+\.\w{3,4}")


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
    for number, slide in enumerate(Presentation(BytesIO(data)).slides, 1):
        text = normalise("\n\n".join(_blocks(slide)))
        total += len(text)
        check_size(total, max_chars)
        slides.append((f"slide {number}", text))
    return paged_content(title, stem, slides)


def _blocks(slide: Any) -> Iterator[str]:  # python-pptx has no types
    title = slide.shapes.title
    if title is not None and (words := single_line(title.text_frame.text)):
        yield f"# {words}"
    named = None if title is None else title.shape_id
    yield from _of_shapes(shape for shape in slide.shapes if shape.shape_id != named)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        yield f"Notes: {notes.text.strip()}"


def _of_shapes(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _of_shapes(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield _table([[cell.text for cell in row.cells] for row in shape.table.rows])
        elif getattr(shape, "has_chart", False):
            yield from _of_chart(shape.chart)
        elif shape.has_text_frame:
            if words := shape.text_frame.text.strip():
                yield words
        elif words := _description(shape):
            yield words


def _of_chart(chart: Any) -> Iterator[str]:
    if chart.has_title and chart.chart_title.has_text_frame:
        yield chart.chart_title.text_frame.text
    plot = next(iter(chart.plots), None)
    if plot is not None:
        head = ["", *(series.name for series in plot.series)]
        values = [list(series.values) for series in plot.series]
        rows = zip(plot.categories, *values, strict=False)
        yield _table([head, *([str(cell) for cell in row] for row in rows)])


def _table(rows: list[list[str]]) -> str:
    lines = [table_row(row) for row in rows]
    return "\n".join([*lines[:1], table_rule(len(rows[0]) if rows else 0), *lines[1:]])


def _description(shape: Any) -> str:
    """Return the author's description of a picture. A file name is not a description."""
    words = single_line(next(iter(shape.element.xpath(".//p:cNvPr/@descr")), ""))
    return "" if _FILE_NAME.fullmatch(words) else words
