"""What the readers of Office formats leave out is read from the package itself."""

import re
import zipfile
from copy import deepcopy
from io import BytesIO

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.util import Inches

from tests.support.parsing_files import Parse, docx, paragraph, zipped
from xnai_pipelines.documents.parsers.office.lost_texts import lost_paragraphs, lost_texts
from xnai_pipelines.documents.parsers.office.markup import as_plain_body
from xnai_pipelines.documents.parsers.office.xml_parts import joined, paragraphs, rewritten, xml_root
from xnai_pipelines.documents.parsers.parsed import Omission, ParsedDocument

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
BOX = (
    '<w:p><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<mc:Choice Requires="wps"><w:drawing><w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p></w:txbxContent>'
    "</w:drawing></mc:Choice></mc:AlternateContent></w:r></w:p>"
)
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
FRACTION = "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>"


def text_of(parse: Parse, name: str, data: bytes) -> str:
    (document,) = parse(name, data)
    assert isinstance(document, ParsedDocument)
    return document.text


@pytest.fixture
def show() -> bytes:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Results"
    chart = CategoryChartData()
    chart.categories = ["Q1"]
    chart.add_series("Revenue", [1])
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(1), Inches(3), Inches(3), chart)
    diagram = f"<dataModel {A}><a:p><a:r><a:t>Call first</a:t></a:r></a:p></dataModel>"
    for kind, name, xml in (
        ("comments", "/ppt/comments/comment1.xml", "<cmLst><cm><text>Check this sum</text></cm></cmLst>"),
        ("diagramData", "/ppt/diagrams/data1.xml", diagram),
    ):
        part = Part(PackURI(name), "application/xml", slide.part.package, xml.encode())
        slide.part.relate_to(part, RELATIONSHIP_TYPE.CHART.replace("chart", kind))
    stream = BytesIO()
    presentation.save(stream)
    with zipfile.ZipFile(stream) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    box = re.search(rb"<p:sp>.*?</p:sp>", parts["ppt/slides/slide1.xml"], re.DOTALL)
    assert box is not None
    newer = (
        b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        b'<mc:Choice Requires="p14">'
        + box.group().replace(b"Results", b"In a newer shape")
        + b"</mc:Choice></mc:AlternateContent>"
    )
    slide_xml = parts["ppt/slides/slide1.xml"]
    parts["ppt/slides/slide1.xml"] = slide_xml.replace(box.group(), box.group() + newer)
    return zipped(parts)


def plain(body: str) -> list[str]:
    return [joined(runs) for runs in paragraphs(xml_root(as_plain_body(f"<w:body {W} {M}>{body}</w:body>".encode())))]


@pytest.mark.slow
def test_headers_footers_comments_and_diagrams_of_a_word_file_follow_its_body(parse: Parse) -> None:
    note = paragraph("Why?")
    parts = {
        "word/header1.xml": f"<w:hdr {W}>{paragraph('Contract 77')}</w:hdr>",
        "word/header2.xml": f"<w:hdr {W}>{paragraph('Contract 77')}</w:hdr>",
        "word/footer1.xml": f"<w:ftr {W}>{paragraph('12')}</w:ftr>",
        "word/footer2.xml": f"<w:ftr {W}>{paragraph('Owner: legal')}</w:ftr>",
        "word/comments.xml": f'<w:comments {W}><w:comment w:id="0" w:author="Ann">{note}</w:comment></w:comments>',
        "word/diagrams/data1.xml": f"<dataModel {A}><a:p><a:r><a:t>Call the duty officer</a:t></a:r></a:p></dataModel>",
    }
    assert text_of(parse, "a.docx", docx(paragraph("Body"), parts)) == (
        "Body\n\nHeader: Contract 77\n\nFooter: Owner: legal\n\nComment (Ann): Why?\n\nDiagram: Call the duty officer"
    )


def test_text_boxes_fields_and_custom_xml_of_a_word_file_are_kept(parse: Parse) -> None:
    field = '<w:fldSimple w:instr=" MERGEFIELD &quot;a&gt;b&quot; "><w:r><w:t>Ann Lee</w:t></w:r></w:fldSimple>'
    body = (
        f'<w:p><w:r><w:t xml:space="preserve">Dear </w:t></w:r>{field}</w:p>'
        f'<w:customXml w:element="clause"><w:customXmlPr/>{paragraph("Clause 4")}</w:customXml>{BOX}'
    )
    assert text_of(parse, "a.docx", docx(body)) == "Dear Ann Lee\n\nClause 4\n\nIn the box"


