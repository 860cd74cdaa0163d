"""What makes a page unhealthy is found with its place, and what does not is left alone."""

from datetime import UTC, datetime

import pytest

from tests.support.health_corpora import NOW, corpus_of, examination_of, findings_of
from xnai_pipelines.documents.health.freshness import dated, freshness
from xnai_pipelines.documents.health.readability import reading
from xnai_pipelines.documents.health.rules import HealthRules

WORDS = "The pump moves water from the lower tank to the upper tank. "
OLD = datetime(2020, 1, 1, tzinfo=UTC)


def kinds(files: dict[str, str], *wanted: str, **facts) -> list[tuple[str, str]]:
    return [(one.source, one.kind) for one in findings_of(files, *wanted, **facts)]


@pytest.mark.parametrize(
    ("text", "facts", "by", "day"),
    [
        ("Text.", {}, "file", "2020-01-01"),
        ("Text.", {"committed": {"a.md": datetime(2026, 3, 4, tzinfo=UTC)}}, "git", "2026-03-04"),
        ("---\nupdated: 2026-05-02\n---\nText.", {}, "front matter", "2026-05-02"),
        ("**Last updated:** March 3, 2025\n", {}, "text", "2025-03-03"),
        ("Last reviewed on 3 March 2025.", {"committed": {"a.md": OLD}}, "text", "2025-03-03"),
        ("Last updated: 2031-01-01", {}, "file", "2020-01-01"),
    ],
)
def test_the_date_is_that_of_the_best_evidence(text, facts, by, day):
    corpus = corpus_of({"a.md": text}, modified_at=OLD, **facts)
    when = dated(corpus.documents[0], corpus)
    assert (when.by, f"{when.at:%Y-%m-%d}") == (by, day)


def test_freshness_is_whole_until_a_document_is_stale_and_halves_every_180_days():
    rules = HealthRules(stale_days=30)
    assert [freshness(days, rules) for days in (0, 30, 210, 390)] == [1, 1, 0.5, 0.25]
    assert kinds({"a.md": "Text."}, "stale", modified_at=OLD) == [("a.md", "stale")]
    assert kinds({"a.md": "Text."}, "stale", modified_at=NOW) == []


def test_a_date_of_expiry_that_has_passed_is_an_error():
    files = {
        "a.md": "Valid until 2026-05-31.",
        "b.md": "---\nexpires: 2024-01-01\n---\n",
        "c.md": "Valid until 2027-01-01.",
    }
    assert kinds(files, "expired") == [("a.md", "expired"), ("b.md", "expired")]


def test_only_languages_with_a_formula_are_scored():
    text = f"# Pump\n\n{WORDS * 10}\n"
    [easy] = corpus_of({"a.md": text}).documents
    assert reading(easy).words == 120
    assert 60 < reading(easy).ease < 110
    assert reading(corpus_of({"a.md": text}, language="fi").documents[0]).ease is None


def test_words_that_nobody_reads_are_hard_to_read():
    sentence = "Organisational interoperability considerations necessitate comprehensive institutionalisation. "
    assert kinds({"a.md": sentence * 20, "b.md": WORDS * 20}, "hard_to_read") == [("a.md", "hard_to_read")]


def test_a_page_that_says_next_to_nothing_is_short_unless_it_is_an_index_or_shows_code():
    files = {"a.md": "# A\n\nSoon.\n", "index.md": "# Index\n", "b.md": "# B\n\n```\nrun\n```\n", "c.md": WORDS * 10}
    assert kinds(files, "short") == [("a.md", "short")]


def test_a_page_without_code_among_pages_with_code_is_found():
    files = {f"{n}.md": f"{WORDS}\n\n```\nrun\n```\n" for n in range(5)} | {"odd.md": WORDS}
    assert kinds(files, "no_code_sample") == [("odd.md", "no_code_sample")]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("TODO: write this.\n", 1),
        ("The limit is TBD.\n", 1),
        ("Lorem ipsum dolor sit amet.\n", 1),
        ("*Coming soon!*\n", 1),
        ("`TODO` marks what is left.\n", 0),
        ("```\n# TODO: later\n```\n", 0),
        ("Our todo list, and the TODOs of others.\n", 0),
        ('The comment "TODO" is searched for.\n', 0),
    ],
)
def test_placeholders_are_found_outside_code(text, count):
    assert len(findings_of({"a.md": text}, "placeholder")) == count


def test_the_front_matter_says_that_a_page_is_unfinished():
    matter = {"a": "status: draft", "b": "status: In-Progress", "c": "draft: true", "d": "status: completed"}
    files = {f"{name}.md": f"---\n{line}\n---\nText.\n" for name, line in matter.items()}
    assert [source for source, _ in kinds(files, "unfinished")] == ["a.md", "b.md", "c.md"]


def test_copies_and_near_copies_name_the_document_that_they_repeat():
    text = "\n".join(f"Paragraph {n} tells of pump {n * 7} and of valve {n * 13}." for n in range(40))
    other = "\n".join(f"Row {n} is about the pipe {n * 3} next to hall {n * 5}." for n in range(40))
    files = {"a.md": text, "b.md": f"  {text.upper()}", "c.md": f"{text}\nOne more.\n", "d.md": other}
    found = findings_of(files, "duplicate", "near_duplicate")
    assert [(one.source, one.kind) for one in found] == [("b.md", "duplicate"), ("c.md", "near_duplicate")]
    assert all("a.md" in one.message for one in found)


