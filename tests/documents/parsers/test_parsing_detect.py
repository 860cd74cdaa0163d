"""A file is what its content says, and only then what its name says."""

import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ole_files import compound
from tests.support.parsing_files import docx, paragraph, pdf
from xnai_pipelines.documents.parsers.detect import detect
from xnai_pipelines.errors import SkippedFileError, UnreadableError

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"# Title\n", "a/readme.md", "text/markdown"),
        (b"plain", "notes.TXT", "text/plain"),
        (b"no extension", "LICENSE", "text/plain"),
        (b"all:\n\techo\n", "Makefile", "text/x-mk"),
        (b"def f(): ...", "f.py", "text/x-python"),
        (b"PAR1" + bytes(range(32)), "data.bin", "application/vnd.apache.parquet"),
        (b"<!DOCTYPE html><html>", "error.pdf", "text/html"),
        (b"\n<!-- saved --><html><body>", "page.txt", "text/html"),
        (b"<html> is a tag", "about.md", "text/markdown"),
        (b"From: a@b\nMIME-Version: 1.0\n\nhello", "mail.txt", "message/rfc822"),
        (b"From: me\nSubject: a letter\n\nhello", "letter.txt", "text/plain"),
        ("текст".encode("cp1251"), "legacy.txt", "text/plain"),
        ("text".encode("utf-16"), "wide.csv", "text/csv"),
    ],
)
def test_a_file_is_told_by_its_content_and_name(head: bytes, name: str, expected: str) -> None:
    assert detect(head, name) == expected


def test_a_pdf_and_a_word_file_named_text_are_a_pdf_and_a_word_file() -> None:
    assert detect(pdf([["words"]]), "report.txt") == "application/pdf"
    assert detect(docx(paragraph("words")), "report.md") == DOCX


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"", "empty.md", "empty"),
        (b"\xef\xbb\xbf", "mark.txt", "empty"),
        (b" \n\t\n", "blank.rst", "empty"),
        (b"\x89PNG\r\n\x1a\n", "picture.txt", "unsupported"),
        (b"\x7fELF\x02\x01", "program", "unsupported"),
        (b"PK\x03\x04" + bytes(26) + b"a.class", "program.jar", "unsupported"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "thumbs.db", "unsupported"),
        (bytes(range(256)), "unknown.xyz", "unsupported"),
    ],
)
def test_what_nobody_would_read_is_skipped_not_called_damaged(head: bytes, name: str, kind: str) -> None:
    with pytest.raises(SkippedFileError) as caught:
        detect(head, name)
    assert caught.value.kind == kind
    assert not str(caught.value).endswith("."), "counts name it: a noun phrase, not a sentence"


@pytest.mark.parametrize("name", ["scan.pdf", "report.docx", "table.parquet"])
def test_a_name_that_promises_another_format_is_damage(name: str) -> None:
    for head in (b"just words", bytes(range(256))):
        with pytest.raises(UnreadableError, match="misnamed") as caught:
            detect(head, name)
        assert caught.value.kind == "damaged"


@pytest.mark.parametrize(
    "words", ["MZ is a prefix", "ID3 tags", "OTTO Group", "RIFF is a format", "The ftyp box", "PAR1 is", "ITSF is"]
)
def test_words_that_begin_like_a_magic_number_are_words(words: str) -> None:
    assert detect(f"{words} explained".encode(), "notes.txt") == "text/plain"


@pytest.mark.parametrize("word", ["The Workbook", "Quill", "VisioDocument"])
def test_the_words_of_an_old_office_file_are_no_names_of_its_streams(word: str) -> None:
    letter = compound({"WordDocument": word.encode("utf-16-le") * 400})
    assert detect(letter, "letter.doc") == "application/msword"
    assert detect(letter[:8] + word.encode("utf-16-le"), "letter.doc") == "application/msword"


def test_an_object_in_an_old_office_file_does_not_change_its_kind() -> None:
    report = compound({"WordDocument": b"words", "ObjectPool/_1/VisioDocument": b"drawing"})
    assert detect(report, "report.doc") == "application/msword"


GERMAN = "Größe und Fußnoten: Die Schlüssel werden für alle Häuser gewechselt. Öffnen Sie das Menü.\n"
RUSSIAN = "Ключи подписи меняют каждые девяносто дней. Откройте меню и выберите пункт.\n"


@pytest.mark.parametrize(
    ("text", "encoding", "name", "expected"),
    [
        (GERMAN, "latin-1", "LIESMICH", "text/plain"),
        (GERMAN, "latin-1", "readme.1st", "text/plain"),
        (RUSSIAN, "koi8-r", "ПРОЧТИ", "text/plain"),
        ("서명 키는 구십 일마다 교체합니다. 메뉴를 열고 항목을 선택하십시오.", "euc-kr", "tutor.ko.euc", "text/plain"),
        (f"<!DOCTYPE html><html><body><p>{RUSSIAN}", "koi8-r", "index.html.ru.koi8-r", "text/html"),
        (f"<html><body><p>{GERMAN}", "latin-1", "page.txt", "text/html"),
        (f"From: a@b\nMIME-Version: 1.0\n\n{GERMAN}", "latin-1", "1700000000.M1P1.host:2,S", "message/rfc822"),
        (f".TH A 1\n{GERMAN}", "latin-1", "a.1", "text/troff"),
    ],
)
def test_a_text_in_a_legacy_encoding_is_known_under_any_name(
    text: str, encoding: str, name: str, expected: str
) -> None:
    assert detect(text.encode(encoding), name) == expected


@given(st.integers(0), st.integers(60, 4000), st.sampled_from(["a", "a.dat"]))
def test_bytes_at_random_are_no_text_under_a_name_that_promises_none(seed: int, size: int, name: str) -> None:
    with pytest.raises(SkippedFileError):
        detect(b"\x97" + Random(seed).randbytes(size), name)


@pytest.mark.parametrize("repeated", [b"Key: value\r\n", b"<!-- a -->", b"From a 11:11 "])
def test_no_text_takes_long_to_tell(repeated: bytes) -> None:
    begun = time.process_time()
    assert detect(repeated * 3000 + b"<p>x", "a.txt") == "text/plain"
    assert time.process_time() - begun < 1
