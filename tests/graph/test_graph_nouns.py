"""German writes all nouns with a capital letter; those that a document speaks of as one of many are no names."""

from tests.support.graphs import mentions, read
from xnai_pipelines.graph.nouns import nouns_of

MANUAL = (
    "Hier steht, wie ein Paket entsteht. Wer Debian nutzt, findet jedes Paket im Archiv, und das Archiv wächst. "
    "Wir bauen das neue Quellpaket für Debian. Mit Debian geht die Verwaltung von Paketen leicht. "
    "Wir fragen Ian Murdock, und wer will, kann Sie fragen. Nur wenige Archive sind so groß."
)


def test_a_word_that_is_one_of_many_is_a_noun_and_so_are_its_forms_and_longer_words():
    found = set(nouns_of([MANUAL], "de"))
    assert found >= {"paket", "archiv", "paketen", "archive", "quellpaket", "verwaltung", "sie"}
    assert not found & {"debian", "ian", "murdock"}


def test_only_languages_that_write_nouns_with_a_capital_letter_have_them():
    assert nouns_of([MANUAL], "en") == []


def test_nouns_are_no_names_and_a_name_begins_after_the_noun_that_says_what_it_is_of():
    text = f"{MANUAL} Wir lesen, was der Verwaltung von Debian hilft."
    found = {row["surface"] for row in mentions(read("a.md", text, language="de")).to_pylist()}
    assert found >= {"Debian", "Ian Murdock"}
    assert not found & {"Paket", "Archiv", "Paketen", "Quellpaket", "Verwaltung", "Verwaltung von Debian", "Sie"}


def test_a_word_that_most_documents_use_as_a_name_is_one():
    others = [
        read(f"{at}.md", "Wir sahen Falke. Dort ging Falke, und nur Falke lief.", language="de") for at in range(9)
    ]
    birds = read("a.md", "Dort saß ein Falke.", language="de")
    assert "Falke" in {row["surface"] for row in mentions(birds, *others).to_pylist()}
    assert "Falke" not in {row["surface"] for row in mentions(birds).to_pylist()}


def test_a_run_of_capitalised_words_without_others_between_is_a_name():
    text = f"{MANUAL} Wir danken der Paket Verwaltung Stiftung, und jede Stiftung hilft."
    assert "Paket Verwaltung Stiftung" in {
        r["surface"] for r in mentions(read("a.md", text, language="de")).to_pylist()
    }
