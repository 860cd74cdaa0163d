"""A search of the current release answers with passages and where they stand, or says why it cannot."""

import gc
import json
import re
import weakref

import numpy as np
import pytest

from tests.support.workplace import Workplace, fill
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import QueryError
from xnai_pipelines.graph.make import bring_graph
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Filters, Mode
from xnai_pipelines.search.vector_index import read_vector_index
from xnai_pipelines.state.schemas import DOCUMENTS


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """A home that took in its folder; for reading."""
    work = fill(Workplace(tmp_path_factory.mktemp("searched"), built_encoder))
    work.write("it's/100%_sure.txt", "Whales and sharks breathe.\n")
    work.write("deck.md", "# Ship\n\n## hoist\n\nRaise the anchor.\n\n## scrub\n\nWash the planks.\n")
    work.ingest()
    bring_graph(work.context())
    return work


@pytest.fixture(scope="module")
def index(searched: Workplace) -> SearchIndex:
    """The search of that home."""
    return searched.search()


@pytest.mark.parametrize("mode", list(Mode))
def test_a_search_finds_the_passage_and_where_it_stands(searched: Workplace, index: SearchIndex, mode: Mode):
    hits = index.search("How do I install it?", k=3, mode=mode)

    assert hits[0].source == "guide.md"
    assert hits[0].heading_path == ("Guide", "Install")
    assert "**Install**" in hits[0].snippet
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    texts = {row["document_id"]: row["text"] for row in searched.rows(DOCUMENTS).values()}
    for hit in hits:
        assert hit.text == texts[hit.document_id][hit.start : hit.end]
        assert re.sub(r"\*\*", "", hit.snippet).strip(". ") in " ".join(hit.text.split())


@pytest.mark.parametrize("mode", list(Mode))
def test_a_hit_names_the_section_that_has_most_words_of_the_question(index: SearchIndex, mode: Mode):
    for question, section, shown in (
        ("raise the anchor", "hoist", "## hoist **Raise** the **anchor**."),
        ("who washes the planks", "scrub", "## scrub **Wash** the **planks**."),
        ("the ship", "Ship", "# **Ship** ## hoist Raise the anchor."),
    ):
        hit = next(hit for hit in index.search(question, 20, mode) if hit.source == "deck.md")
        assert hit.heading_path[-1] == section
        assert hit.snippet.startswith(shown)
        assert hit.text.startswith("# Ship")


@pytest.mark.parametrize("mode", list(Mode))
def test_filters_hold_in_every_mode(index: SearchIndex, mode: Mode):
    def sources(filters: Filters) -> set[str]:
        return {hit.source for hit in index.search("whales sharks breathe rain", 20, mode, filters)}

    assert sources(Filters(source_prefix="it's/100%_")) == {"it's/100%_sure.txt"}
    assert sources(Filters(source_prefix="./it's/")) == {"it's/100%_sure.txt"}
    assert sources(Filters(source_prefix="corpus.jsonl#")) == {"corpus.jsonl#1", "corpus.jsonl#2"}
    assert sources(Filters(media_type="application/jsonl")) == {"corpus.jsonl#1", "corpus.jsonl#2"}
    assert sources(Filters(source_prefix="' OR 1=1 --")) == set()
    assert sources(Filters(language="xx")) == set()
    assert sources(Filters(source_prefix="notes/", media_type="text/plain")) <= {
        "notes/rain.txt",
        "notes/sun.txt",
    }


@pytest.mark.parametrize("question", ["", " \n\t", "?!...", "x" * 4_001, "caf\udce9", "\U0001f600"])
def test_what_is_no_question_is_refused_in_words(index: SearchIndex, question: str):
    with pytest.raises(QueryError, match=r"^The question .+\."):
        index.search(question)


