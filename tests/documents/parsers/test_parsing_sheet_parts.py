"""What the reader of sheets leaves out is read from the package itself."""

import re
import zipfile
from datetime import datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula

from tests.support.parsing_files import Parse, zipped
from xnai_pipelines.documents.parsers.parsed import Omission, ParsedDocument

A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


def text_of(parse: Parse, name: str, data: bytes) -> str:
    (document,) = parse(name, data)
    assert isinstance(document, ParsedDocument)
    return document.text


def sheet_with(book: Workbook, change: tuple[bytes, bytes]) -> bytes:
    stream = BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    old, new = change
    assert re.search(old, parts["xl/worksheets/sheet1.xml"])
    parts["xl/worksheets/sheet1.xml"] = re.sub(old, new, parts["xl/worksheets/sheet1.xml"])
    return zipped(parts)


def test_a_sheet_is_read_beyond_the_size_that_it_names(parse: Parse) -> None:
    book = Workbook()
    book.active.append(["a", "b"])
    book.active.append(["c", "d"])
    data = sheet_with(book, (rb'<dimension ref="[^"]*"', b'<dimension ref="A1"'))
    assert text_of(parse, "a.xlsx", data).endswith("| a | b |\n| --- | --- |\n| c | d |")


def test_two_cells_far_apart_are_read_in_little_time(parse: Parse) -> None:
    book = Workbook()
    book.active["A1"], book.active["XFD1048576"] = "start", "end"
    stream = BytesIO()
    book.save(stream)
    assert text_of(parse, "a.xlsx", stream.getvalue()).endswith("| start |  |\n| --- | --- |\n|  | end |")


def test_a_formula_without_a_value_is_shown_itself(parse: Parse) -> None:
    book = Workbook()
    book.active.append(["net", "gross"])
    book.active.append([100, "=A2*1.19"])
    stream = BytesIO()
    book.save(stream)
    assert text_of(parse, "a.xlsx", stream.getvalue()).endswith("| 100 | =A2*1.19 |")


def test_sheets_show_formats_merged_labels_comments_and_links(parse: Parse) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["region", "share", "day", "price", "time"])
    sheet.append(["North", 0.153, datetime(2024, 3, 5), 1234.5, datetime(2024, 3, 5, 9, 30)])  # noqa: DTZ001
    sheet.append([None, 0.5, None, 2])
    sheet.merge_cells("A2:A3")
    sheet["B2"].number_format = "0.0%"
    sheet["B3"].number_format = "0%"
    sheet["C2"].number_format = "yyyy-mm-dd"
    sheet["D2"].number_format = '#,##0.00 "EUR"'
    sheet["D2"].comment = Comment("Ask first", "Ann")
    sheet["B3"].hyperlink = "https://example.org/sheet.pdf"
    stream = BytesIO()
    book.save(stream)
    assert text_of(parse, "a.xlsx", stream.getvalue()) == (
        "## Sheet\n\n| region | share | day | price | time |\n| --- | --- | --- | --- | --- |\n"
        "| North | 15.3 % | 2024-03-05 | 1,234.50 EUR | 2024-03-05 09:30:00 |\n| North | 50 % |  | 2 |  |\n\n"
        "Comment on D2: Ask first\n\nLink of B3: https://example.org/sheet.pdf"
    )


def test_printed_headers_text_boxes_and_pictures_of_a_sheet_are_kept_or_counted(parse: Parse) -> None:
    book = Workbook()
    book.active.append(["a"])
    book.active.oddHeader.center.text = "Internal use"
    book.active.oddFooter.center.text = "Page &P"
    stream = BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as package:
        parts: dict[str, str | bytes] = {name: package.read(name) for name in package.namelist()}
    parts["xl/worksheets/_rels/sheet1.xml.rels"] = (
        "<Relationships><Relationship Id='r1' Type='x/drawing' Target='../drawings/d.xml'/></Relationships>"
    )
    parts["xl/drawings/d.xml"] = (
        f"<wsDr {A}><sp><a:p><a:r><a:t>Mind the totals</a:t></a:r></a:p></sp>"
        "<pic><cNvPr id='1' name='Photo 1' descr='scan.png'/></pic></wsDr>"
    )
    (document,) = parse("a.xlsx", zipped(parts))
    assert document.text.endswith("Header: Internal use\n\nText box: Mind the totals")
    assert "Page" not in document.text
    assert document.omissions == (Omission("picture without a description", 1, "Photo 1"),)


def test_charts_of_sheets_and_sheets_that_are_charts_are_kept(parse: Parse) -> None:
    book = Workbook()
    for row in (["kind", "sold"], ["tea", 7], ["rye", 5]):
        book.active.append(row)
    for sheet, title in ((book.active, "Beside the table"), (book.create_chartsheet("Trend"), "A sheet of its own")):
        chart = BarChart()
        chart.title = title
        chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=3), titles_from_data=True)
        sheet.add_chart(chart)
    stream = BytesIO()
    book.save(stream)
    (document,) = parse("a.xlsx", stream.getvalue())
    assert "| rye | 5 |\n\nChart: Beside the table" in document.text
    assert "## Trend\n\nChart: A sheet of its own" in document.text
    assert [page.label for page in document.pages] == ["sheet Sheet", "sheet Trend"]


def test_names_choices_and_formulas_of_several_cells_are_kept_and_data_behind_pivots_counted(parse: Parse) -> None:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "Prices"
    sheet["A1"] = "Colour"
    sheet["B1"] = ArrayFormula("B1:B2", "=SUM(C1:C2*2)")
    choices = DataValidation(type="list", formula1='"red,blue"', promptTitle="Paint", prompt="Pick & go")
    choices.add("A2")
    sheet.add_data_validation(choices)
    workbook.defined_names["VatRate"] = DefinedName("VatRate", attr_text="0.19")
    workbook.defined_names["Area"] = DefinedName("Area", attr_text="Prices!$A$1")
    stream = BytesIO()
    workbook.save(stream)
    relation = b'<Relationship Id="rId99" Type="x/pivotCacheDefinition" Target="pivot.xml"/></Relationships>'
    with zipfile.ZipFile(stream) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", relation)
    parts["xl/pivot.xml"] = b'<pivotCacheDefinition><sharedItems><s v="Ann Lee"/></sharedItems></pivotCacheDefinition>'
    (document,) = parse("a.xlsx", zipped(parts))
    assert document.text == (
        "## Prices\n\n| Colour | =SUM(C1:C2*2) |\n| --- | --- |\n\nInput of A2: Paint Pick & go red, blue\n\n"
        "Name VatRate: 0.19"
    )
    assert document.omissions == (Omission("data behind a pivot table", 1, "Ann Lee"),)
