"""Damaged bytes cost themselves and are named; a short text in a legacy encoding is read as written or refused."""

import pytest

from tests.support.parsing_files import Parse
from xnai_pipelines.documents.parsers.parsed import ParsedDocument
from xnai_pipelines.documents.parsers.text.decode import decode, looks_like_text
from xnai_pipelines.documents.parsers.text.legacy_encodings import legacy_encoding
from xnai_pipelines.documents.parsers.text.repair import decode_and_repair, kinds_of_repair
from xnai_pipelines.errors import UnreadableError

UTF8 = "Die Prüfung der Größe läuft – für alle Geräte.\n" * 4

SHORT = [
    ("cp1251", "Насос осматривают каждую весну."),
    ("cp1251", "Привет, мир!"),
    ("koi8-r", "Договор аренды"),
    ("koi8-r", "Привет, мир!"),
    ("cp866", "Отчёт за март готов"),
    ("cp1252", "Müller"),
    ("cp1252", "Preis: 12 € für Müller"),
    ("cp1252", "“Yes,” she said – it’s a café."),
    ("iso-8859-15", "Entgelt: 7 € je Prüfung"),
    ("cp1250", "Wyślij fakturę do końca września"),
    ("cp1250", "Příliš žluťoučký kůň"),
    ("iso-8859-2", "Wyślij fakturę do końca września"),
    ("iso-8859-2", "Česká republika"),
    ("cp1253", "Η συνάντηση αναβλήθηκε"),
    ("cp1254", "Güneşli bir gün, çalışıyoruz"),
    ("cp1255", "החוזה נחתם אתמול"),
    ("cp1256", "درجة حرارة الماء"),
    ("cp874", "ตรวจสอบปั๊มทุกฤดูใบไม้ผลิ"),
    ("gb18030", "会议推迟到明天下午"),
    ("gb18030", "你好，世界"),
    ("big5", "會議延到明天下午"),
    ("big5", "你好，世界"),
    ("shift_jis", "会議は明日の午後に延期"),
    ("shift_jis", "ありがとう"),
    ("euc-jp", "会議は明日の午後に延期"),
    ("euc-jp", "取扱説明書"),
    ("euc-kr", "회의는 내일 오후로 연기"),
    ("euc-kr", "사용 설명서"),
]