@pytest.mark.parametrize(
    "question",
    ["the of and", "x" * 4_000, "word " * 800, "a\x00b", "(\"unbalanced' AND [", "قطة кошка 猫", "🐋 whales"],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_odd_questions_find_passages_of_the_documents_or_nothing(
    searched: Workplace, index: SearchIndex, question: str, mode: Mode
):
    texts = {row["document_id"]: row["text"] for row in searched.rows(DOCUMENTS).values()}
    hits = index.search(question, mode=mode)
    assert [hit.text for hit in hits] == [texts[hit.document_id][hit.start : hit.end] for hit in hits]


def test_a_document_stands_once_where_answers_are_grouped(work: Workplace):
    work.write("rain.md", "# Rain\n\n" + "\n\n".join(f"## Day {n}\n\nRain fell on day {n}." for n in range(9)))
    work.write("sun.txt", "The sun shone and no rain fell.\n")
    work.ingest()
    index = work.search()
    hits = index.search("rain", k=5, by_document=True)
    assert sorted(hit.source for hit in hits) == ["rain.md", "sun.txt"]
    assert len(index.search("rain", k=5)) == 5


def test_a_long_document_does_not_hide_the_others(work: Workplace):
    rainy = [f"## Day {n}\n\n" + f"Rain, rain and more rain on day {n}. " * 4 for n in range(60)]
    work.write("rain.md", "# Rain\n\n" + "\n\n".join(rainy))
    work.write("weather.txt", "It was sunny at first, then came a little rain.\n")
    work.write("chess.txt", "A rook moves along rows and columns, rain or shine.\n")
    work.ingest()
    bring_graph(work.context())
    index = work.search()
    for mode in Mode:
        hits = index.search("rain", k=3, mode=mode, by_document=True)
        assert len(hits) == len({hit.source for hit in hits}) == 3


def test_an_index_without_passages_answers_with_none(work: Workplace):
    work.write("broken.jsonl", '{"_id": "1", "text": "Fine."}\n')
    work.write("only.docx", b"PK\x03\x04" + bytes(50))
    (work.documents / "broken.jsonl").unlink()
    work.ingest()
    index = work.search()
    assert [index.search("anything", mode=mode) for mode in index.modes] == [[]] * len(index.modes)


def test_a_text_put_into_the_index_by_a_later_run_is_found_by_its_words(searchable: Workplace):
    searchable.write("later.txt", "The xylophone stood in the corner.\n")
    searchable.ingest()
    hits = searchable.search().search("xylophones", mode=Mode.KEYWORD)
    assert [hit.source for hit in hits] == ["later.txt"]
    assert "**xylophone**" in hits[0].snippet


def test_approximate_search_is_measured_used_and_given_up_again(work: Workplace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("xnai_pipelines.search.vector_index.FEWEST", 40)
    topics = ["rain", "copper", "whales", "chess", "bread", "glaciers", "violins", "taxes"]
    lines = [
        json.dumps({"_id": f"{topic}{n}", "text": f"{topic} {n}, seen {n * 7 % 13} times by {n % 5} people."})
        for topic in topics
        for n in range(60)
    ]
    work.write("corpus.jsonl", "\n".join(lines))
    index = work.ingest(exact_search_rows=100).embeddings.vector_index

    record = work.home.releases / "1.vector_index.json"
    assert index is not None
    assert index == read_vector_index(record)
    assert (index.rows, index.queries) == (480, 200)
    search = work.search()
    assert search.candidates == index.candidates
    assert index.candidates is None or min(index.recall_at_10, index.recall_at_100) >= 0.98
    assert search.search("glaciers", k=1, mode=Mode.VECTOR)[0].text.startswith("glaciers")
    before = work.versions()
    assert work.ingest(exact_search_rows=100).embeddings.vector_index == index
    assert work.versions() == before

    assert work.ingest(exact_search_rows=1_000).embeddings.vector_index is None
    assert not record.exists()
    assert work.search().candidates is None
    assert work.search().search("glaciers", k=1, mode=Mode.VECTOR)


def test_the_index_that_an_earlier_version_measured_is_not_used(searched: Workplace, tmp_path):
    record = tmp_path / "1.vector_index.json"
    record.write_text('{"rows": 600000, "nprobes": 64, "recall_at_10": 0.99, "queries": 200}')
    assert read_vector_index(record) is None


def test_vectors_are_of_unit_length_and_those_of_the_passages(searched: Workplace):
    rows = list(searched.rows(searched.embeddings).values())
    vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    expected = searched.encoder.encode_passages([row["passage"] for row in rows]).vectors
    assert np.allclose(vectors, expected, atol=1e-6)


def test_a_mode_may_be_given_by_its_name_and_no_other(index: SearchIndex):
    assert index.search("rain", mode="keyword") == index.search("rain", mode=Mode.KEYWORD)
    with pytest.raises(ValueError, match="fuzzy"):
        index.search("rain", mode="fuzzy")
    with pytest.raises(ValueError, match="k is 0"):
        index.search("rain", k=0)


def test_an_index_that_nobody_holds_is_freed_without_the_collector(searched: Workplace):
    gc.disable()  # it may come minutes later, and an index keeps a corpus in memory
    try:
        index = searched.search()
        assert index.search("rain")
        assert index.for_reader(bool).search("rain")
        corpus = weakref.ref(index.corpus)
        del index
        assert corpus() is None
    finally:
        gc.enable()