def test_deleted_and_moved_text_is_not_lost_text() -> None:
    xml = (
        f"<w:p {W}><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>elsewhere</w:t></w:r>"
        "</w:moveFrom><w:r><w:t>kept</w:t></w:r></w:p>"
    )
    assert lost_paragraphs(xml_root(xml.encode()), "**kept**") == []
    assert lost_paragraphs(xml_root(xml.encode()), "") == ["kept"]


def test_a_short_text_is_not_taken_for_part_of_a_longer_word() -> None:
    xml = f"<w:p {W}><w:r><w:t>rat</w:t></w:r></w:p>"
    assert lost_paragraphs(xml_root(xml.encode()), "The **rat**[[1]](#footnote-1).") == []
    assert lost_paragraphs(xml_root(xml.encode()), "The rate.") == ["rat"]


def test_wrappers_are_told_from_other_elements() -> None:
    body = f"<w:p {W}><w:customXmlDelRangeStart/><w:fldSimple w:instr='>'><w:r/></w:fldSimple></w:p>"
    assert b"<w:customXmlDelRangeStart/><w:r/></w:p>" in as_plain_body(body.encode())


def test_moved_text_and_readings_of_a_word_file_stand_where_a_reader_sees_them(parse: Parse) -> None:
    def run(words: str) -> str:
        return f"<w:r><w:t>{words}</w:t></w:r>"

    ruby = f"<w:r><w:ruby><w:rubyPr/><w:rt>{run('tokyo')}</w:rt><w:rubyBase>{run('東京')}</w:rubyBase></w:ruby></w:r>"
    body = (
        f"<w:p>{ruby}</w:p><w:p><w:moveFrom w:id='1'>{run('Here before.')}</w:moveFrom></w:p>"
        f"<w:p><w:moveTo w:id='2'>{run('Here now.')}</w:moveTo></w:p>"
    )
    assert text_of(parse, "a.docx", docx(body)) == "東京(tokyo)\n\nHere now."


def test_imported_pages_stand_where_they_are_imported_and_other_files_are_documents_of_their_own(parse: Parse) -> None:
    chart = (
        f"<c:chartSpace xmlns:c='c' {A}><a:p><a:r><a:t>Sales by quarter</a:t></a:r></a:p><c:ser>"
        "<c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>North</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        "<c:cat><c:pt idx='0'><c:v>Q1</c:v></c:pt></c:cat><c:val><c:pt idx='0'><c:v>7</c:v></c:pt></c:val></c:ser>"
        "</c:chartSpace>"
    )
    parts = {
        "word/afchunk1.htm": "<html><body><p>From a web page.</p></body></html>",
        "word/afchunk2.rtf": r"{\rtf1 From Word}",
        "word/charts/chart1.xml": chart,
        "word/embeddings/package1.xlsx": b"PK",
    }
    body = f"{paragraph('Before')}<w:altChunk r:id='rId2' xmlns:r='r'/>{paragraph('After')}"
    document, imported, embedded = parse("a.docx", docx(body, parts))
    assert (imported.text, imported.member, embedded.kind) == ("From Word", "!afchunk2.rtf", "damaged")
    assert document.text == (
        "Before\n\nFrom a web page.\n\nAfter\n\nChart: Sales by quarter\n\n|  | North |\n| --- | --- |\n| Q1 | 7 |"
    )


def test_entities_of_a_part_are_not_expanded() -> None:
    xml = f'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]><d {A}><a:p><a:r><a:t>x&e;</a:t></a:r></a:p></d>'
    assert [joined(runs) for runs in paragraphs(xml_root(xml.encode()))] == ["x"]


