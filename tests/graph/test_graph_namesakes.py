"""Namesakes stay apart if documents say of them what one bearer cannot have, and have no other name in common."""

import pytest

from tests.support.graphs import extractions, mentions, read
from xnai_pipelines.graph.contradictions import conflict
from xnai_pipelines.graph.mentions import mention_rows
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.resolution import resolve

BOTANIST = "Ann Lee was a British botanist. She was born in Norwich on 4 March 1861."
VILLAGE = "is a settlement"
SWIMMER = "Ann Lee is a swimmer. Born in Perth in 1988, she won a race."


def said(text: str, language: str = "en") -> set[tuple[str, str]]:
    return {
        (row["mentions"][one["subject"]]["surface"] if one["subject"] >= 0 else "", one["fact"])
        for row in read("a.md", text, language=language)
        for one in row["facts"]
    }


def bearers(name: str, *texts: str, language: str = "en") -> list[int]:
    """Return which bearer of the name each text means, in order of their first texts."""
    documents = [read(f"{at}.md", text, language=language) for at, text in enumerate(texts)]
    of = {row["document_id"]: row["entity_id"] for row in mentions(*documents).to_pylist() if row["surface"] == name}
    found = [of[rows[0]["document_id"]] for rows in documents]
    return [list(dict.fromkeys(found)).index(each) for each in found]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", BOTANIST,
         {("Ann Lee", "is a person/science"), ("Ann Lee", "in past"), ("Ann Lee", "of nation gb"),
          ("Ann Lee", "born 1861")}),
        ("en", SWIMMER, {("Ann Lee", "is a person/sport"), ("Ann Lee", "in present"), ("Ann Lee", "born 1988")}),
        ("en", "Ann Lee and Bo Ek met. Bo Ek died in 1702.", {("Bo Ek", "died 1702")}),
        ("en", "Ann Lee married Bo Ek, who was born in 1950.", set()),
        ("en", "Ann Lee is a zymurgist. She lives here.", {("Ann Lee", "is a person")}),
        ("en", "Ann Lee is a zymurgist who lives here.", {("Ann Lee", "is a person"), ("Ann Lee", "in present")}),
        ("en", "Halyard is a zymurgy. It is old.", {("Halyard", "is a thing")}),
        ("en", "Halyard is a service.", {("Halyard", "is a software"), ("Halyard", "is a institution")}),
        ("en", "`get_row` is a function of the module `shop.reader`.",
         {("get_row", "is a code/function"), ("get_row", "lies in =shop.reader")}),
        ("en", "Cedar Falls is a 1978 novel by Ann Lee.", {("Cedar Falls", "is a work")}),
        ("de", "Karl Ek ist ein Handballspieler. Er wurde am 3. Mai 1957 in Mainz geboren.",
         {("Karl Ek", "is a person/sport"), ("Karl Ek", "in present"), ("Karl Ek", "born 1957")}),
        ("de", "Karl Ek wurde 1820 in Graz geboren und starb 1889 in Wien.",
         {("Karl Ek", "born 1820"), ("Karl Ek", "died 1889")}),
        ("de", "Altenau ist ein Stadtteil von Chemnitz.",
         {("Altenau", "is a settlement/part"), ("Altenau", "lies in =chemni")}),
        ("ru", "Анна Сомова — русская актриса. Она родилась в 1880 году и умерла в 1942 году.",
         {("Анна Сомова", "is a person/art"), ("Анна Сомова", "of nation ru"), ("Анна Сомова", "born 1880"),
          ("Анна Сомова", "died 1942")}),
        ("fr", "Paul Ek est un peintre belge né à Liège en 1842.",
         {("Paul Ek", "is a person/art"), ("Paul Ek", "of nation be"), ("Paul Ek", "born 1842")}),
        ("zh", "李文涛是清代画家，擅长山水。李文涛于1790年去世。",
         {("李文涛", "is a person/art"), ("李文涛", "died 1790")}),
        ("es", "El Duero es un río de España.", {("El Duero", "is a water")}),
        ("en", "Ashby is a village in Kent, England. It is old.",
         {("Ashby", "is a settlement"), ("Ashby", "lies in =kent|=@gb"), ("Ashby", "of nation gb")}),
        ("en", "Ashby is a town in Douglas County.",
         {("Ashby", "is a settlement/own"), ("Ashby", "lies in cou=dougla")}),
        ("ru", "Озёрное — село в Саратовской области.",
         {("Озёрное", "is a settlement"), ("Озёрное", "lies in обл=сарато")}),
        ("fr", "Aubin est une commune du département de l'Aube.",
         {("Aubin", "is a settlement/own"), ("Aubin", "lies in dép=aube")}),
        ("en", "The Fen is a river in Kent, England.", {("The Fen", "is a water")}),
        ("xx", "Ann Lee is a singer.", set()),
    ],
)  # fmt: skip
def test_facts_are_read_of_the_name_that_a_sentence_speaks_of(language, text, expected):
    assert said(text, language) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"born 1861"}, {"born 1988"}, True),
        ({"born 1861"}, {"born 1862"}, False),
        ({"died 1702"}, {"born 1950"}, True),
        ({"born 1750"}, {"died 1900"}, True),
        ({"born 1820"}, {"died 1889"}, False),
        ({"is a person"}, {"is a water"}, True),
        ({"born 1861"}, {"is a water"}, True),
        ({"born 1861"}, {"is a person"}, False),
        ({"is a water", "is a settlement"}, {"is a water"}, False),
        (set(), {"born 1861"}, False),
        ({"is a thing"}, {"is a person"}, True),
        ({"is a thing"}, {"is a work"}, False),
        ({VILLAGE, "lies in =kent|=@gb"}, {VILLAGE, "lies in =vermon|=@us"}, True),
        ({VILLAGE, "lies in =kent|=@gb"}, {VILLAGE, "lies in =canter|=kent"}, False),
        ({VILLAGE, "lies in =kent"}, {VILLAGE, "lies in =norfol"}, True),
        ({VILLAGE, "lies in =kent"}, {VILLAGE, "lies in ~=dover"}, False),
        ({VILLAGE, "lies in =kent"}, {VILLAGE, "lies in =@gb"}, False),
        ({VILLAGE, "of nation fr"}, {VILLAGE, "of nation ch"}, True),
        ({VILLAGE, "lies in cou=dougla"}, {VILLAGE, "lies in cou=marion"}, True),
        ({VILLAGE, "lies in cou=dougla"}, {VILLAGE, "lies in par=marion"}, False),
        ({VILLAGE, "lies in cou=dougla"}, {VILLAGE, "lies in cou=marion", "lies in cou=dougla"}, False),
        ({"is a code/function", "lies in =shop.reader"}, {"is a code/method", "lies in =Table"}, True),
        ({"is a code/function", "lies in =shop.reader"}, {"is a code/function", "lies in =reader"}, False),
        ({"is a person/science"}, {"is a person/sport"}, False),
        ({"is a person", "of nation ca"}, {"is a person", "of nation fr"}, False),
        ({"is a person/science", "of nation ca"}, {"is a person/sport", "of nation fr"}, True),
        ({"is a person", "of nation ca", "in past"}, {"is a person", "of nation fr", "in present"}, True),
        ({"is a institution/finance", "lies in =leeds"}, {"is a institution/industry", "lies in =singap"}, True),
        ({"is a institution", "lies in =leeds"}, {"is a institution", "lies in =singap"}, False),
    ],
)
def test_what_one_bearer_cannot_have(one, other, expected):
    assert conflict(frozenset(one), frozenset(other)) is expected
    assert conflict(frozenset(other), frozenset(one)) is expected


