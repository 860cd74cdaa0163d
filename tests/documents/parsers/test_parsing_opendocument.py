"""OpenDocument files and books: every word, with headings and pages; hostile ones are refused."""

import pytest

from tests.support.parsing_files import Parse, kind_of, one, zipped
from xnai_pipelines.documents.parsers.parsed import Omission

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        *((same, same) for same in ("office", "text", "table", "style", "presentation", "form", "chart")),
        ("draw", "drawing"),
        ("svg", "svg-compatible"),
    )
)
NAMES += ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
KIND = "application/vnd.oasis.opendocument."


def package(kind: str, body: str, parts: dict[str, str] | None = None, head: str = "") -> bytes:
    content = f'<?xml version="1.0"?>{head}<office:document-content {NAMES}>{body}</office:document-content>'
    return zipped({"mimetype": f"{KIND}{kind}", "content.xml": content, **(parts or {})})


def text(body: str) -> str:
    return f"<office:body><office:text>{body}</office:text></office:body>"


def sheet(rows: str) -> str:
    table = f'<table:table table:name="Budget">{rows}</table:table>'
    return f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"


def cell(words: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{words}</text:p></table:table-cell>"


def test_a_text_keeps_notes_comments_boxes_lists_and_headers(parse: Parse) -> None:
    body = (
        "<text:tracked-changes><text:deletion><text:p>gone words</text:p></text:deletion></text:tracked-changes>"
        '<text:h text:outline-level="2">The <text:span>plan</text:span></text:h>'
        "<text:p>Words<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p>"
        "</text:note-body></text:note> and<text:s text:c='3'/>more<office:annotation><dc:creator>Ann</dc:creator>"
        "<text:p>check</text:p></office:annotation>.<draw:frame><draw:text-box><text:p>In a box</text:p>"
        "</draw:text-box></draw:frame></text:p>"
        "<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>inner</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        '<text:p><draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame></text:p>'
    )
    styles = (
        f"<s {NAMES}><style:header><text:p>Draft</text:p></style:header><style:header-first><text:p>Draft</text:p>"
        "</style:header-first><style:footer><text:p>7</text:p></style:footer></s>"
    )
    meta = f"<m {NAMES}><dc:title>From properties</dc:title></m>"
    document = one(parse("plan.odt", package("text", text(body), {"styles.xml": styles, "meta.xml": meta})))
    assert document.text == (
        "## The plan\n\nWords[^1] and more.\n\n[^1]: A note.\n\nComment (Ann): check\n\nIn a box\n\n- one\n\n  - inner"
        "\n\nHeader: Draft"
    )
    assert document.title == "From properties"
    assert document.omissions == (
        Omission("deleted text", 1, "gone words"),
        Omission("picture without a description", 1, "Pictures/a.png"),
    )


def test_sheets_repeat_cells_and_the_labels_of_merged_ones(parse: Parse) -> None:
    merged = cell("Tea", "table:number-rows-spanned='2'")
    twice = cell("a", "table:number-columns-repeated='2'")
    rows = (
        f"<table:table-row>{merged}{twice}</table:table-row>"
        "<table:table-row><table:covered-table-cell/><table:table-cell office:value='7'/>"
        "<table:table-cell table:formula='of:=A1'/><table:table-cell table:number-columns-repeated='16000'/>"
        "</table:table-row><table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row>"
    )
    document = one(parse("money.ods", package("spreadsheet", sheet(rows))))
    assert document.text == "## Budget\n\n| Tea | a | a |\n| --- | --- | --- |\n| Tea | 7 | =A1 |"
    assert [page.label for page in document.pages] == ["sheet Budget"]


def test_slides_are_pages_with_titles_notes_charts_and_pictures_by_their_descriptions(parse: Parse) -> None:
    body = (
        '<office:body><office:presentation><draw:page><draw:frame presentation:class="title"><draw:text-box>'
        "<text:p>Results</text:p></draw:text-box></draw:frame><draw:frame><svg:desc>A rising line</svg:desc>"
        '<draw:image xlink:href="a.png"/></draw:frame><draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
        "<presentation:notes><draw:frame><draw:text-box><text:p>say it</text:p></draw:text-box></draw:frame>"
        "</presentation:notes></draw:page></office:presentation></office:body>"
    )
    chart = (
        f"<c {NAMES}><chart:title><text:p>Sales</text:p></chart:title><table:table><table:table-row>{cell('2024')}"
        f"{cell('9')}</table:table-row></table:table></c>"
    )
    document = one(parse("talk.odp", package("presentation", body, {"Object 1/content.xml": chart})))
    assert document.text == "# Results\n\nA rising line\n\nSales\n\n| 2024 | 9 |\n| --- | --- |\n\nNotes: say it"
    assert [page.label for page in document.pages] == ["slide 1"]
    assert document.omissions == ()


def test_a_flat_file_is_read_whatever_its_name(parse: Parse) -> None:
    flat = f'<?xml version="1.0"?>\n<office:document {NAMES}>{text("<text:p>words</text:p>")}</office:document>'
    assert one(parse("a.fodt", flat)).text == one(parse("a.xml", flat)).text == "words"


def test_a_book_has_a_page_per_chapter_with_titles_from_its_contents(parse: Parse) -> None:
    document = one(parse("book.epub", book()))
    assert document.text == "# Rain\n\nIt rains.\n\n# Snow\n\nIt snows.\n\nOnly a link leads here."
    assert [page.label for page in document.pages] == ["chapter 1", "chapter 3", "chapter 4"]
    assert document.title == "Weather"
    assert document.omissions == (Omission("picture", 1, "OPS/a.png"),)


def book(encryption: str = "") -> bytes:
    chapter = "<html><head><title>x</title></head><body>{}</body></html>"
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>Weather</dc:title></metadata><manifest>"
        '<item id="c2" href="snow%20.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="c1" href="rain.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="x" href="ice.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="p" href="a.png" media-type="image/png"/></manifest>'
        '<spine><itemref idref="c1"/><itemref idref="nav"/><itemref idref="c2"/></spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    nav = '<html><body><nav><a href="rain.xhtml#a">Rain</a><a href="snow%20.xhtml">Snow</a></nav></body></html>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OPS/book.opf": package,
            "OPS/nav.xhtml": nav,
            "OPS/rain.xhtml": chapter.format("<h1>Rain</h1><p>It rains.</p>"),
            "OPS/snow .xhtml": chapter.format("<p>It snows.</p>"),
            "OPS/ice.xhtml": chapter.format("<p>Only a link leads here.</p>"),
            **({"META-INF/encryption.xml": encryption} if encryption else {}),
        }
    )


