"""Workbooks of Excel to Markdown. Runs only in the worker process."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import repeat
from typing import Any

from xnai_pipelines.documents.parsers.link_targets import target_beside, target_of_field
from xnai_pipelines.documents.parsers.markup.markdown import filled_table
from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.office.lost_texts import lost_texts, shown_parts
from xnai_pipelines.documents.parsers.office.number_formats import shown
from xnai_pipelines.documents.parsers.office.package import check_package
from xnai_pipelines.documents.parsers.office.sheets import SheetParts, chart_sheets, data_behind_pivots, sheet_parts
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.extras import require

_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")


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
            blocks = [*([filled_table(rows)] if rows else []), *map(normalise, beside.notes)]
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
