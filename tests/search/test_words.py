"""Words are found in whatever form they are written, in any language; identifiers whole and in parts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.search.keyword import possible_titles
from xnai_pipelines.search.stems import stem
from xnai_pipelines.search.words import LETTER, RUN, fold, terms, title, words


def exact(text: str) -> list[str]:
    return [word.text for word in words(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("résumé", "resume"),
        ("Müller", "Mu\u0308ller"),
        ("Haft\u00adpflicht", "haftpflicht"),
        ("max\u200bConnection", "maxConnection"),
        ("co\u2011determination", "co-determination"),
        ("كَتَبَ", "كتب"),
        ("أحمد", "احمد"),
        ("STRASSE", "Straße"),
        ("İstanbul", "istanbul"),
        ("ILIK", "ılık"),
        ("ёлка", "елка"),
        ("Ἀθῆναι", "Αθηναι"),
        ("ｆｕｌｌ", "full"),
        ("it’s", "it's"),
        ("Łódź", "lodz"),
        ("٢٠٢٤", "2024"),
        ("๒๕๖๗", "2567"),
        ("کتاب", "كتاب"),
    ],
)
def test_two_forms_of_a_word_are_one(one: str, other: str):
    assert exact(one) == exact(other)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "keys", "key"),
        ("he", "ובאישור", "אישור"),
        ("he", "החשבוניות", "חשבונית"),
        ("he", "והמפתח", "מפתח"),
        ("he", "לחופשת", "חופשה"),
        ("he", "במכונית", "מכוניות"),
        ("tr", "yedekten", "yedekleri"),
        ("tr", "yemekhanenin", "yemekhane"),
        ("tr", "kapılar", "kapı"),
        ("tr", "kitabı", "kitap"),
        ("tr", "ağaçlar", "ağaç"),
        ("pl", "rachunki", "rachunek"),
        ("uk", "квитанції", "квитанція"),
    ],
)
def test_two_inflected_forms_of_a_word_have_one_stem(language: str, one: str, other: str):
    assert stem(fold(one), language) == stem(fold(other), language)


@pytest.mark.parametrize(("language", "word"), [("he", "אב"), ("he", "בית"), ("uk", "ліс"), ("tr", "ev")])
def test_short_words_are_their_own_stems(language: str, word: str):
    assert stem(word, language) == f"{language}:{word}"


@pytest.mark.parametrize(("one", "other"), [("й", "и"), ("が", "か"), ("हिन्दी", "हनद")])
def test_marks_that_make_another_letter_stay(one: str, other: str):
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CVE-2024-1234", ["cve-2024-1234", "cve", "2024", "1234", "cve20241234"]),
        ("foo_bar.baz", ["foo_bar.baz", "foo", "bar", "baz"]),
        ("maxConnectionTimeout", ["maxconnectiontimeout", "max", "connection", "timeout"]),
        ("XMLHttpRequest", ["xmlhttprequest", "xml", "http", "request"]),
        ("C++ and C#.", ["c++", "and", "c#"]),
        ("well-known", ["well-known", "well", "known", "wellknown"]),
        ("don't l'homme", ["don", "t", "l", "homme"]),
        ("user@host.com", ["user@host.com", "user", "host", "com"]),
        ("a" * 90, ["a" * 90]),
        ("数据库", ["数", "据", "库", "数据", "据库"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("שָׁלוֹם", ["שלום"]),
        ("FastAPI를", ["fastapi", "fast", "api", "를"]),
        ("tar -xzf --dry-run - a", ["tar", "-xzf", "xzf", "--dry-run", "dry-run", "dry", "run", "dryrun", "a"]),
        ("Größe2", ["grosse2", "grosse", "2"]),
        ("猫 and カ", ["猫", "and", "カ"]),
        ("Python3は速い", ["python3", "python", "3", "は", "速", "い", "は速", "速い"]),
        ("?!...", []),
    ],
)
def test_a_text_is_cut_into_words(text: str, expected: list[str]):
    assert exact(text) == expected


@pytest.mark.parametrize(
    "identifier",
    [
        *(
            "INV-2024-100105",
            "CVE-2024-1234",
            "ERR_42",
            "/etc/nginx/nginx.conf",
            "os.path.join",
            "maxConnectionTimeout",
        ),
        *("3f2a9c1b", "v1.2.3", "4711815", "user@host.com", "C:\\Windows\\System32", "RFC7231", "0x80070005", "1N4148"),
        *("550e8400-e29b-41d4-a716-446655440000", "978-3-16-148410-0", "2024-100105", "42P01", "OPS-123", "fe80::1"),
        *("NullPointerException", "ValueError", "std::vector", "192.168.0.1:8080", "http://localhost/a"),
    ],
)
def test_people_look_up_codes_names_and_paths(identifier: str):
    assert next(words(identifier)).lookup


@pytest.mark.parametrize(
    "word",
    [
        *("copy", "IL-6", "iPhone", "miRNA", "1998", "2001-02", "1970s", "3.14", "and/or", "e.g.", "don't"),
        *(
            "mid-1990s",
            "post-2008",
            "1998-2001",
            "2024-01-15",
            "15/01/2024",
            "24.12.2024",
            "facade1",
            "St.Petersburg",
            "20th",
        ),
        *("JavaScript", "COVID-19", "100-200", "1080p"),
    ],
)
def test_people_do_not_look_up_words_of_prose(word: str):
    assert not any(found.lookup for found in words(word))


def test_stems_are_those_of_the_passages_language():
    assert stem("running", "en") == "en:run"
    assert stem("häuser", "de") == stem("haus", "de")
    assert stem("running", None) == stem("running", "zh") == ":running"


def test_accents_are_folded_before_stemming():
    assert terms("résumés", "en")[1] == terms("resumes", "en")[1] == "en:resum"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the WHO says", ["the", "who", "WHO", "says"]),
        ("It is IT.", ["it", "is", "it", "IT"]),
        ("IT", ["it", "IT"]),
        ("USA and GPU", ["usa", "and", "gpu"]),
        ("WHAT IS IT", ["what", "is", "it"]),
    ],
)
def test_a_function_word_in_capitals_is_also_a_word_in_capitals(text: str, expected: list[str]):
    assert [word.text for word in words(text)] == expected


def test_identifiers_are_not_stemmed():
    assert terms("IL-6", "en") == ["il-6", "il", "en:il", "6", "en:6", "il6"]


def test_a_code_is_also_found_without_its_hyphens():
    assert "px2210b7" in terms("PX-2210-B7", None)
    assert "9780134685991" in terms("978-0-13-468599-1", None)
    assert "123" not in terms("v1.2.3", None)


@given(st.text(max_size=200))
def test_any_text_has_words_in_lower_case_without_spaces(text: str):
    for word in words(text):
        assert word.text
        assert fold(word.text) == word.text or (word.text.isupper() and word.text in text)
        assert not any(map(str.isspace, word.text))


@given(
    st.text(st.one_of(st.characters(), st.sampled_from("aé1_-' \u0301\u05d0\u05b8\u0915\u093fไทยสั数据")), max_size=40)
)
def test_a_run_of_letters_is_one_letter_after_the_other(text: str):
    assert re.findall(RUN, text) == re.findall(rf"(?:{LETTER})+", text)


def test_a_title_of_unspaced_writing_is_found_in_a_question_that_has_it():
    assert " ".join(title(words("数据库备份"))) in possible_titles("请问数据库备份怎么做")
