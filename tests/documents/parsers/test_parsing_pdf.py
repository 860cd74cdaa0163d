"""A PDF gives what a reader sees on its pages, in the order of reading, and counts what has no text."""

import pytest

from tests.support.parsing_files import Parse, pdf, pdf_of_objects
from xnai_pipelines.documents.parsers.parsed import Omission, ParsedDocument
from xnai_pipelines.documents.parsers.pdf.columns import Box, column_order
from xnai_pipelines.documents.parsers.pdf.words import rejoined


def document_of(parse: Parse, data: bytes) -> ParsedDocument:
    (document,) = parse("a.pdf", data)
    assert isinstance(document, ParsedDocument)
    return document


def test_pages_without_text_are_named(parse: Parse) -> None:
    document = document_of(parse, pdf([["First page"], [], ["Third page"], []]))
    assert document.text == "First page\n\nThird page"
    assert document.omissions == (Omission("page without text", 2, "page 2, page 4"),)


def with_annotations(*annotations: str, drawn: str = "") -> bytes:
    """A page with a line of text, a drawing and these annotations, which are the objects from 6 on."""
    shown = " ".join(f"{6 + at} 0 R" for at in range(len(annotations)))
    beside = f"/Contents 5 0 R /Annots [{shown}]"
    stream = f"{drawn} BT /F1 12 Tf 50 700 Td (Please fill in.) Tj ET"
    return pdf_of_objects(
        [
            f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{shown}] >> >>",
            "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> {beside} >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
            *(f"<< /Type /Annot /Rect [10 10 90 30] {annotation} >>" for annotation in annotations),
        ]
    )


def test_values_of_a_form_and_notes_follow_the_text_of_their_page(parse: Parse) -> None:
    data = with_annotations(
        "/Subtype /Widget /FT /Tx /T (form.name) /V (Ann Lee)",
        "/Subtype /Widget /FT /Tx /T (city) /TU (Home town) /V (Oslo)",
        "/Subtype /Widget /FT /Tx /T (empty)",
        "/Subtype /Widget /FT /Btn /T (agree) /V /Yes /AS /Yes /AP << /N << /Yes 3 0 R /Off 3 0 R >> >>",
        "/Subtype /Widget /FT /Btn /T (refuse) /V /Off",
        "/Subtype /Text /Contents (Check this) /T (Ben)",
        "/Subtype /Text /Contents (Hidden) /F 2",
        "/Subtype /FreeText /RC (<body><p>Rich &amp; brief</p></body>)",
        "/Subtype /Link /A << /S /URI /URI (https://pay.example/7) >>",
    )
    assert (
        document_of(parse, data).text
        == "Please fill in.\nname: Ann Lee\nHome town: Oslo\nagree: Yes\nNote (Ben): Check this\n"
        "Note: Rich & brief\nLink: https://pay.example/7"
    )


def test_a_page_that_is_a_picture_but_for_a_stamp_is_named(parse: Parse) -> None:
    picture = "q 600 0 0 800 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 /F /AHx ID 80> EI Q"
    document = document_of(parse, with_annotations(drawn=picture))
    assert document.text == "Please fill in."
    assert document.omissions == (Omission("page that is a picture but for a line of text", 1, "page 1"),)


def test_passwords_in_a_form_are_counted_and_not_read(parse: Parse) -> None:
    document = document_of(parse, with_annotations("/Subtype /Widget /FT /Tx /T (code) /V (secret) /Ff 8192"))
    assert document.text == "Please fill in."
    assert document.omissions == (Omission("password in a form", 1, "code"),)


def test_a_file_attached_to_a_page_is_a_document_of_its_own(parse: Parse) -> None:
    file = "/FS << /Type /Filespec /F (a.txt) /UF (a.txt) /EF << /F 7 0 R >> >>"
    data = with_annotations(f"/Subtype /FileAttachment /Contents (The offer) {file}")
    data = data.replace(b"xref", b"7 0 obj\n<< /Length 6 >>\nstream\nPump 7\nendstream\nendobj\nxref", 1)
    page, attached = parse("a.pdf", data.replace(b"startxref\n", b"startxref\n9"))  # its places are found again
    assert (page.text, attached.text, attached.member) == ("Please fill in.\nNote: The offer", "Pump 7", "!a.txt")