def test_a_near_copy_has_the_jaccard_similarity_of_its_sequences_of_four_words():
    words = [f"word{n}" for n in range(103)]  # 100 sequences; the copy has 20 more
    files = {"a.md": " ".join(words), "b.md": " ".join([*words, *(f"more{n}" for n in range(20))])}
    [found] = findings_of(files, "near_duplicate")
    assert "Jaccard similarity 0.83" in found.message


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("The upload limit of the gateway is 10 MB.", "The upload limit of the gateway is 25 MB.", 2),
        ("The upload limit is 10 MB, as ever.", "The upload limit is 25 MB.", 2),
        ("Acme requires Python 3.9 or newer.", "You need a shell. It requires Python 3.11 or later.", 2),
        ("The current version of Acme is 2.1.0.", "The current version of Acme is 2.3.0.", 2),
        ("Backups of the ledger are deleted after 30 days.", "Backups of the ledger are deleted after 90 days.", 2),
        ("The upload limit of the gateway is 10 MB.", "The upload limit of the gateway is 10 MB.", 0),
        ("The upload limit of the gateway is 10 MB.", "The upload limit of the proxy is 25 MB.", 0),
        ("Added in Acme 2.1.0.", "Added in Acme 2.3.0.", 0),
        ("It is 10 MB.", "It is 25 MB.", 0),
        ("See chapter 3 of the big handbook for details.", "See chapter 4 of the big handbook for details.", 0),
        (
            "See also https://a.example/notes/pep-0205/ for more.",
            "See also https://a.example/notes/pep-0506/ for more.",
            0,
        ),
    ],
)
def test_the_same_statement_with_another_value_is_a_contradiction(first, second, count):
    assert len(findings_of({"a.md": first, "b.md": second}, "contradiction")) == count


def test_release_notes_contradict_nobody():
    files = {"release-1.md": "The upload limit is 10 MB.", "limits.md": "The upload limit is 25 MB."}
    assert findings_of(files, "contradiction") == []


def test_a_translation_that_lacks_a_heading_a_link_and_code_lags():
    english = "# Pump\n\n[valve](valve.md)\n\n## Start\n\n```sh\nrun\n```\n\n## Stop\n\nText.\n"
    german = "# Pumpe\n\n## Starten\n\nText.\n"
    files = {
        "docs/en/pump.md": english,
        "docs/de/pump.md": german,
        "docs/en/valve.md": "# V\n",
        "docs/de/valve.md": "# V\n",
    }
    found = findings_of(files, "translation_lags", "translation_lacks_links", "translation_lacks_code")
    assert {one.source for one in found} == {"docs/de/pump.md"}
    assert [one.kind for one in found] == ["translation_lags", "translation_lacks_links", "translation_lacks_code"]
    assert '"Stop"' in found[0].message
    assert "docs/de/valve.md" not in {one.source for one in found}


def test_headings_with_anchors_of_their_own_are_compared_by_them():
    english = "# Pump { #pump }\n\n## Start { #start }\n\n## Stop { #stop }\n"
    german = "# Pumpe { #pump }\n\n## Anhalten { #stop }\n\n## Extra { #extra }\n"
    files = {"en/a.md": english, "de/a.md": german, "en/b.md": "# B\n", "de/b.md": "# B\n"}
    [found] = findings_of(files, "translation_lags")
    assert '"Start"' in found.message


def test_an_original_that_was_committed_later_is_named():
    files = {"a.de.md": "# A\n", "a.en.md": "# A\n", "b.de.md": "# B\n", "b.en.md": "# B\n"}
    committed = dict.fromkeys(files, OLD) | {"a.en.md": datetime(2020, 5, 1, tzinfo=UTC)}
    assert kinds(files, "translation_is_older", committed=committed) == [("a.de.md", "translation_is_older")]


def test_pages_that_a_language_lacks_are_counted():
    files = {"en/a.md": "# A\n", "en/b.md": "# B\n", "en/c.md": "# C\n", "de/a.md": "# A\n", "de/b.md": "# B\n"}
    assert examination_of(files).translations.untranslated == {"de": 1}


PYTHON = '''"""A module."""


def plain(first, second: int):
    return first


def _private(first):
    return first


def branching(x: int) -> int:
    """Return x."""
    if x and x > 1 or x < 0:
        return 1
    return [y for y in range(x) if y if y > 2][0]


class Bare:
    def method(self) -> None:
        """Do nothing."""
'''


def test_python_without_docstrings_and_types_is_found():
    found = findings_of({"a.py": PYTHON}, "missing_docstring", "missing_type_hint", "complex_function")
    assert [(one.line, one.kind) for one in found] == [
        (4, "missing_docstring"),
        (4, "missing_type_hint"),
        (19, "missing_docstring"),
    ]
    assert "first, the result" in found[1].message


def test_a_function_of_many_branches_is_complex():
    branches = "".join(f"    if x == {n}:\n        return {n}\n" for n in range(11))
    [found] = findings_of({"a.py": f"def f(x):\n{branches}"}, "complex_function")
    assert "12" in found.message