def test_scrambled_fonts_do_not_make_a_book_protected(parse: Parse) -> None:
    method = '<encryption><EncryptionMethod Algorithm="{}"/></encryption>'
    assert one(parse("a.epub", book(method.format("http://www.idpf.org/2008/embedding")))).title == "Weather"
    assert kind_of(parse, "a.epub", book(method.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc"))) == "encrypted"


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("bomb.odt", package("text", text("<text:p>x</text:p>"), {"a.xml": "\0" * (30 * 2**20)}), "too_large"),
        ("laughs.odt", package("text", text("<text:p>&b;</text:p>"), head=LAUGHS), "damaged"),
        ("deep.odt", package("text", text("<text:span>" * 5000 + "</text:span>" * 5000)), "too_deep"),
        ("cut.odt", package("text", text("<text:p>words</text:p>"))[:200], "damaged"),
        ("broken.odt", package("text", "<office:body>"), "damaged"),
        ("blank.odt", package("text", text("<text:p/>")), "no_text"),
        ("locked.odt", package("text", text(""), {"META-INF/manifest.xml": "<encryption-data/>"}), "encrypted"),
        ("bare.odt", zipped({"mimetype": f"{KIND}text"}), "damaged"),
        ("bare.epub", zipped({"mimetype": "application/epub+zip"}), "damaged"),
        (
            "rows.ods",
            package(
                "spreadsheet",
                sheet(f"<table:table-row table:number-rows-repeated='99999999'>{cell('words')}</table:table-row>"),
            ),
            "too_large",
        ),
    ],
)
def test_what_cannot_be_read_says_why(parse: Parse, name: str, data: bytes, kind: str) -> None:
    assert kind_of(parse, name, data) == kind


def test_formulas_links_of_pictures_master_pages_and_macros_are_kept_or_counted(parse: Parse) -> None:
    body = (
        '<text:p>f<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p><text:p><draw:a '
        'xlink:href="https://e.example/map"><draw:frame><svg:title>The map</svg:title></draw:frame></draw:a></text:p>'
    )
    frame = "<draw:frame><draw:text-box><text:p>Internal</text:p></draw:text-box></draw:frame>"
    parts = {
        "Object 1/content.xml": '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi><mo>=</mo><mn>3</mn></math>',
        "styles.xml": f"<s {NAMES}><style:master-page>{frame}</style:master-page></s>",
        "Basic/Standard/Module1.xml": "<m/>",
    }
    document = one(parse("a.odt", package("text", text(body), parts)))
    assert document.text == "f\n\nx=3\n\n(https://e.example/map)\n\nThe map\n\nOn each page: Internal"
    assert document.omissions == (Omission("macros", 1),)
