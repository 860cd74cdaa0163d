"""Scanned pages are recognised if their languages are named, and what was recognised says how sure it is."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib
import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdfium2 import PdfDocument

from tests.support.parsing_files import Parse
from tests.support.workplace import RULES, Workplace
from xnai_pipelines.documents.parsers.parsed import Omission, ParsedDocument, ParseLimits
from xnai_pipelines.documents.parsers.pdf.recognition import PageRecogniser, check_languages
from xnai_pipelines.errors import SettingsError, UnreadableError
from xnai_pipelines.state.schemas import DOCUMENTS

pytestmark = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")

ENGLISH = ParseLimits(ocr_languages="eng")
FONT = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSerif.ttf"


def scan(*pages: str) -> bytes:
    """Return a PDF whose pages are pictures of texts."""
    font = ImageFont.truetype(str(FONT), 36)
    pictures = []
    for text in pages:
        picture = Image.new("L", (1000, 400), 255)
        ImageDraw.Draw(picture).multiline_text((60, 60), text, font=font, fill=0, spacing=16)
        pictures.append(picture)
    written = io.BytesIO()
    pictures[0].save(written, "PDF", resolution=150, save_all=True, append_images=pictures[1:])
    return written.getvalue()


def test_a_scanned_page_is_read_with_its_confidence_and_an_empty_one_counted(parse: Parse) -> None:
    [document] = parse("a.pdf", scan("The pump is cleaned\nevery second Friday.", ""), ENGLISH)
    assert isinstance(document, ParsedDocument)
    assert document.text == "The pump is cleaned\nevery second Friday."
    assert document.encoding_repair is not None
    named, sure = document.encoding_repair.split(", ")
    assert named == "recognised pictures: page 1"
    assert int(sure.removesuffix("% sure")) > 80
    assert document.omissions == (Omission("page without text", 1, "page 2"),)


def test_without_languages_the_scan_is_refused_with_the_setting(parse: Parse) -> None:
    with pytest.raises(UnreadableError, match="set XNAI_OCR_LANGUAGES"):
        parse("a.pdf", scan("The pump is cleaned."))


def test_a_scan_without_writing_says_so(parse: Parse) -> None:
    with pytest.raises(UnreadableError, match="no writing was recognised"):
        parse("a.pdf", scan(""), ENGLISH)


def test_a_page_for_which_no_time_is_left_is_not_read() -> None:
    page = PdfDocument(scan("The pump is cleaned."))[0]
    assert PageRecogniser("eng", seconds=0.0).page(page) is None


@pytest.mark.parametrize("languages", ["qqq", "eng+qqq", "eng; rm", "--psm"])
def test_a_language_that_is_not_installed_is_refused(languages: str) -> None:
    with pytest.raises(SettingsError, match="XNAI_OCR_LANGUAGES"):
        check_languages(languages)


def test_without_the_program_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SettingsError, match="apt-get install tesseract-ocr"):
        check_languages("eng")


def test_files_are_read_again_when_recognition_is_switched(work: Workplace) -> None:
    work.write("scan.pdf", scan("The pump is cleaned every Friday."))
    work.write("note.txt", "A note.\n")
    recognising = replace(RULES, limits=ENGLISH)
    assert work.ingest_documents().quarantined == 1

    report = work.ingest_documents(recognising)
    assert (report.quarantined, report.written) == (0, 1)
    assert report.repaired == {"recognised pictures": 1}
    assert work.ingest_documents(recognising).written == 0

    work.ingest_documents()
    assert work.sources() == {"note.txt"}
    assert work.tables.count(DOCUMENTS) == 1
