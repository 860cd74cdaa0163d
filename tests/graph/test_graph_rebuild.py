"""Whatever was added, edited and deleted in whatever order, the graph has the bytes of one that is made at once."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.graphs import extractions, read, whole
from xnai_pipelines.graph.rows import revision_of

PEOPLE = ("Ann Lee", "Bo Ek", "Cy Oz", "Lee", "Mary Ann Lee")
PLACES = ("Oslo", "New York", "Lyon", "the Ninth Gate", "KG")
TITLES = ("", "Ann Lee", "Ann Lee (singer)", "Oslo", "Guide")

sentences = st.builds(
    "{} {} {}.".format,
    st.sampled_from(PEOPLE),
    st.sampled_from(("was born in", "met Bo Ek in", "is a painter of", "and the knowledge graph (KG) of")),
    st.sampled_from(PLACES),
)
documents = st.tuples(
    st.sampled_from(TITLES), st.lists(sentences, min_size=1, max_size=4).map(" ".join), st.sampled_from(("en", "de"))
)
edits = st.lists(st.tuples(st.integers(0, 5), st.none() | documents), max_size=10)


def texts_of(current):
    return {
        row["chunk_id"]: (0, f"{title}\n\n{text}" if title else text)
        for name, (title, text, language) in current.items()
        for row in read(name, text, title=title, language=language)
    }


@settings(max_examples=25)
@given(edits, st.randoms(use_true_random=False))
def test_increments_and_a_rebuild_have_the_same_revisions(script, shuffle):
    kept, current = {}, {}
    for number, document in script:
        name = f"{number}.md"
        kept.pop(name, None)
        current.pop(name, None)
        if document is not None:
            title, text, language = document
            current[name] = document
            kept[name] = read(name, text, title=title, language=language)
    texts = texts_of(current)
    grown = whole(extractions(kept, shuffle), texts)
    again = {
        name: read(name, text, title=title, language=lang) for name, (title, text, lang) in sorted(current.items())
    }
    rebuilt = whole(extractions(again), texts)
    assert {name: revision_of(rows) for name, rows in grown.items()} == {
        name: revision_of(rows) for name, rows in rebuilt.items()
    }


def test_rows_name_only_chunks_and_entities_that_there_are():
    read_rows = {
        f"{at}.md": read(f"{at}.md", f"{who} was born in Oslo. Bo Ek met {who}.") for at, who in enumerate(PEOPLE)
    }
    chunks = {row["chunk_id"] for rows in read_rows.values() for row in rows}
    texts = {
        row["chunk_id"]: (0, f"{who} was born in Oslo. Bo Ek met {who}.")
        for who, rows in zip(PEOPLE, read_rows.values(), strict=True)
        for row in rows
    }
    made = whole(extractions(read_rows, random.Random(1)), texts)
    entities = set(made["entities"]["entity_id"].to_pylist())
    for row in made["relations"].to_pylist():
        assert {row["source_id"], row["target_id"]} <= entities
        assert set(row["chunk_ids"]) <= chunks
    for row in made["communities"].to_pylist():
        assert set(row["members"]) <= entities
        assert all(one["sentence"] in texts[one["chunk_id"]][1] for one in row["summary"])
    assert made["communities"].num_rows


def test_a_summary_quotes_no_chunk_that_is_gone():
    read_rows = {
        f"{at}.md": read(f"{at}.md", f"{who} was born in Oslo. Bo Ek met {who}.") for at, who in enumerate(PEOPLE)
    }
    divided = whole(extractions(read_rows), {})["communities"].to_pylist()
    assert divided
    assert not any(row["summary"] for row in divided)
