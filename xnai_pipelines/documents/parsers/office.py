"""Word, Excel and PowerPoint files to Markdown. Runs only in the worker process."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import accumulate, repeat
from typing import Any

from xnai_pipelines.documents.parsers.link_targets import target_beside, target_of_field
from xnai_pipelines.documents.parsers.markdown import markdown_headings, table_row, table_rule, title_of
from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.number_formats import shown
from xnai_pipelines.documents.parsers.office_charts import chart_text
from xnai_pipelines.documents.parsers.office_imports import imported_texts
from xnai_pipelines.documents.parsers.office_markup import IMPORTED, as_plain_body, as_plain_slide, as_presentation
from xnai_pipelines.documents.parsers.office_parts import description, lost_texts, shown_parts
from xnai_pipelines.documents.parsers.office_sheets import SheetParts, chart_sheets, data_behind_pivots, sheet_parts
from xnai_pipelines.documents.parsers.office_xml import main_part, relations, rewritten, xml_root
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.packages import open_package
from xnai_pipelines.documents.parsers.parsed import Content, Markup, Page
from xnai_pipelines.errors import UnreadableError
from xnai_pipelines.extras import require

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_DECLARATIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00[DE]\x00")
_PROLOGUE = 4096
_CORE_TITLE = re.compile(r"<dc:title[^<>]*>([^<]+)</dc:title>")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_BLANK_LINES = re.compile(r"\n{3,}")
_IMPORTED = re.compile(f"{IMPORTED}(.*?){IMPORTED}")
_NOTES = {"footnotes", "endnotes"}
_SLIDES = re.compile(r"ppt/(?:slides|notesSlides)/[^/]+\.xml")


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
        notes = {one.target for one in relations(package, body) if one.kind in _NOTES}
    plain = rewritten(data, {body, *notes}, as_plain_body)
    html = mammoth.convert_to_html(pre_process_docx(BytesIO(plain)), convert_image=described).value
    check_size(len(html), max_chars)
    omitted = Omitted()
    with zipfile.ZipFile(BytesIO(plain)) as package:
        imported = imported_texts(package, body, omitted)
        text = HtmlConverter().convert_string(html).markdown
        text = _tidy(_IMPORTED.sub(lambda mark: imported.pop(mark.group(1), ""), text))
        rest = [text, *imported.values()]
        beside = lost_texts(shown_parts(package, body, omitted), "\n\n".join(rest))
    return paged_content(title, stem, [("", part) for part in (*rest, *map(normalise, beside))], omitted)


def _tidy(markdown: str) -> str:
    return _BLANK_LINES.sub("\n\n", normalise(markdown)).strip()


def paged_content(title: str, stem: str, parts: Iterable[tuple[str, str]], omitted: Omitted | None = None) -> Content:
    """Return labelled Markdown texts as one document. A text with a label is a page; empty texts are dropped.

    The title is `title`, else the first heading that is not a page's label, else `stem`.

    Raises:
        UnreadableError: "no_text" if nothing is left.
    """
    filled = [(label, text) for label, text in parts if text.strip()]
    if not filled:
        raise UnreadableError("no_text", "The file has no text: it is empty or has only pictures.")
    starts = list(accumulate((len(text) + len("\n\n") for _, text in filled), initial=0))
    pages = tuple(Page(start, label) for start, (label, _) in zip(starts, filled, strict=False) if label)
    text = "\n\n".join(text for _, text in filled)
    headings = markdown_headings(text)
    of_pages = {page.label.removeprefix("sheet ") for page in pages}
    named = title_of(tuple(heading for heading in headings if heading.title not in of_pages))
    return Content(
        title=title or named or stem,
        text=text,
        markup=Markup.MARKDOWN,
        headings=headings,
        pages=pages,
        omissions=omitted.listed() if omitted else (),
    )


def check_package(data: bytes) -> str:
    """Return the title in the properties of a package that is safe to open, "" without one.

    Raises:
        UnreadableError: "encrypted"; "damaged"; "too_large" for a zip bomb.
    """
    if data.startswith(_OLE_MAGIC):
        if _ENCRYPTED_PACKAGE in data:
            raise UnreadableError("encrypted", "The file needs a password. Save it without one.")
        raise UnreadableError(
            "damaged", "The file is in an Office format from before 2007. Save it as .docx, .xlsx or .pptx."
        )
    try:
        with open_package(data) as package:
            for part in package.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    _check_prologue(package, part)
            core = package.read("docProps/core.xml") if "docProps/core.xml" in package.namelist() else b""
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise UnreadableError("damaged", f"The Office file is damaged: {error}. Save it again.") from error
    title = _CORE_TITLE.search(core.decode("utf-8", errors="replace"))
    return single_line(normalise(title.group(1))) if title else ""


def _check_prologue(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse entities: Office files declare none (ECMA-376 part 2), so one that does attacks the XML parser."""
    with package.open(part) as stream:
        if _DECLARATIONS.search(stream.read(_PROLOGUE)):
            raise UnreadableError(
                "damaged", f"The part {part.filename} declares XML entities, which Office files never do."
            )