def test_all_chosen_entries_of_a_list_are_read_and_signatures_and_other_forms_counted(
    parse: Parse,
) -> None:
    signed = "/Subtype /Widget /FT /Sig /T (sign) /V << /Type /Sig /Name (Ann) >>"
    chosen = "/Subtype /Widget /FT /Ch /Ff 2097152 /T (Parts) /V [(seal) (valve)] /Opt [(seal) (pipe) (valve)]"
    data = with_annotations(chosen, signed).replace(b"/AcroForm << ", b"/AcroForm << /XFA [(template) 5 0 R] ")
    document = document_of(parse, data)
    assert document.text == "Please fill in.\nParts: seal, valve"
    assert document.omissions == (Omission("form of another format (XFA)", 1), Omission("signature", 1))


def test_the_description_of_a_picture_follows_its_page(parse: Parse) -> None:
    data = pdf_of_objects(
        [
            "<< /Type /Catalog /Pages 2 0 R /StructTreeRoot 4 0 R /MarkInfo << /Marked true >> >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /StructParents 0 /Contents 6 0 R >>",
            "<< /Type /StructTreeRoot /K 5 0 R /ParentTree << /Nums [0 [5 0 R]] >> >>",
            "<< /Type /StructElem /S /Figure /P 4 0 R /Pg 3 0 R /K 0 /Alt (A red pump) >>",
            "<< /Length 46 >>\nstream\n/Figure << /MCID 0 >> BDC 1 1 200 200 re f EMC  \nendstream",
        ]
    )
    assert document_of(parse, data).text == "Picture: A red pump"


@pytest.mark.parametrize("lost", [b"xref", b"/Type /Page /Parent"])
def test_a_file_without_its_end_gives_the_pages_before_it(parse: Parse, lost: bytes) -> None:
    data = pdf([["First page"], ["Second page"]])
    document = document_of(parse, data[: data.rindex(lost, 0, data.rindex(b"startxref"))])
    assert document.text.startswith("First page")
    assert Omission("end of the file, which is cut off", 1) in document.omissions


@pytest.mark.parametrize(
    ("pages", "joined"),
    [
        (["a main\ufffe\r\ntenance plan"], "a maintenance plan"),
        (["a long\ufffe\r\nterm plan"], "a long-term plan"),
        (["a high\ufffe\r\nness"], "a highness"),
        (["an e\ufffe\r\nmail", "an e-mail"], "an e-mail"),
        (["a self\ufffe\r\nish text", "selfish"], "a selfish text"),
        (["state-of-the\ufffe\r\nart"], "state-of-the-art"),
        (["Jean\ufffe\r\nPaul"], "Jean-Paul"),
        (["COVID\ufffe\r\n19"], "COVID-19"),
    ],
)
def test_the_hyphen_of_a_compound_is_kept_and_that_of_a_broken_word_is_not(pages: list[str], joined: str) -> None:
    assert rejoined(pages)[0] == joined


def row(top: float, *pieces: tuple[float, float]) -> list[Box]:
    return [Box(left, top - 10, right, top) for left, right in pieces]


def test_columns_drawn_row_by_row_are_read_one_after_the_other() -> None:
    boxes = row(700, (50, 500))  # a title across both
    for line in range(3):
        boxes += row(680 - 12 * line, (50, 250), (300, 490))
    boxes += row(600, (50, 500))
    assert column_order(boxes) == [[0], [1], [3], [5], [2], [4], [6], [7]]


@pytest.mark.parametrize(
    "cells",
    [[(50, 90), (300, 340)], [(50, 250), (300, 320)], [(50, 500)]],
    ids=["short cells", "a column of numbers", "lines across the page"],
)
def test_tables_and_lines_across_the_page_stay_row_by_row(cells: list[tuple[float, float]]) -> None:
    boxes = [box for line in range(6) for box in row(700 - 12 * line, *cells)]
    assert column_order(boxes) is None
