"""Excel files of 1993 to 2003 (.xls, BIFF5 and BIFF8) to Markdown. Runs only in the worker process."""

import logging
import struct
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

from xnai_pipelines.documents.parsers.markup.markdown import filled_table
from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.office.number_formats import shown
from xnai_pipelines.documents.parsers.office97.ole import compound_file
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.signatures import OLE_MAGIC
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.errors import UnreadableError
from xnai_pipelines.extras import require

_LETTERS = 26
_log = logging.getLogger(__name__)


def parse_xls(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a workbook as Markdown: a heading, a table and a page per sheet ("sheet Budget").

    Cells show their last computed value as the sheet does. Merged labels are repeated. Comments and links follow the
    table.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged", "too_large", "no_text".
    """
    require("office", "A workbook from before 2007")
    from xlrd import XLRDError, open_workbook
    from xlrd.compdoc import CompDocError

    title, omitted = "", Omitted()
    if data.startswith(OLE_MAGIC):
        with compound_file(data, "A workbook from before 2007") as file:
            title = file.title()
            file.count_unread(omitted)
    try:
        book = open_workbook(file_contents=data, formatting_info=True, logfile=StringIO())
    except XLRDError as error:
        if "encrypted" in str(error):
            raise UnreadableError("encrypted", "The file needs a password. Save it without one.") from error
        raise UnreadableError("damaged", f"The workbook cannot be read: {error}. Save it as .xlsx.") from error
    except (CompDocError, struct.error, AssertionError, LookupError, ValueError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"  # xlrd takes most of what a file says for granted
        raise UnreadableError("damaged", f"The workbook is damaged ({reason}). Save it as .xlsx.") from error
    sheets: list[tuple[str, str]] = []
    total = 0
    for sheet in book.sheets():
        rows: list[list[str]] = []
        for cells in _rows(book, sheet):
            total += sum(map(len, cells))
            check_size(total, max_chars)
            rows.append(cells)
        notes = list(_notes(sheet))
        if rows or notes:
            name = normalise(sheet.name)
            sheets.append((f"sheet {name}", "\n\n".join(filter(None, (f"## {name}", filled_table(rows), *notes)))))
    return replace(paged_content(title, stem, sheets), omissions=omitted.listed())


def _rows(book: Any, sheet: Any) -> Iterator[list[str]]:  # xlrd has no types
    """Yield the rows that have a value. A merged cell is repeated in the rows that it covers."""
    labels = {
        (row, left): top
        for top, bottom, left, _ in sheet.merged_cells
        for row in range(top + 1, min(bottom, sheet.nrows))
    }
    columns = sorted({column for _, column in labels})
    seen: dict[tuple[int, int], str] = {}
    tops = {(top, column) for (_, column), top in labels.items()}
    for number in range(sheet.nrows):
        cells = [normalise(_value(book, cell)) for cell in sheet.row(number)]
        if not any(cells):
            continue
        for column in columns:
            if column < len(cells):
                if (number, column) in tops:
                    seen[number, column] = cells[column]
                elif (top := labels.get((number, column))) is not None:
                    cells[column] = cells[column] or seen.get((top, column), "")
        yield cells


def _value(book: Any, cell: Any) -> str:
    import xlrd

    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}:
        return ""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return str(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value)
    value: Any = int(cell.value) if cell.value == cell.value // 1 else cell.value
    form = _format(book, cell)
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            value = xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            _log.debug("A date beyond the calendar is shown as a number")
    return shown(value, form)


def _format(book: Any, cell: Any) -> str:
    try:
        return str(book.format_map[book.xf_list[cell.xf_index].format_key].format_str)
    except (IndexError, KeyError, TypeError):
        return "General"


def _notes(sheet: Any) -> Iterator[str]:
    for (row, column), note in sorted(sheet.cell_note_map.items()):
        yield normalise(f"Comment on {_name(row, column)}: {' '.join(str(note.text).split())}")
    for link in sheet.hyperlink_list:
        if target := link.url_or_path or link.textmark:
            words = target.decode("utf-8", "replace") if isinstance(target, bytes) else str(target)
            yield normalise(f"Link of {_name(link.frowx, link.fcolx)}: {words}")


def _name(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, _LETTERS)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"
