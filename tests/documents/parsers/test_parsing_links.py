"""A link shows where it leads, if its words do not, whatever the format."""

from collections.abc import Callable
from io import BytesIO

import pytest
from pptx import Presentation

from tests.support.ole_files import doc
from tests.support.parsing_files import zipped
from xnai_pipelines.documents.parsers.link_targets import target_of_field, unsaid_target
from xnai_pipelines.documents.parsers.office.opendocument import parse_opendocument
from xnai_pipelines.documents.parsers.office.slides import parse_pptx
from xnai_pipelines.documents.parsers.office97.rtf import parse_rtf
from xnai_pipelines.documents.parsers.office97.word import parse_doc
from xnai_pipelines.documents.parsers.parsed import Content

ADDRESS = "https://pay.example/7"


def presentation() -> bytes:
    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    run = slide.placeholders[1].text_frame.paragraphs[0].add_run()
    run.text, run.hyperlink.address = "Pay here", ADDRESS
    stream = BytesIO()
    show.save(stream)
    return stream.getvalue()


def open_text() -> bytes:
    office, text = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "text"))
    link = "http://www.w3.org/1999/xlink"
    body = f'<text:p><text:a xlink:href="{ADDRESS}">Pay here</text:a></text:p>'
    spaces = f'xmlns:office="{office}" xmlns:text="{text}" xmlns:xlink="{link}"'
    whole = f"<office:body><office:text>{body}</office:text></office:body>"
    return zipped({"content.xml": f"<office:document-content {spaces}>{whole}</office:document-content>"})


FIELD = rb'{\rtf1 {\field{\*\fldinst {HYPERLINK "https://pay.example/7"}}{\fldrslt {\ul Pay here}}}}'


@pytest.mark.parametrize(
    ("parse", "data", "text"),
    [
        (parse_pptx, presentation, f"Pay here ({ADDRESS})"),
        (parse_opendocument, open_text, f"Pay here ({ADDRESS})"),
        (parse_rtf, lambda: FIELD, f"Pay here ({ADDRESS})"),
        (parse_doc, lambda: doc([(f'\x13 HYPERLINK "{ADDRESS}" \x14Pay here\x15\r', 0)]), f"Pay here ({ADDRESS})"),
    ],
)
def test_the_address_of_a_link_follows_its_words(
    parse: Callable[[bytes, str, int], Content], data: Callable[[], bytes], text: str
) -> None:
    assert parse(data(), "stem", 10**6).text == text


@pytest.mark.parametrize(
    ("words", "target", "address"),
    [
        ("Pay here", ADDRESS, ADDRESS),
        ("Pay at pay.exam\nple/7", ADDRESS, ""),
        ("ann@b.example", "mailto:ann@b.example?subject=Hi", ""),
        ("Up", "#top", ""),
        ("Open", "file:///etc/hosts", ""),
        ("Read", f"{ADDRESS}?click={'x' * 300}", ADDRESS),
    ],
)
def test_an_address_is_shown_once_and_without_counters(words: str, target: str, address: str) -> None:
    assert unsaid_target(words, target) == address


def test_the_address_of_a_formula_is_its_first_argument() -> None:
    assert target_of_field(f'=IF(A1,HYPERLINK("{ADDRESS}","here"),"")') == ADDRESS
    assert target_of_field("=A1+1") == ""
