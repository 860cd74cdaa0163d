"""What is read of a document: names in any script, code, dates and stated relations, each with its exact range."""

import time

import pytest

from tests.support.graphs import named, read, stated, surfaces
from xnai_pipelines.graph.markup import links
from xnai_pipelines.graph.names import quoted_names
from xnai_pipelines.graph.patterns import pattern_finds

TEXT = (
    'Rukn al-Dawla met Émile Zola on 2 November 1932. "The Ninth Gate" (1999) was shown at the University of '
    "Cambridge, and O'Brien wrote to ops@example.org about CVE-2024-12345 and `asyncio.Queue(maxsize)`.\n\n\n"
    "Set XNAI_HOME, run `xnai run --fast` and read https://example.org/a/b. It needs version 1.2.3 of the tool."
)


def test_every_range_is_the_surface():
    text = f"A Title\n\n{TEXT}"
    for row in read("a.md", TEXT, title="A Title"):
        for mention in row["mentions"]:
            assert text[mention["start"] : mention["end"]] == mention["surface"]
            assert mention["sentence_start"] <= mention["start"] < mention["end"] <= mention["sentence_end"]


@pytest.mark.parametrize(
    ("surface", "kind"),
    [
        ("Rukn al-Dawla", "name"),
        ("Émile Zola", "name"),
        ("2 November 1932", "date"),
        ("The Ninth Gate", "work"),
        ("University of Cambridge", "name"),
        ("O'Brien", "name"),
        ("ops@example.org", "email"),
        ("CVE-2024-12345", "identifier"),
        ("asyncio.Queue", "symbol"),
        ("XNAI_HOME", "setting"),
        ("xnai run --fast", "command"),
        ("https://example.org/a/b", "address"),
        ("1.2.3", "version"),
    ],
)
def test_a_mention_is_found_whole_and_by_its_kind(surface, kind):
    assert surface in surfaces(read("a.md", TEXT), kind)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Президент Владимир Зеленский прибыл в Киев.", "ru", "Владимир Зеленский"),
        ("Η Μελίνα Μερκούρη γεννήθηκε στην Αθήνα.", "el", "Μελίνα Μερκούρη"),
        ("東京大学は東京にある。東京大学の学生。", "ja", "東京大学"),
        ("スティーブ・ジョブズは会長だった。", "ja", "スティーブ・ジョブズ"),
        ("قال محمود درويش شعرا. ولد محمود درويش هناك.", "ar", "محمود درويش"),
    ],
)
def test_names_are_found_in_scripts_with_and_without_capitals(text, language, expected):
    assert any(expected in surface for surface in surfaces(read("a.md", text, language=language)))


def test_a_repeated_particle_is_no_name():
    text = "كان محمود درويش في حيفا. عاش محمود درويش في عكا. مات محمود درويش في هيوستن."
    assert set(surfaces(read("a.md", text, language="ar"))) == {"محمود درويش"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Forbidden Ground is a Hungarian film directed by Pál Gábor.",
            ("Forbidden Ground", "directed_by", "Pál Gábor"),
        ),
        ("Ann Lee (2 May 1931 – 3 June 1990) was a painter.", ("Ann Lee", "born_on", "2 May 1931")),
        ("Ann Lee (2 May 1931 – 3 June 1990) was a painter.", ("Ann Lee", "died_on", "3 June 1990")),
        ("Ann Lee was the daughter of director John Derek.", ("Ann Lee", "child_of", "John Derek")),
        ("The film stars Ann Lee, Bo Ek and Cy Oz.", ("", "performed_by", "Cy Oz")),
        ("She was born on 2 May 1931 in Lyon.", ("", "born_in", "Lyon")),
        ("Ann Lee married American singer Bo Ek.", ("Ann Lee", "married_to", "Bo Ek")),
        ("Acme Corp is a small company in Oslo.", ("Acme Corp", "is_a", "small company")),
        ("It uses a knowledge graph (KG) of words.", ("KG", "abbreviates", "knowledge graph")),
    ],
)
def test_a_relation_is_read_from_the_words_that_state_it(text, expected):
    assert expected in stated(read("a.md", text))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Ann Lee wurde am 8. Juli 1838 in Ulm geboren.", {("born_on", "8. Juli 1838"), ("born_in", "Ulm")}),
        ("de", "Ann Lee, eine Malerin, ist um 1370 in Ulm gestorben.", {("died_on", "1370"), ("died_in", "Ulm")}),
        ("de", "Ann Lee wurde im Jahr 1908 geboren.", {("born_on", "1908")}),
        ("de", "Ann Lee kannte Bo Ek, der in Ulm geboren wurde.", set()),
        ("de", "Acme AG wurde 1908 von Bo Ek gegründet.", {("founded_on", "1908"), ("founded_by", "Bo Ek")}),
        ("en", "Ann Lee sang. She was born in Lyon.", {("born_in", "Lyon")}),
        ("fr", "Ann Lee chante. Elle est née à Lyon.", {("born_in", "Lyon")}),
    ],
)
def test_a_relation_is_read_from_the_verb_at_the_end_and_of_the_name_that_a_pronoun_means(language, text, expected):
    said = stated(read("a.md", text, language=language))
    assert {(kind, other) for subject, kind, other in said if subject in ("Ann Lee", "Acme AG")} == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Kestrel is a message queue.", {"Kestrel"}),
        ("de", "Grünau ist ein Dorf.", {"Grünau"}),
        ("en", "This is a message queue. It was a queue. Hardly known.", set()),
        ("en", "Water is a liquid. " + "We drink water. " * 3, {"Water"}),
    ],
)
def test_a_word_is_a_name_if_the_sentence_that_it_opens_says_what_it_is(language, text, expected):
    found = named(read("a.md", text, language=language))
    assert {form for form in found if form[:1].isupper() and form != "Dorf"} == expected