def test_short_comments_and_margins_of_numbers_are_kept_whatever_the_body_says(parse: Parse) -> None:
    parts = {
        "word/header1.xml": f"<w:hdr {W}>{paragraph('2024-100105')}</w:hdr>",
        "word/header2.xml": f"<w:hdr {W}>{paragraph('approved')}</w:hdr>",
        "word/footer1.xml": f"<w:ftr {W}>{paragraph('3 / 12')}</w:ftr>",
        "word/comments.xml": f"<w:comments {W}><w:comment w:id='0'>{paragraph('Approved')}</w:comment></w:comments>",
    }
    assert text_of(parse, "a.docx", docx(paragraph("The plan was not approved."), parts)) == (
        "The plan was not approved.\n\nHeader: 2024-100105\n\nHeader: approved\n\nComment: Approved"
    )


def test_the_choice_in_a_list_of_a_form_is_text(parse: Parse) -> None:
    choices = '<w:ddList><w:result w:val="1"/><w:listEntry w:val="red"/><w:listEntry w:val="blue"/></w:ddList>'
    field = f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{choices}</w:ffData></w:fldChar></w:r>'
    body = f"<w:p><w:r><w:t>Colour:</w:t></w:r>{field}<w:r><w:fldChar w:fldCharType='end'/></w:r></w:p>"
    assert text_of(parse, "a.docx", docx(body)) == "Colour:blue"


def test_comments_diagrams_and_newer_shapes_of_a_slide_are_kept(parse: Parse, show: bytes) -> None:
    text = text_of(parse, "a.pptx", show)
    assert "Comment: Check this sum" in text
    assert "Diagram: Call first" in text
    assert "In a newer shape" in text
    assert "Revenue" in text


@pytest.mark.parametrize("kind", ["slideshow", "template"])
def test_slide_shows_and_templates_are_presentations(parse: Parse, show: bytes, kind: str) -> None:
    with zipfile.ZipFile(BytesIO(show)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    types = parts["[Content_Types].xml"]
    parts["[Content_Types].xml"] = types.replace(b"presentation.main+xml", f"{kind}.main+xml".encode())
    assert text_of(parse, "a.ppsx", zipped(parts)).startswith("# Results")


def test_a_damaged_part_costs_itself_alone(parse: Parse) -> None:
    (document,) = parse("a.docx", docx(paragraph("Body"), {"word/header1.xml": "<w:hdr"}))
    assert document.text == "Body"
    assert document.omissions == (Omission("damaged part", 1, "word/header1.xml"),)


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        (f"<m:oMath>{FRACTION}</m:oMath>", r"$\frac{a}{b}$"),
        (f"<m:oMathPara><m:oMath>{FRACTION}</m:oMath></m:oMathPara>", r"$$\frac{a}{b}$$"),
        (f"<m:oMath><m:borderBox><m:e>{FRACTION}</m:e></m:borderBox></m:oMath>", r"$\frac{a}{b}$"),
        ("<m:oMath><m:new><m:r><m:t>x</m:t></m:r></m:new><m:r><m:t>y</m:t></m:r></m:oMath>", "$x y$"),
    ],
)
def test_a_formula_is_latex_and_loses_no_letter(formula: str, latex: str) -> None:
    assert plain(f"<w:p>{formula}</w:p>") == [latex]


