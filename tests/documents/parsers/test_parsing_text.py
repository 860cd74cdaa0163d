"""Bytes become the text that was written, and correct text stays as it is."""

import time
import unicodedata

import pytest
from ftfy import bad_codecs
from hypothesis import given, settings
from hypothesis import strategies as st

from xnai_pipelines.documents.parsers.text.decode import decode
from xnai_pipelines.documents.parsers.text.language import identify_language
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.text.repair import repair_mojibake
from xnai_pipelines.errors import UnreadableError

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. Москва — столица; «цитата» №5 😀"
SLOPPY = {"cp1252": "sloppy-windows-1252", "cp1251": "sloppy-windows-1251"}
WRITTEN = [
    RUSSIAN,
    "Привет, мир!",
    "It’s a café — “naïve” 😀",
    "Größe und Übermut, Straße",
    "L’été à la forêt où l’on s’ennuie",
    "这是一个测试文件，内容是中文。",
    "Deploy 🚀 done ✅",
    "Καλημέρα κόσμε",
    "שלום עולם",
    "日本語のテキスト",
    "Zażółć gęślą jaźń",
]
CORRECT = [
    *WRITTEN,
    "Bienvenue sur l’île",  # valid UTF-8 when written in Mac Roman
    "L’église de l’île d’Oléron",
    "Join ZZAJÉ’s Official Fan List",
    "TOUCHÉ… and IRMÃ…",
    "MISUTÂ\u00a0AJIKKO",
    "higher values (“+” and “×” curves)",
    "├┤a┼┐a┼┐a┼┐a┼┐a",
    "┌──┬──┐\n│  │  │\n└──┴──┘",
    "«СССР» № 5 — НАТО»",
    "Ä, Ö and Ü; Å’s ring; Ñ… señor",
    "x = {'naïve': '→', \"é\": 'Ω≈ç√∫'}  # ∑ → ∞",
]
LETTERS = [
    "абвгдежзийклмнопрстуфхцчшщъыьэюя —«».,!?",
    "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ .,;·",
    "abcdefghijklmnopqrstuvwxyzàâæçéèêëîïôœùûüÿ ’«».,!? …",
    "abcdefghijklmnopqrstuvwxyzäöüß „“‚‘–.,",
    "的一是不了人我在有他这为之大来以个中上们。，「」",
    "😀🚀✅👍🏽❤️ abc",
    "abcdef(){}[]<>=+-*/_ \"'`~|\\→≤≥≠─│┌┐└┘├┤",
]


@pytest.fixture(scope="module", autouse=True)
def _codecs() -> None:
    import codecs

    codecs.register(bad_codecs.search_function)


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251", "mac_roman", "cp437", "koi8-r"])
def test_utf8_read_in_another_encoding_is_undone_and_named(text: str, encoding: str) -> None:
    misread = text.encode().decode(SLOPPY.get(encoding, encoding))
    repaired, what = repair_mojibake(misread)
    assert repaired == text
    # latin-1 and cp1252 are the same where no byte from 0x80 to 0x9f occurs
    assert what == f"utf-8 read as {encoding}" or (encoding == "cp1252" and what == "utf-8 read as latin-1")


def test_text_that_was_misread_twice_is_undone() -> None:
    twice = RUSSIAN.encode().decode("mac_roman").encode().decode("sloppy-windows-1252")
    assert repair_mojibake(twice) == (RUSSIAN, "utf-8 read as mac_roman, that as cp1252")
    twice = "Größe, Übermut".encode().decode("latin-1").encode().decode("latin-1")
    assert repair_mojibake(twice) == ("Größe, Übermut", "utf-8 read as latin-1, 2 times")


@pytest.mark.parametrize("text", CORRECT)
def test_correct_text_is_never_touched(text: str) -> None:
    assert repair_mojibake(text) == (text, None)