def test_a_word_that_many_documents_write_small_is_no_name_though_a_sentence_says_what_it_is():
    others = [read(f"{at}.md", "We drink water.") for at in range(6)]
    assert "Water" not in named(read("a.md", "Water is a liquid."), *others)


def test_a_pronoun_means_the_title_of_a_document_that_has_one():
    said = stated(read("a.md", "Bo Ek taught her. She was born in Lyon.", title="Ann Lee"))
    assert ("", "born_in", "Lyon") in said


@pytest.mark.parametrize(
    ("language", "text", "subject"),
    [
        ("es", "La Confederación del Ebro (CE) fue fundada por Bo Ek.", "Confederación del Ebro"),
        ("en", "The [Fen](fen.md) was founded by Bo Ek.", "Fen"),
        ("en", "The film was founded by Bo Ek.", ""),
    ],
)
def test_an_article_may_stand_before_the_subject_of_a_sentence(language, text, subject):
    assert (subject, "founded_by", "Bo Ek") in stated(read("a.md", text, language=language))


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("武汉长江大桥于1957年10月15日通车。武汉大学成立于1893年。", ["1957年10月15日", "1893年"]),
        ("افتتح السد في 15 أكتوبر 1970.", ["15 أكتوبر 1970"]),
        ("Am 8. Juli 1838 und am 9. Juli 1838.", ["8. Juli 1838", "9. Juli 1838"]),
    ],
)
def test_dates_are_found_in_several_scripts_and_stay_apart(text, dates):
    rows = read("a.md", text)
    assert surfaces(rows, "date") == dates
    assert set(dates) <= named(rows).keys()


def test_an_elided_article_is_no_letter_of_an_acronym():
    rows = read("a.md", "L'Agence de l'eau Loire-Bretagne (AELB) siège à Orléans.", language="fr")
    assert ("AELB", "abbreviates", "Agence de l'eau Loire-Bretagne") in stated(rows)


def test_a_link_leads_to_the_document_that_it_names():
    (row,) = read("guide/a.md", "See [the queue](../api/queue.md#put) and [a site](https://example.org).")
    assert [one["target"] for one in row["statements"]] == ["api/queue.md"]


def test_a_chunk_has_the_title_that_it_stands_under():
    first, second = read("a.md", "One of Ann Lee.\n\n\nAnother of Bo Ek.", title="The Guide")
    assert [one["surface"] for one in second["mentions"] if one["type"] == "title"] == ["The Guide"]
    assert first["words"]
    assert second["words"] == []


SOURCE = """import asyncio
from pathlib import Path

class Réader(asyncio.Protocol):
    def load(self, path):
        if not path:
            raise ReadError("é")
        return parse(path)
"""


def test_python_source_is_read_by_its_syntax_tree():
    rows = read("reader.py", SOURCE, media_type="text/x-python")
    assert {
        ("", "imports", "asyncio"),
        ("", "imports", "pathlib"),
        ("", "defines", "Réader"),
        ("Réader", "inherits", "asyncio.Protocol"),
        ("Réader", "defines", "load"),
        ("load", "raises", "ReadError"),
        ("load", "calls", "parse"),
    } <= stated(rows)
    assert all(SOURCE[one["start"] : one["end"]] == one["surface"] for row in rows for one in row["mentions"])


def test_source_that_does_not_parse_is_read_as_text():
    assert read("reader.py", "def broken(:\n  Ann Lee", media_type="text/x-python")


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (quoted_names, '"' + " " * 4_000),
        (pattern_finds, "a@b " + "a." * 12_000),
        (pattern_finds, "A-" * 6_000 + "a"),
        (lambda text: links(text, "a.md"), "[a](" * 5_000),
    ],
    ids=["quotes", "email", "code", "link"],
)
def test_no_text_makes_an_expression_try_each_character_with_each_other(find, text):
    started = time.process_time()
    assert list(find(text)) is not None
    assert time.process_time() - started < 1


def test_blanks_beside_quotation_marks_are_not_part_of_the_name():
    assert [(find.start, find.end) for find in quoted_names('« Le Monde » "A" “Bo Ek”')] == [(2, 10), (18, 23)]


def test_an_address_begins_after_the_marks_before_it():
    assert surfaces(read("a.md", "Write to -ops+a@example.org, or .b@example.org."), "email") == [
        "ops+a@example.org",
        "b@example.org",
    ]


def test_the_target_of_a_link_is_no_symbol_and_no_date():
    assert surfaces(read("a.md", "see [the port](port.md), [it](2024-05-01.md) or os.path in `os.path`.")) == [
        "the port",
        "it",
        "os.path",
        "os.path",
    ]