def check_size(chars: int, max_chars: int) -> None:
    """Refuse a text beyond the limit.

    Raises:
        UnreadableError: "too_large".
    """
    if chars > max_chars:
        raise UnreadableError("too_large", f"The file has more than {max_chars:,} characters. Split it.")


def parse_xlsx(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a workbook as Markdown: a heading, a table and a page per sheet ("sheet Budget").

    Cells show their values, formulas their last computed value, or themselves without one. Empty rows and columns
    are dropped. Comments, links and choices follow the table, names of values the sheets.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged", "too_large", "no_text".
    """
    title = check_package(data)
    require("office", "A workbook")
    from openpyxl import load_workbook

    workbook = load_workbook(BytesIO(data), read_only=True, data_only=True)
    sheets: list[tuple[str, str]] = []
    omitted = Omitted()
    total = 0
    with zipfile.ZipFile(BytesIO(data)) as package:
        formulas = load_workbook(BytesIO(data), read_only=True) if _has_formulas(package) else None
        for sheet in workbook.worksheets:
            written = _written(formulas[sheet.title]) if formulas else repeat(())
            part = sheet._worksheet_path  # read-only sheets have no merged cells and comments
            beside = sheet_parts(package, part)
            rows: list[list[str]] = []
            for cells in _shown_rows(sheet, written, beside):
                total += sum(map(len, cells))
                check_size(total, max_chars)
                rows.append(cells)
            blocks = [*([_filled_columns(rows)] if rows else []), *map(normalise, beside.notes)]
            parts = shown_parts(package, part, omitted)
            blocks += map(normalise, lost_texts(parts, "\n".join(blocks), read={"Comment"}))
            if blocks:
                name = normalise(sheet.title)
                sheets.append((f"sheet {name}", "\n\n".join([f"## {name}", *blocks])))
        for name, part in chart_sheets(package):
            if blocks := lost_texts(shown_parts(package, part, omitted), ""):
                sheets.append((f"sheet {normalise(name)}", "\n\n".join([f"## {normalise(name)}", *blocks])))
        for example in data_behind_pivots(package, set(workbook.sheetnames)):
            omitted.add("data behind a pivot table", example)
    if constants := [line for name, one in workbook.defined_names.items() if (line := _constant(name, one.value))]:
        sheets.append(("", normalise("\n".join(constants))))
    return paged_content(title, stem, sheets, omitted)


def _constant(name: str, value: str | None) -> str:
    """Return a name that stands for a value, "" if it is that of a range, which the sheet shows."""
    if not value or "!" in value or name.startswith("_xlnm"):
        return ""
    return f"Name {name}: " + value.strip('"')


def _shown_rows(sheet: Any, formulas: Iterable[tuple[Any, ...]], beside: SheetParts) -> Iterator[list[str]]:
    """Yield the rows that have a value. A merged cell is repeated in the rows that it covers."""
    sheet.reset_dimensions()  # what the file says about its size may be wrong
    labels: dict[tuple[int, int], str] = {}
    tops = {(top, column) for (_, column), top in beside.above.items()}
    columns = sorted({column for _, column in beside.above})
    for number, (row, written) in enumerate(zip(sheet.iter_rows(), formulas, strict=False)):
        cells = ["" if cell.value is None else normalise(shown(cell.value, cell.number_format)) for cell in row]
        if written:
            cells = [_with_formula(cell, own) for cell, own in zip(cells, written, strict=False)]
        if not any(cells):
            continue
        for column in columns:
            if (number, column) in tops and column < len(cells):
                labels[number, column] = cells[column]
            elif (top := beside.above.get((number, column))) is not None and column < len(cells):
                cells[column] = cells[column] or labels.get((top, column), "")
        yield cells


def _with_formula(cell: str, written: Any) -> str:
    """Return the words of a cell with the target of its link, or its formula if no program has computed it."""
    written = getattr(written, "text", written)  # of a formula for several cells
    if not (isinstance(written, str) and written.startswith("=")):
        return cell
    return cell + target_beside(cell, target_of_field(written)) if cell else written


def _has_formulas(package: zipfile.ZipFile) -> bool:
    sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/")]
    return any(_FORMULA.search(package.read(name)) for name in sheets)


def _written(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a sheet with its formulas instead of their values."""
    sheet.reset_dimensions()
    yield from sheet.iter_rows(values_only=True)


def _filled_columns(rows: list[list[str]]) -> str:
    filled = [at for at in range(max(map(len, rows))) if any(at < len(row) and row[at] for row in rows)]
    return _table([[row[at] if at < len(row) else "" for at in filled] for row in rows])


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
    if notes is not None and notes.text.strip():
        yield f"Notes: {notes.text.strip()}"


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
            yield _table(_cells(shape.table))
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


def _table(rows: list[list[str]]) -> str:
    lines = [table_row(row) for row in rows]
    return "\n".join([*lines[:1], table_rule(len(rows[0]) if rows else 0), *lines[1:]])