def test_namesakes_of_whom_documents_say_what_cannot_be_of_one_are_apart():
    assert bearers("Ann Lee", BOTANIST, SWIMMER) == [0, 1]
    assert bearers("Merlin", "Merlin is a small falcon.", "Merlin is a company. It is old. We like Merlin.") == [0, 1]
    villages = ("Берёзовка — деревня. В селе Берёзовка тихо.", "Берёзовка — река. Река Берёзовка мелка.")
    assert bearers("Берёзовка", *villages, language="ru") == [0, 1]


def test_settlements_of_one_name_in_different_regions_are_apart():
    kent, vermont = "Ashby is a village in Kent, England.", "Ashby is a village in Vermont, United States."
    assert bearers("Ashby", kent, vermont) == [0, 1]
    assert bearers("Ashby", kent, "Ashby is a village near Dover. Ashby has a mill.") == [0, 0]


def test_documents_that_have_another_name_in_common_mean_one_bearer():
    assert bearers("Ann Lee", f"{BOTANIST} Her sister is Dora Kray.", f"{SWIMMER} She knew Dora Kray.") == [0, 0]


def test_documents_that_say_nothing_mean_the_one_they_share_names_with_else_the_first():
    texts = (BOTANIST, SWIMMER, "In Perth we met Ann Lee.", "We met Ann Lee.")
    assert bearers("Ann Lee", *texts) == [0, 1, 1, 0]


def test_different_words_for_one_kind_of_thing_and_other_years_do_not_part_a_name():
    assert bearers(
        "Ann Lee", "Ann Lee is a poet, and moved in 1999.", "Ann Lee is a politician. She came in 1821."
    ) == [0, 0]


def test_an_alias_of_the_user_wins():
    documents = {str(at): read(f"{at}.md", text) for at, text in enumerate((BOTANIST, SWIMMER))}
    reading = reading_of(extractions(documents))
    user = Overrides(aliases={"ann lee": "lee sisters"}, revision="1")
    rows = mention_rows(reading, resolve(reading, user)).to_pylist()
    assert {row["rule"] for row in rows if row["surface"] == "Ann Lee"} == {"graph.yaml"}
    assert len({row["entity_id"] for row in rows if row["surface"] == "Ann Lee"}) == 1


def test_the_rule_is_named():
    rows = mentions(*(read(f"{at}.md", text) for at, text in enumerate((BOTANIST, SWIMMER)))).to_pylist()
    assert sorted(row["rule"] for row in rows if row["surface"] == "Ann Lee") == ["apart from its namesakes", "form"]
