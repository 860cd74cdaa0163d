"""Each format gives its words, its title, and where its headings, pages, slides and sheets begin."""

from email.message import EmailMessage
from io import BytesIO

import pytest
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

from tests.support.parsing_files import Parse, docx, kind_of, one, paragraph, pdf
from xnai_pipelines.documents.parsers.parsed import Markup, Page, ParsedDocument, ParseLimits
from xnai_pipelines.documents.parsers.registry import DETECTION, is_current, parser_for
from xnai_pipelines.errors import SkippedFileError


@pytest.fixture
def slides() -> bytes:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Results"
    slide.placeholders[1].text = "Revenue grew"
    slide.notes_slide.notes_text_frame.text = "say it slowly"
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for at, words in enumerate(["Year", "Sum", "2024", "7"]):
        table.cell(at // 2, at % 2).text = words
    stream = BytesIO()
    presentation.save(stream)
    return stream.getvalue()


@pytest.fixture
def workbook() -> bytes:
    book = Workbook()
    budget = book.active
    budget.title = "Budget"
    budget.append(["Item", None, "Cost"])
    budget.append([])
    budget.append(["Tea", None, 3.5])
    book.create_sheet("Empty")
    book.create_sheet("Notes")["B2"] = "later"
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_pdf_pages_start_where_their_text_starts(parse: Parse) -> None:
    document = one(parse("report.txt", pdf([["Annual report", "First"], [], ["Third page"]])))
    assert document.text == "Annual report\nFirst\n\nThird page"
    assert document.pages == (Page(0, "page 1"), Page(document.text.index("Third"), "page 3"))
    assert (document.title, document.media_type) == ("Annual report", "application/pdf")
    assert one(parse("a.pdf", pdf([["words"]], title="The title"))).title == "The title"
    assert one(parse("a.pdf", pdf([["words"]], title="Microsoft Word - draft.doc"))).title == "words"


def test_a_pdf_without_words_has_its_own_reason(parse: Parse) -> None:
    assert kind_of(parse, "scan.pdf", pdf([[], []])) == "no_text"
    assert kind_of(parse, "locked.pdf", pdf([["words"]], encrypt=True)) == "encrypted"
    assert kind_of(parse, "cut.pdf", pdf([["words"]])[:80]) == "damaged"


@pytest.mark.slow
def test_a_word_file_is_markdown_with_headings(parse: Parse) -> None:
    body = paragraph("The plan", "Heading1") + paragraph("Words &amp; more")
    document = one(parse("plan.docx", docx(body)))
    assert document.text == "# The plan\n\nWords & more"
    assert (document.title, document.markup, document.pages) == ("The plan", Markup.MARKDOWN, ())
    core = "<cp><dc:title>From properties</dc:title></cp>"
    assert one(parse("plan.docx", docx(body, {"docProps/core.xml": core}))).title == "From properties"


def test_slides_and_sheets_are_pages_with_the_names_a_reader_knows(
    parse: Parse, slides: bytes, workbook: bytes
) -> None:
    talk = one(parse("talk.pptx", slides))
    assert (
        talk.text == "# Results\n\nRevenue grew\n\nNotes: say it slowly\n\n| Year | Sum |\n| --- | --- |\n| 2024 | 7 |"
    )
    assert [page.label for page in talk.pages] == ["slide 1", "slide 2"]
    assert talk.title in {"Results", "PowerPoint Presentation"}
    book = one(parse("money.xlsx", workbook))
    assert book.text == "## Budget\n\n| Item | Cost |\n| --- | --- |\n| Tea | 3.5 |\n\n## Notes\n\n| later |\n| --- |"
    assert [page.label for page in book.pages] == ["sheet Budget", "sheet Notes"]
    assert book.title == "money"


def test_office_files_that_would_hurt_are_refused_before_they_are_opened(parse: Parse) -> None:
    bomb = docx(paragraph("x"), {"word/media/bomb.xml": b"\0" * (30 * 2**20)})
    assert kind_of(parse, "bomb.docx", bomb) == "too_large"
    entities = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    assert kind_of(parse, "laughs.docx", docx(paragraph("&b;"), head=entities)) == "damaged"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")
    assert kind_of(parse, "locked.xlsx", ole) == "encrypted"
    assert kind_of(parse, "cut.docx", docx(paragraph("x"))[:300]) == "damaged"
    assert kind_of(parse, "deep.docx", docx("<w:p>" * 2_000 + "</w:p>" * 2_000)) in {"too_deep", "crashed"}
    assert kind_of(parse, "blank.docx", docx(paragraph(""))) == "no_text"


def test_names_that_climb_out_of_a_package_are_only_names(parse: Parse) -> None:
    assert one(parse("a.docx", docx(paragraph("words"), {"../../evil.xml": "<x/>"}))).text == "words"


def test_a_picture_by_link_is_its_description_and_not_fetched(parse: Parse) -> None:
    picture = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        'wordprocessingDrawing"><wp:docPr id="1" name="p" descr="A map of the town"/><a:graphic xmlns:a="http://'
        'schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData><pic:pic xmlns:pic="http://schemas.'
        'openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip xmlns:r="http://schemas.openxmlformats'
        '.org/officeDocument/2006/relationships" r:link="rId9"/></pic:blipFill></pic:pic></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    link = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"'
        ' Target="http://127.0.0.1:9/map.png" TargetMode="External"/></Relationships>'
    )
    data = docx(paragraph("words") + picture, {"word/_rels/document.xml.rels": link})
    assert one(parse("a.docx", data)).text == "words\n\nA map of the town"


