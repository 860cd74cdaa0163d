"""Excel workbooks to Markdown. Runs only in the worker process."""

from io import BytesIO

from xnai_pipelines.documents.parsers.markdown import table_row, table_rule
from xnai_pipelines.documents.parsers.normalise import normalise
from xnai_pipelines.documents.parsers.office import check_package, check_size, paged_content
from xnai_pipelines.documents.parsers.source import Content
from xnai_pipelines.extras import require


def parse_xlsx(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a workbook as Markdown: a heading, a table and a page per sheet ("sheet Budget").

    Cells show their values, formulas their last computed value. Empty rows and columns are dropped.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged", "too_large", "no_text".
    """
    title = check_package(data)
    require("office", "A workbook")
    from openpyxl import load_workbook

    workbook = load_workbook(BytesIO(data), read_only=True, data_only=True)
    sheets: list[tuple[str, str]] = []
    total = 0
    for sheet in workbook.worksheets:
        rows: list[list[str]] = []
        for row in sheet.iter_rows(values_only=True):
            cells = ["" if cell is None else normalise(str(cell)) for cell in row]
            if any(cells):
                total += sum(map(len, cells))
                check_size(total, max_chars)
                rows.append(cells)
        if rows:
            name = normalise(sheet.title)
            sheets.append((f"sheet {name}", f"## {name}\n\n{_table(rows)}"))
    return paged_content(title, stem, sheets)


def _table(rows: list[list[str]]) -> str:
    filled = [at for at in range(max(map(len, rows))) if any(at < len(row) and row[at] for row in rows)]
    lines = [table_row([row[at] if at < len(row) else "" for at in filled]) for row in rows]
    return "\n".join([lines[0], table_rule(len(filled)), *lines[1:]])
