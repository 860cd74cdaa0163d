"""After any edit, mentions and counts are those of a graph that is made at once; few documents are resolved again."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.graphs import extractions, read
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.graph.counts import Counts, keep_counts, kept_counts
from xnai_pipelines.graph.mentions import mention_rows
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.resolution import resolve_and_count
from xnai_pipelines.graph.tables import EXTRACTIONS, MENTIONS
from xnai_pipelines.graph.touched import DocumentEdits, touched_mentions
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import TableSpec

# What decides for other documents: words in lower case and capitals, titles with and without qualifiers, longer names,
# acronyms and their plurals, articles, code that differs by case, case endings.
FORMS = (
    *("Ann Lee", "Lee", "Mary Ann Lee", "Bo Lee", "Ann", "Oslo", "the Ninth Gate", "The Ninth Gate", "Ninth Gate"),
    *("KG", "KGs", "a knowledge graph (KG)", "one kilo gauss (KG)", "`Queue`", "`queue`", "`queues`", "queue"),
    *("Mercury", "Mercury (planet)", "Das Boot", "Boot", "boot", "Lee's", "ann", "gate", "**Queue**", "**Queues**"),
    *("Ann Lee, also known as Bo", "Bo", "Ángel", "Angel", "C++", "C", "Москва", "Москве", "Анна", "Анны"),
)
TITLES = (
    "",
    "Ann Lee",
    "Ann Lee (singer)",
    "Ann Lee (painter)",
    "Mercury (planet)",
    "Mercury",
    "Das Boot",
    "Oslo",
    "KG",
)

sentences = st.lists(st.sampled_from(FORMS), min_size=1, max_size=3).flatmap(
    lambda forms: st.sampled_from(("{} met in haste.", "In {} it rains.", "we saw {} there.")).map(
        lambda frame: frame.format(" and ".join(forms))
    )
)
documents = st.tuples(
    st.sampled_from(TITLES), st.lists(sentences, min_size=1, max_size=3).map(" ".join), st.sampled_from(("en", "ru"))
)
edits = st.lists(st.dictionaries(st.integers(0, 7), st.none() | documents, min_size=1, max_size=3), max_size=6)
USERS = (
    Overrides(),
    Overrides(aliases={"lee": "ann lee", "boot": "das boot"}, stopped=frozenset({"oslo", "queue"}), revision="1"),
)


@dataclass
class Stored:
    """The tables that are read, in memory."""

    rows: dict[str, pa.Table] = field(default_factory=dict)

    def read(self, spec: TableSpec, columns: list[str]) -> pa.Table:
        return self.rows[spec.name].select(columns)

    def having(self, spec: TableSpec, columns: list[str], column: str, values: list[str]) -> pa.Table:
        rows = self.rows[spec.name]
        return rows.filter(pc.is_in(rows[column], pa.array(values, pa.string()))).select(columns)

    def edit(self, current: dict[str, list], changed: dict[str, list], counts: Counts, user: Overrides):
        """Read other documents; return what is resolved again."""
        ids = frozenset(map(document_id, changed))
        before = self.rows[EXTRACTIONS.name]
        before = before.filter(pc.is_in(before["document_id"], pa.array(list(ids), pa.string())))
        self.rows[EXTRACTIONS.name] = extractions({name: rows for name, rows in {**current, **changed}.items() if rows})
        found = touched_mentions(self, user, DocumentEdits(ids, before, counts))
        assert found is not None
        change, counts = found
        keys = change.stored[MENTIONS.key].combine_chunks()
        kept = self.rows[MENTIONS.name]
        kept = kept.filter(pc.invert(pc.is_in(kept[MENTIONS.key], keys)))
        self.rows[MENTIONS.name] = pa.concat_tables([kept, change.wanted])
        return change, counts


def made_at_once(rows: pa.Table, user: Overrides) -> tuple[pa.Table, Counts]:
    reading = reading_of(rows)
    resolved, counts = resolve_and_count(reading, user)
    return mention_rows(reading, resolved), counts


def listed(rows: pa.Table) -> list[dict]:
    return sorted(rows.to_pylist(), key=lambda row: tuple(map(str, row.values())))


def begun(current: dict[str, list], user: Overrides) -> tuple[Stored, Counts]:
    rows = extractions(current)
    mentions, counts = made_at_once(rows, user)
    return Stored({EXTRACTIONS.name: rows, MENTIONS.name: mentions}), counts


def read_all(pages: tuple[tuple[str, str, str], ...]) -> dict[str, list]:
    """Return what is read of pages of a title, a text and a language."""
    return {
        f"{at}.md": read(f"{at}.md", text, title=title, language=language)
        for at, (title, text, language) in enumerate(pages)
    }


def assert_as_rebuilt(stored: Stored, counts: Counts, user: Overrides) -> None:
    rows, wanted = made_at_once(stored.rows[EXTRACTIONS.name], user)
    assert listed(stored.rows[MENTIONS.name]) == listed(rows)
    assert listed(counts.as_table()) == listed(wanted.as_table())


# What decides which bearer of a name is meant: what documents say of it, and the other names that they have.
SAID = (
    *("Ann Lee was born in 1901.", "Ann Lee died in 1750.", "Ann Lee is a river.", "Ann Lee is a singer."),
    *(
        "We met Ann Lee.",
        "In Oslo we met Bo.",
        "In Lyon lives Cy.",
        "Lee knew Bo.",
        "She was born in 1930.",
        "we met lee.",
    ),
)
edits_of_namesakes = st.lists(
    st.dictionaries(
        st.integers(0, 5),
        st.none()
        | st.tuples(
            st.sampled_from(("", "Ann Lee", "Ann Lee (singer)")),
            st.lists(st.sampled_from(SAID), min_size=1, max_size=3).map(" ".join),
            st.just("en"),
        ),
        min_size=1,
        max_size=3,
    ),
    max_size=6,
)


@settings(max_examples=10)
@given(edits | edits_of_namesakes, st.sampled_from(USERS))
def test_edits_end_in_the_mentions_and_counts_of_a_rebuild(script, user):
    current: dict[str, list] = {}
    stored, counts = begun(current, user)
    for step in script:
        changed = {
            f"{number}.md": read(f"{number}.md", text[1], title=text[0], language=text[2]) if text else []
            for number, text in step.items()
        }
        _, counts = stored.edit(current, changed, counts, user)
        current |= changed
        assert_as_rebuilt(stored, counts, user)


# Texts of pages, and another one of the first page, by which a name on the last page means something else.
BEYOND = {
    "a word in lower case": ("We left.", "When Bo came. In haste. When left.", "So when it was."),
    "a word in capitals": ("We left.", "Malmo left.", "We know Bo Malmo."),
    "a word mostly in lower case": (*("It is malmo.",) * 5, "We know Malmo.", "We left."),
    "a known form": ("We met in it.", "In Oslo it rains, in it.", 'He saw "In Oslo" there.'),
    "code that differs by case": ("We left.", "The class `Queue`.", "The module `QUEUE`."),
    "an alias of code": ("See `queue`.", "The class `Queue`.", "Ann Box, also known as `Queue`, left `queue`."),
    "a name of its own": ("We left.", "We met Lee.", "We met Ann Lee. By then Lee left.", "So we met Lee too."),
    "a first name": ("We left.", "We met Ann.", "We met Ann Lee. By then Ann left.", "So we met Ann too."),
    "an acronym": ("We left.", "We use a KG here.", "A knowledge graph (KG) helps."),
    "an article": ("We left.", "We saw The Ninth Gate.", "We saw a Ninth Gate."),
    "a term": ("We left.", "**Queues**: many.", "**Queue**: one."),
    "case endings": ("Мы здесь.", "Мы были в Москве.", "Наша Москва. Мы и Москва."),
}
TITLED = (
    ("Ann Lee (singer)", "A singer of Oslo.", "en"),
    ("Ann Lee (painter)", "A painter of Rome.", "en"),
    ("", "We met Ann Lee in Lyon.", "en"),
)


@pytest.mark.parametrize("what", BEYOND)
def test_an_edit_reaches_other_documents_in_which_a_name_means_something_else(what: str):
    *texts, edited = (("", text, "ru" if what == "case endings" else "en") for text in BEYOND[what])
    reach(tuple(texts), 0, edited)


def reach(pages: tuple[tuple[str, str, str], ...], at: int, edited: tuple[str, str, str]) -> None:
    """Assert that an edit changes a mention of the last page, and that all is as if it were made at once."""
    current = read_all(pages)
    changed = {f"{at}.md": read_all((*pages[:at], edited))[f"{at}.md"]}
    stored, counts = begun(current, Overrides())
    last = pc.field("document_id") == document_id(f"{len(pages) - 1}.md")
    before = set(stored.rows[MENTIONS.name].filter(last)["revision"].to_pylist())
    _, counts = stored.edit(current, changed, counts, Overrides())
    assert_as_rebuilt(stored, counts, Overrides())
    assert set(stored.rows[MENTIONS.name].filter(last)["revision"].to_pylist()) != before


@pytest.mark.parametrize(
    ("at", "edited"),
    [
        (0, ("Ann Lee (singer)", "A singer of Lyon.", "en")),  # it has a name in common with the last page
        (0, ("Ann Box (singer)", "A singer of Oslo.", "en")),  # one title is left
        (2, ("", "We met Ann Lee in Rome.", "en")),  # the titled pages have not changed
    ],
)
def test_which_of_several_titles_a_name_means_is_decided_again(at: int, edited: tuple[str, str, str]):
    reach(TITLED, at, edited)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("We met Cy Oz in Rome.", {"0.md"}),
        ("We met Bo Ek in Malmo1.", {"0.md"}),
        ("We saw a knowledge graph (KG) there.", {"0.md", "2.md"}),
        ("When he left, rain came. So when it was, he left.", {"0.md", "3.md"}),
    ],
)
def test_only_documents_in_which_a_name_means_something_else_are_resolved_again(text: str, again: set[str]):
    texts = ("We met Bo Ek in Oslo.", "We met Bo Ek in Malmo1.", "We know a KG there.", "When it fell. So When left.")
    current = {f"{at}.md": read(f"{at}.md", one) for at, one in enumerate(texts)}
    stored, counts = begun(current, Overrides())
    change, _ = stored.edit(current, {"0.md": read("0.md", text)}, counts, Overrides())
    resolved = set(change.wanted["document_id"].to_pylist())
    assert {name for name in current if document_id(name) in resolved} <= again


def test_counts_of_another_state_and_damaged_ones_are_not_used(tmp_path: Path):
    home = Home(tmp_path)
    assert kept_counts(home, "state") is None
    _, counts = begun({"a.md": read("a.md", "We met Ann Lee in Oslo.")}, Overrides())
    keep_counts(home, counts, "state")
    kept = kept_counts(home, "state")
    assert kept is not None
    assert listed(kept.as_table()) == listed(counts.as_table())
    assert kept_counts(home, "another") is None
    [file] = (path for path in tmp_path.rglob("*") if path.is_file())
    file.write_bytes(file.read_bytes()[:100])
    assert kept_counts(home, "state") is None