def test_a_web_page_is_its_main_content_as_markdown(parse: Parse) -> None:
    words = "<p>" + "The article says a good deal about its subject. " * 20 + "</p>"
    page = (
        "<!doctype html><html><head><title>Page</title><meta charset=utf-8></head><body><nav>Home</nav>"
        f"<article><h1>Subject</h1>{words}<h2>Detail</h2>{words}</article><footer>Imprint</footer></body></html>"
    )
    document = one(parse("page.html", page))
    assert [(heading.level, heading.title) for heading in document.headings] == [
        (1, "Subject"),
        (2, "Detail"),
    ]
    assert document.title == "Page"
    assert "Home" not in document.text
    assert "Imprint" not in document.text


def test_a_page_of_lists_and_tables_keeps_them(parse: Parse) -> None:
    page = (
        "<html><body><h3>Prices</h3><ul><li>Tea<li>Coffee</ul><table><tr><th>Item<th>Sum<tr><td>Tea<td>3</table>"
        "<pre>a\n  b</pre><script>no()</script></body></html>"
    )
    document = one(parse("list.htm", page))
    assert "### Prices" in document.text
    assert "- Tea\n\n- Coffee" in document.text
    assert "| Item | Sum |\n| --- | --- |\n| Tea | 3 |" in document.text
    assert "```\na\n  b\n```" in document.text
    assert "no()" not in document.text
    assert document.title == "Prices"


@pytest.mark.slow
def test_a_page_of_twenty_thousand_nested_blocks_is_read(parse: Parse) -> None:
    page = "<html><body>" + "<div>" * 20_000 + "deep words" + "</div>" * 20_000
    assert one(parse("deep.html", page)).text == "deep words"
    assert kind_of(parse, "app.html", "<html><body><div id=app></div><script>x()</script></body></html>") == "no_text"


@pytest.mark.slow
def test_a_page_in_a_legacy_encoding_is_read(parse: Parse) -> None:
    words = "<p>Die Gebühr beträgt für die Straße zwanzig Euro und wird im Voraus bezahlt.</p>"
    assert "Gebühr beträgt" in one(parse("alt.html", f"<html><body>{words}".encode("cp1252"))).text


def test_mail_shows_its_headers_words_and_attachments(parse: Parse) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["Date"] = "Grüße", "Ann <a@b.org>", "Mon, 06 May 2024 10:00:00 +0000"
    mail.set_content("Hello there.")
    mail.add_alternative("<p>Hello <b>there</b>.</p>", subtype="html")
    mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="plan.pdf")
    document, _ = parse("mail.eml", mail.as_bytes())
    assert isinstance(document, ParsedDocument)
    assert document.title == "Grüße"
    assert document.text == (
        "Subject: Grüße\nFrom: Ann <a@b.org>\nDate: Mon, 06 May 2024 10:00:00 +0000\n\nHello there.\n\n"
        "Attachments: plan.pdf (5 bytes)"
    )
    page = EmailMessage()
    page["From"] = "a@b.org"
    page.set_content("<h1>News</h1><p>All is well.</p>", subtype="html")
    assert "All is well." in one(parse("page.eml", page.as_bytes())).text
    sealed = b"From: a@b\nMIME-Version: 1.0\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\nabc\n--x--\n"
    assert kind_of(parse, "sealed.eml", sealed) == "encrypted"


def test_code_is_code_and_has_no_language(parse: Parse) -> None:
    document = one(parse("tool.py", "def first_function_of_the_tool():\n    return 'words in English here'\n"))
    assert (document.markup, document.language) == (Markup.CODE, None)
    assert document.headings[0].title == "first_function_of_the_tool"
    assert one(parse("main.rs", "fn main() {}\n")).media_type == "text/x-rs"


def test_a_repaired_file_says_what_was_repaired(parse: Parse) -> None:
    misread = "# Отчёт\n\nВсё хорошо 😀".encode().decode("mac_roman")
    document = one(parse("report.md", misread))
    assert document.title == "Отчёт"
    assert document.encoding_repair == "utf-8 read as mac_roman"
    assert document.language is None or len(document.language) == 2


def test_limits_end_a_file_that_is_too_large(parse: Parse) -> None:
    assert kind_of(parse, "big.txt", "word " * 100, ParseLimits(max_file_bytes=100)) == "too_large"
    assert kind_of(parse, "long.txt", "word " * 100, ParseLimits(max_text_chars=100)) == "too_large"
    assert kind_of(parse, "long.pdf", pdf([["word " * 20]]), ParseLimits(max_text_chars=10)) == "too_large"


def test_a_skipped_file_names_who_skipped_it(parse: Parse) -> None:
    with pytest.raises(SkippedFileError) as caught:
        parse("a.png", b"\x89PNG\r\n\x1a\n0000")
    assert (caught.value.kind, caught.value.parser) == ("unsupported", DETECTION)
    with pytest.raises(SkippedFileError) as caught:
        parse("control.md", "\x07 \x07" + " " * 200)
    assert caught.value.kind == "empty"


def test_a_parser_of_another_version_is_not_current() -> None:
    current = parser_for("application/pdf").id
    assert is_current(current)
    assert not is_current(current.replace("pdf@", "pdf@0"))
    assert not is_current("gone@1")
