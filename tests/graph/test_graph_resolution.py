"""Which mentions are names, and which forms name one entity: each merge by a rule, and only with evidence."""

import pytest

from tests.support.graphs import mentions, named, read
from xnai_pipelines.graph.forms import form_of
from xnai_pipelines.graph.question import Names


def film(source: str, title: str, text: str) -> list[dict]:
    return read(source, text, title=title)


def test_a_word_that_only_opens_sentences_is_no_name():
    found = named(read("a.md", "However, it works. In Paris it rains. He said in however many words that he rains."))
    assert set(found) == {"Paris"}


def test_a_surname_is_the_full_name_of_its_document():
    found = named(read("a.md", "We met Ann Lee. By then Lee left."), read("b.md", "We met Bo Lee. Then Lee left."))
    assert ("Lee", "surname within the document") in found["Ann Lee"]
    assert ("Lee", "surname within the document") in found["Bo Lee"]


def test_a_surname_of_two_people_stays_apart():
    assert "Lee" in named(read("a.md", "We met Ann Lee and Bo Lee. By then Lee left."))


def test_an_acronym_is_its_expansion_in_every_document():
    found = named(read("a.md", "A knowledge graph (KG) helps."), read("b.md", "We use a KG here."))
    assert {surface for surface, _ in found["knowledge graph"]} == {"knowledge graph", "KG"}


def test_acronyms_in_the_plural_are_those_in_the_singular_but_a_capital_s_is_a_letter():
    one = read("a.md", "Neural networks (NNs) run on GPUs. An NN runs on a GPU by HTTPS or HTTP.")
    found = named(one)
    assert {surface for surface, _ in found["GPU"]} == {"GPU", "GPUs"}
    assert "HTTPS" in found
    assert "HTTP" in found
    assert ("NNs", "acronym of its expansion") in found["Neural networks"]


def test_an_article_is_no_first_name():
    one = read("a.md", "Then die HB came. By then die HB knew. Die HB left, and so the HB.")
    found = named(one, read("b.md", "An HB is a Die HB."))
    assert {surface for surface, _ in found["HB"]} == {"HB", "Die HB"}


def test_an_acronym_with_two_expansions_stays_with_each_document():
    found = named(
        read("a.md", "A knowledge graph (KG) helps."),
        read("b.md", "One kilo gauss (KG) is much."),
        read("c.md", "Here a KG is used."),
    )
    assert ("KG", "form") in found["KG"]
    assert ("KG", "acronym of its expansion") in found["knowledge graph"]


def test_a_qualified_title_and_the_plain_one_are_two_entities():
    one = film("a.md", "Forbidden Ground", "Forbidden Ground was made by Pál Gábor in Hungary.")
    other = film("b.md", "Forbidden Ground (2013 film)", "Forbidden Ground was made by Bo Ek in Australia.")
    asked = read("c.md", 'Bo Ek left Australia after "Forbidden Ground".')
    found = named(one, other, asked)
    assert ("Forbidden Ground", "title with a qualifier") in found["Forbidden Ground (2013 film)"]
    assert found["Forbidden Ground"] == {("Forbidden Ground", "title of the document")}


def test_the_longer_form_of_a_title_is_its_entity():
    found = named(
        film("a.md", "Lawson Harris", "William Lawson Harris was a director."),
        read("b.md", "A film of William Lawson Harris was lost."),
    )
    assert {surface for surface, _ in found["Lawson Harris"]} == {"Lawson Harris", "William Lawson Harris"}


def test_code_that_differs_by_case_alone_stays_apart():
    assert {"Queue", "queue"} <= set(named(read("a.md", "The class `Queue` of the module `queue`.")))


def test_case_and_accents_do_not_make_another_entity():
    found = named(read("a.md", "We met Pál Gábor."), read("b.md", "We met Pal Gabor."))
    assert len(found) == 1


def test_every_mention_names_its_rule_and_extractor():
    rows = mentions(read("a.md", "We met Ann Lee. By then Lee left.")).to_pylist()
    assert rows
    assert all(row["rule"] and row["extractor"] and row["entity_id"] for row in rows)


def test_case_endings_do_not_make_another_entity():
    found = named(
        read("a.md", "Мы были в Москве.", language="ru"),
        read("b.md", "Наша Москва. Мы любим наш город, и нам нужна Москва.", language="ru"),
        read("c.md", "Это наша Москва.", language="ru"),
    )
    assert {surface for surface, _ in found["Москва"]} == {"Москва", "Москве"}


def test_a_plural_is_a_term_and_never_a_name():
    text = "Acme is a large company in Oslo. Bo is a William fan. We know Williams."
    found = named(
        read("a.md", "**Queue**: one.\n**Queues**: many."), read("b.md", text), read("c.md", "We met William.")
    )
    assert {surface for surface, _ in found["Queue"]} == {"Queue", "Queues"}
    assert "Williams" in found


def test_a_word_of_two_titles_that_differ_in_their_articles_is_neither():
    titled = (film("a.md", "Das Boot", "A film of 1981."), film("b.md", "The Boot", "A novel of 1973."))
    found = named(*titled, read("c.md", "We saw a Boot and liked it."))
    assert found["Boot"] == {("Boot", "form")}
    assert ("Boot", "without its article") in named(titled[0], read("c.md", "We saw a Boot and liked it."))["Das Boot"]


def test_a_common_word_is_taken_off_a_name_with_any_apostrophe():
    small = read("a.md", "It is so when it rains, and when it does not. We know annabel trees.")
    asked = read("b.md", "When Dell’Orto Smith came. Annabel Anna Smith came.")
    assert {"Dell'Orto Smith", "Anna Smith"} <= set(named(small, asked))


@pytest.mark.parametrize(
    "forms",
    [
        ("C", "C++", "C#"),
        (".NET", "Net", "net"),
        ("https://a.b/c-d", "https://a.b/c/d"),
        ("a-b@c.org", "a.b@c.org"),
    ],
)
def test_marks_that_tell_names_apart_are_in_the_key(forms):
    assert len({form_of(form).key for form in forms}) == len({form.lower() for form in forms})


def test_a_question_names_what_marks_tell_apart():
    names = Names([["C"], ["C++"], [".NET"], ["Net"]])
    asked = "Is C++ older than .NET, C or the Net? It is C#."
    assert [name.entities for name in names.within(asked)] == [(1,), (2,), (0,), (3,)]


def test_short_words_and_acronyms_are_no_plurals():
    text = "**HTTP**: one.\n**HTTPS**: two.\n**io**: one.\n**ios**: two.\n**Clas**: one.\n**Class**: two."
    assert {"HTTP", "HTTPS", "io", "ios", "Clas", "Class"} <= set(named(read("a.md", text)))