def test_the_condition_of_a_field_is_no_text() -> None:
    def run(mark: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{mark}"/></w:r>'

    inner = f"{run('begin')}{run('separate')}<w:r><w:t>m</w:t></w:r>{run('end')}"
    field = f"{run('begin')}{inner}{run('separate')}<w:r><w:t>Sir</w:t></w:r>{run('end')}"
    assert plain(f"<w:p><w:r><w:t>Dear </w:t></w:r>{field}</w:p>") == ["Dear Sir"]


def test_tables_of_a_word_file_have_a_head_and_repeat_merged_labels(parse: Parse) -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{one}</w:tc>" for one in cells) + "</w:tr>"

    begins, goes_on = (f"<w:tcPr><w:vMerge{how}/></w:tcPr>" for how in (' w:val="restart"', ""))
    rows = row(paragraph("Area"), paragraph("City")) + row(begins + paragraph("North"), paragraph("Oslo"))
    table = f"<w:tbl>{rows}{row(goes_on + '<w:p/>', paragraph('Bergen'))}</w:tbl>"
    assert text_of(parse, "a.docx", docx(table)) == (
        "| Area | City |\n| --- | --- |\n| North | Oslo |\n| North | Bergen |"
    )


def test_descriptions_of_drawings_and_watermarks_are_kept() -> None:
    header = f"<w:hdr {W} xmlns:v='v'><v:shape alt='Stamp of the office'><v:textpath string='Draft'/></v:shape></w:hdr>"
    body = (
        f"<w:document {W} xmlns:d='d'><d:docPr descr='The pump, from above'/><d:docPr descr='scan.png'/></w:document>"
    )
    roots = [xml_root(xml.encode()) for xml in (header, body)]
    assert lost_texts(roots, "Draft") == ["Picture: Stamp of the office", "Picture: The pump, from above"]


def test_slides_repeat_merged_labels_and_show_formulas_and_the_words_of_their_master(parse: Parse) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(2), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text, table.cell(1, 1).text = "North", "Oslo", "Bergen"
    table.cell(0, 0).merge(table.cell(1, 0))
    words = deck.slide_master.shapes._spTree
    box = slide.shapes.add_textbox(0, Inches(2), Inches(2), Inches(1))
    box.text_frame.text = "Internal"
    words.append(deepcopy(box._element))
    formula = f'<a14:m {A} xmlns:a14="a14" {M}><m:oMath><m:r><m:t>x</m:t></m:r></m:oMath></a14:m>'
    choice = f'<mc:AlternateContent xmlns:mc="mc"><mc:Choice>{formula}</mc:Choice><mc:Fallback/></mc:AlternateContent>'
    box.text_frame.text = "So "
    box.text_frame.paragraphs[0]._p.append(xml_root(choice.encode()))
    stream = BytesIO()
    deck.save(stream)
    assert text_of(parse, "a.pptx", stream.getvalue()) == (
        "| North | Oslo |\n| --- | --- |\n| North | Bergen |\n\nSo $x$\n\nOn each slide: Internal"
    )


def test_addresses_of_links_beside_the_body_follow_their_words(parse: Parse) -> None:
    link = '<w:p><w:hyperlink xmlns:r="r" r:id="rId1"><w:r><w:t>our site</w:t></w:r></w:hyperlink></w:p>'
    parts = {
        "word/header1.xml": f"<w:hdr {W}>{link}</w:hdr>",
        "word/_rels/header1.xml.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
            'Id="rId1" Type="x/hyperlink" Target="https://e.example/7" TargetMode="External"/></Relationships>'
        ),
    }
    assert text_of(parse, "a.docx", docx(paragraph("Body"), parts)).endswith("Header: our site (https://e.example/7)")


def test_a_reference_to_a_note_that_is_not_there_costs_nothing(parse: Parse) -> None:
    def reference(number: int) -> str:
        return f'<w:r><w:footnoteReference w:id="{number}"/></w:r>'

    note = f'<w:footnotes {W}><w:footnote w:id="2">{paragraph("The note")}</w:footnote></w:footnotes>'
    body = f"<w:p><w:r><w:t>Words</w:t></w:r>{reference(9)}{reference(2)}</w:p>"
    assert text_of(parse, "a.docx", docx(body, {"word/footnotes.xml": note})).startswith("Words[[1]]")


def test_breaks_of_rarer_kinds_keep_words_apart(parse: Parse) -> None:
    runs = "<w:r><w:t>Left</w:t><w:ptab/><w:t>right</w:t><w:cr/><w:t>below</w:t></w:r>"
    assert text_of(parse, "a.docx", docx(f"<w:p>{runs}</w:p>")).split() == ["Left", "right", "below"]


def test_styles_that_are_headings_under_another_name_make_headings(parse: Parse) -> None:
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="K"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="O"><w:name w:val="Our \'part\'"/><w:basedOn w:val="K"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="L"><w:name w:val="Level"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr>'
        "</w:style>"
        '<w:style w:type="paragraph" w:styleId="B"><w:name w:val="TOC Heading"/><w:basedOn w:val="K"/>'
        '<w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="X"><w:name w:val="Loop"/><w:basedOn w:val="X"/></w:style></w:styles>'
    )
    body = "".join(
        paragraph(words, style) for style, words in zip("TOLBX", ("Plan", "One", "Two", "Three", "Four"), strict=True)
    )
    text = text_of(parse, "a.docx", rewritten(docx(body), {"word/styles.xml"}, lambda _: styles.encode()))
    assert text == "# Plan\n\n## One\n\n### Two\n\nThree\n\nFour"