@pytest.mark.slow
@pytest.mark.parametrize("alphabet", LETTERS)
def test_no_words_of_a_language_s_letters_are_touched(alphabet: str) -> None:
    word = st.text(st.sampled_from(alphabet), min_size=2, max_size=12)

    # The same examples every time: letters at random do, rarely, hit what no rule can tell ("ÿàÿà" is Arabic misread).
    @settings(derandomize=True)
    @given(st.lists(st.tuples(word, st.booleans()), min_size=3, max_size=12))
    def check(parts: list[tuple[str, bool]]) -> None:
        text = " ".join(one.capitalize() if capital else one for one, capital in parts)
        assert repair_mojibake(text) == (text, None)

    check()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_unicode_encodings_are_told_with_and_without_a_mark(encoding: str) -> None:
    text = "Plain words, mostly Latin, with an é."
    assert normalise(decode(text.encode(encoding)).text) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Die Gebühr beträgt 20 Euro und wird im Voraus für die Straße bezahlt.", "cp1252"),
        ("Cette année, le développement a été arrêté à cause d'un problème à l'été.", "cp1252"),
        ("It costs £20 and is © 2020 by the author of the book", "cp1252"),
        ("Zażółć gęślą jaźń. Pchnąć w tę łódź jeża lub ośm skrzyń fig.", "cp1250"),
        ("Pijamalı hasta yağız şoföre çabucak güvendi.", "cp1254"),
        (RUSSIAN[:57], "cp1251"),
        (RUSSIAN[:57], "koi8-r"),
        (RUSSIAN[:57], "cp866"),
        ("日本語のテキストです。これは試験です。", "cp932"),
        ("这是一个测试文件，内容是中文。", "gb18030"),
    ],
)
def test_legacy_encodings_are_found(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


def test_the_encoding_that_a_file_declares_is_believed_when_it_fits() -> None:
    page = '<html><head><meta charset="iso-8859-7"></head><body>ναι</body></html>'
    assert "ναι" in decode(page.encode("iso-8859-7")).text


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\0" * 100, "é".encode("utf-16") + b"\0\xd8"])
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        decode(data)
    assert caught.value.kind == "damaged"


@given(st.text())
def test_normalised_text_is_nfc_without_controls_and_stays_so(text: str) -> None:
    once = normalise(text)
    assert unicodedata.is_normalized("NFC", once)
    assert normalise(once) == once
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in once)


def test_what_normalising_changes() -> None:
    assert normalise("a\r\nb\rc\x0cd\u2028e") == "a\nb\nc\nd\ne"
    assert normalise("\x1b[1;31mred\x1b[0m \x00and\x07 plain") == "red and plain"
    assert normalise("It\x92s \x85") == "It’s …"
    assert normalise("e\u0301 \ud800") == "é \ufffd"
    assert normalise("\ufefffamily 👩‍👩‍👧") == "family 👩‍👩‍👧"


def test_a_hundred_thousand_combining_marks_take_no_time() -> None:
    started = time.process_time()
    normalise("a" + "\u0316\u0301" * 100_000)
    assert time.process_time() - started < 2  # minutes without the cuts


def test_a_title_is_one_line_of_limited_length() -> None:
    assert single_line(" a \n b\t") == "a b"
    assert len(single_line("word " * 100)) <= 200


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This is an English sentence about nothing at all.", "en"),
        ("Это предложение на русском языке ни о чём.", "ru"),
        ("Dieser Satz ist auf Deutsch und handelt von nichts.", "de"),
        ("short", None),
        ("1234567890 " * 20, None),
    ],
)
def test_language_is_told_from_twenty_letters_on(text: str, language: str | None) -> None:
    assert identify_language(text) == language


def test_code_in_a_german_page_does_not_make_it_english() -> None:
    code = "```python\nfor item in range(10):\n    print('the value is', item)\n```\n" * 5
    assert identify_language(f"Hier ist ein Beispiel für die Schleife:\n\n{code}\nDas war es schon.") == "de"