@pytest.mark.parametrize(("encoding", "text"), SHORT)
def test_a_short_text_in_a_legacy_encoding_is_read_as_written(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("data", ["É".encode("cp1252"), "謝謝".encode("big5")])
def test_a_text_that_several_scripts_could_be_is_refused(data: bytes) -> None:
    assert legacy_encoding(data) is None
    with pytest.raises(UnreadableError, match="can be told"):
        decode(data)


def test_a_damaged_byte_of_utf8_is_replaced_and_its_place_named(parse: Parse) -> None:
    data = UTF8.encode() + b"raw: \xff\xfe\x80 end\n" + UTF8.encode()
    text, repair = decode_and_repair(data)
    assert text == f"{UTF8}raw: \ufffd\ufffd\ufffd end\n{UTF8}"
    at = len(UTF8.encode()) + len("raw: ")
    assert repair == f"damaged bytes of utf-8: 3 at byte {at}, {at + 1}, {at + 2}"
    (document,) = parse("log.txt", data)
    assert isinstance(document, ParsedDocument)
    assert document.encoding_repair == repair
    assert looks_like_text(data)


@pytest.mark.parametrize(
    "damaged",
    [
        "Das Café".encode("cp1252") + b" hat offen.\n" + UTF8.encode(),
        UTF8.encode() + "Er sagte “ja”.".encode("cp1252"),
        UTF8.encode() + "Ende ü".encode()[:-1],
        UTF8.encode() + "Ende €".encode()[:-1],
        "only ascii before a cut €".encode()[:-1],
    ],
)
def test_utf8_with_a_few_bytes_of_another_encoding_stays_utf8(damaged: bytes) -> None:
    decoded = decode(damaged)
    assert decoded.text == damaged.decode("utf-8", "replace").replace("“ja”", "\ufffdja\ufffd")
    assert decoded.repair is not None
    assert kinds_of_repair(decoded.repair) == ["damaged bytes of utf-8"]


def test_many_damaged_bytes_are_counted_and_the_first_named() -> None:
    repair = decode((UTF8 * 20).encode() + b"\xff a " * 9).repair
    assert repair is not None
    assert repair.startswith("damaged bytes of utf-8: 9 at byte ")
    assert repair.endswith(", …")


def test_a_legacy_text_keeps_all_but_the_bytes_that_its_encoding_lacks() -> None:
    text = "Насос осматривают каждую весну. Договор подписан вчера. " * 3
    decoded = decode(text.encode("cp1251") + b"\x98" + " Конец.".encode("cp1251"))
    assert decoded.text == f"{text}\ufffd Конец."
    assert decoded.repair is not None


def test_unknown_bytes_in_ascii_are_replaced() -> None:
    decoded = decode(b"GET /index 200\n" * 20 + b"\xff\xfe\x81\x8d\x80\x00\n")
    assert decoded.text.startswith("GET /index 200\n")
    assert decoded.repair is not None


@pytest.mark.parametrize(
    "text", ["Насос осматривают каждую весну.\n", "水泵每年春天检查一次。会议推迟。", "Η συνάντηση ακυρώθηκε"]
)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-32-le", "utf-32-be"])
def test_utf16_and_utf32_of_any_script_are_told_with_and_without_a_mark(encoding: str, text: str) -> None:
    data = text.encode(encoding)
    assert decode(data).text.removeprefix("\ufeff") == text
    assert looks_like_text(data)


def test_utf16_that_is_cut_off_keeps_its_text() -> None:
    text = "Plain words of a report, cut off. " * 3
    decoded = decode(text.encode("utf-16")[:-1])
    assert decoded.text == text[:-1] + "\ufffd"
    assert decoded.repair is not None
    assert decoded.repair.startswith("damaged bytes of utf-16: 1")


def test_nul_bytes_are_removed_and_counted(parse: Parse) -> None:
    (document,) = parse("crash.log", b"started\n" + b"\0" * 4096 + "stopped – Größe\n".encode())
    assert isinstance(document, ParsedDocument)
    assert document.text == "started\nstopped – Größe\n"
    assert document.encoding_repair == "NUL bytes removed: 4,096 from byte 8 on"


def test_mail_in_seven_bit_japanese_is_decoded() -> None:
    assert decode("会議は明日です。".encode("iso2022_jp")).text == "会議は明日です。"


def test_repairs_are_counted_by_kind() -> None:
    assert kinds_of_repair("damaged bytes of utf-8: 2 at byte 1, 7; utf-8 read as cp1252") == [
        "damaged bytes of utf-8",
        "utf-8 read as cp1252",
    ]


@pytest.mark.parametrize(
    ("head", "text", "encoding"),
    [
        ("It says charset=iso-8859-1. ", "Насос осматривают каждую весну.", "cp1251"),
        ("It says charset=koi8-r. ", "Die Prüfung der Größe läuft für alle Geräte.", "cp1252"),
        ("It says charset=iso-8859-1. ", UTF8, "utf-8"),
        ('<meta charset="iso-8859-1"> ', "Насос осматривают каждую весну.", "cp1251"),
        ('<meta charset="iso-8859-2"> ', "Łódź", "iso-8859-2"),
        ('<?xml version="1.0" encoding="koi8-r"?> ', "Насос", "koi8-r"),
        ("# -*- coding: cp1251 -*-\n", "Насос", "cp1251"),
        ('<meta charset="gb2312"> ', "镕基水泵價格", "gbk"),
        ('<meta charset="big5"> ', "啲水泵喺度", "big5hkscs"),
        ('<meta charset="x-mac-cyrillic"> ', "Насос", "mac-cyrillic"),
    ],
)
def test_a_declared_encoding_is_believed_unless_the_bytes_deny_it(head: str, text: str, encoding: str) -> None:
    damaged = b"\xff" if encoding == "utf-8" else b""
    assert decode(head.encode() + text.encode(encoding) + damaged).text.rstrip("\ufffd") == head + text
