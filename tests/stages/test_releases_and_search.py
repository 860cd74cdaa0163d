"""Releases name one vector space each; a search reads the current one and answers or says why not."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from tests.workplace import CHUNKING, Workplace

from xnai_pipelines.chunking import ChunkingSpec, Strategy
from xnai_pipelines.encoding import Encoder
from xnai_pipelines.parsing import registry
from xnai_pipelines.releases import Releases
from xnai_pipelines.search import Filters, Mode, QueryError, SearchIndex, VectorSpaceError, read_vector_index
from xnai_pipelines.stages import EncoderChangedError, documents, maintain
from xnai_pipelines.tables import CHUNKS, DOCUMENTS, TableError


def test_another_cutting_cuts_everything_and_embeds_what_is_new(work: Workplace):
    work.write("short.txt", "A short text stays one passage.\n")
    work.write("long.txt", "".join(f"Sentence number {n} of the long text is here. " for n in range(30)))
    work.ingest()
    before = work.rows(CHUNKS)
    reports = work.ingest(chunking=ChunkingSpec(Strategy.STRUCTURE, 32))

    work.check_whole()
    assert reports.chunks.cut == 2
    kept = before.keys() & work.rows(CHUNKS).keys()
    assert len(kept) == reports.embeddings.unchanged == 1
    assert reports.embeddings.encoded == reports.chunks.chunks - 1


def test_another_tokenizer_cuts_everything(work: Workplace):
    work.write("a.txt", "A text.\n")
    work.ingest()
    work.tokens.fingerprint = "000000000000"
    reports = work.ingest()
    assert (reports.chunks.cut, reports.embeddings.unchanged) == (1, 1)
    assert work.rows(CHUNKS).popitem()[1]["strategy"] == f"{CHUNKING.label}/000000000000"


def test_another_version_of_a_parser_reads_its_files_again_and_no_others(
    work: Workplace, monkeypatch: pytest.MonkeyPatch
):
    work.write("a.md", "# Title\n\nText.\n")
    work.write("b.txt", "More text.\n")
    work.ingest()
    before = work.rows(DOCUMENTS)
    markdown = replace(registry.parser_for("text/markdown"), own_version=99)
    monkeypatch.setitem(registry._BY_MEDIA_TYPE, "text/markdown", markdown)
    registry._current.cache_clear()
    try:
        reports = work.ingest()
    finally:
        monkeypatch.undo()
        registry._current.cache_clear()

    assert reports.documents.changes["edited"] == reports.documents.written == 1
    assert (reports.chunks.cut, reports.embeddings.encoded) == (0, 0)
    after = work.rows(DOCUMENTS)
    assert {row["source"] for key, row in after.items() if row != before[key]} == {"a.md"}


def test_a_new_release_embeds_everything_into_a_table_of_its_own(filled: Workplace):
    first = filled.ingest().embeddings
    second = filled.ingest(new_release=True).embeddings

    assert (second.release, second.from_cache, second.encoded) == (2, first.vectors, 0)
    assert second.table != first.table
    assert filled.search().release.release == 2
    filled.check_whole()
    filled.ingest()
    assert maintain(filled.context()).dropped == ()
    assert filled.tables.open(first.table).count_rows() == first.vectors


def test_a_new_release_that_was_killed_changes_nothing_and_is_continued(
    filled: Workplace, monkeypatch: pytest.MonkeyPatch
):
    filled.ingest()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Releases, "publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        filled.ingest(new_release=True)
    assert filled.search().release.release == 1
    again = filled.ingest(new_release=True).embeddings
    assert (again.release, again.encoded, again.from_cache, again.unchanged) == (2, 0, 0, again.vectors)


def test_a_first_release_whose_pointer_was_not_written_is_made_again(filled: Workplace):
    filled.ingest()
    before = filled.content()
    (filled.home.releases / "current.json").unlink()
    assert filled.ingest().embeddings.release == 1
    assert filled.content() == before


def test_another_encoder_is_refused_until_a_new_release_is_asked_for(work: Workplace, fp32_encoder: Encoder):
    work.write("a.txt", "Text about apples.\n")
    work.ingest()
    int8, work.encoder = work.encoder, fp32_encoder
    with pytest.raises(EncoderChangedError, match=r"XNAI_PRECISION.*--new-release") as caught:
        work.ingest()
    assert int8.vector_space in str(caught.value)
    assert fp32_encoder.vector_space in str(caught.value)

    release = Releases(work.home.releases).require()
    table = work.tables.open(release.embeddings_table)
    with pytest.raises(VectorSpaceError, match="--new-release"):
        SearchIndex(release, table, fp32_encoder, None)

    work.ingest(new_release=True)
    assert work.search().release.vector_space == fp32_encoder.vector_space
    work.encoder = int8
    with pytest.raises(EncoderChangedError):
        work.ingest()


def test_a_release_whose_table_is_missing_says_so(work: Workplace):
    work.write("a.txt", "Text.\n")
    work.ingest()
    work.tables.drop(work.embeddings.name)
    with pytest.raises(TableError, match="xnai run"):
        work.search()


@pytest.mark.parametrize("mode", list(Mode))
def test_a_search_finds_the_passage_and_where_it_stands(filled: Workplace, mode: Mode):
    filled.ingest()
    hits = filled.search().search("How do I install it?", k=3, mode=mode)

    assert hits[0].source == "guide.md"
    assert hits[0].heading_path == ("Guide",)
    assert "**Install**" in hits[0].snippet
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    texts = {row["document_id"]: row["text"] for row in filled.rows(DOCUMENTS).values()}
    for hit in hits:
        assert hit.text == texts[hit.document_id][hit.start : hit.end]
        assert re.sub(r"\*\*", "", hit.snippet).strip(". ") in " ".join(hit.text.split())


@pytest.mark.parametrize("mode", list(Mode))
def test_filters_hold_in_every_mode(filled: Workplace, mode: Mode):
    filled.write("it's/100%_sure.txt", "Whales and sharks breathe.\n")
    filled.ingest()
    index = filled.search()

    def sources(filters: Filters) -> set[str]:
        return {hit.source for hit in index.search("whales sharks breathe rain", 20, mode, filters)}

    assert sources(Filters(source_prefix="it's/100%_")) == {"it's/100%_sure.txt"}
    assert sources(Filters(source_prefix="corpus.jsonl#")) == {"corpus.jsonl#1", "corpus.jsonl#2"}
    assert sources(Filters(media_type="application/jsonl")) == {"corpus.jsonl#1", "corpus.jsonl#2"}
    assert sources(Filters(source_prefix="' OR 1=1 --")) == set()
    assert sources(Filters(language="xx")) == set()
    assert sources(Filters(source_prefix="notes/", media_type="text/plain")) <= {
        "notes/rain.txt",
        "notes/sun.txt",
    }


def test_a_document_stands_once_where_answers_are_grouped(work: Workplace):
    work.write("rain.md", "# Rain\n\n" + "\n\n".join(f"## Day {n}\n\nRain fell on day {n}." for n in range(9)))
    work.write("sun.txt", "The sun shone and no rain fell.\n")
    work.ingest()
    hits = work.search().search("rain", k=5, by_document=True)
    assert sorted(hit.source for hit in hits) == ["rain.md", "sun.txt"]
    assert len(work.search().search("rain", k=5)) == 5


@pytest.mark.parametrize("question", ["", " \n\t", "?!...", "x" * 4_001, "caf\udce9", "\U0001f600"])
def test_what_is_no_question_is_refused_in_words(filled: Workplace, question: str):
    filled.ingest()
    with pytest.raises(QueryError, match=r"^The question .+\."):
        filled.search().search(question)


@pytest.mark.parametrize(
    "question",
    ["the of and", "x" * 4_000, "word " * 800, "a\x00b", "(\"unbalanced' AND [", "قطة кошка 猫", "🐋 whales"],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_odd_questions_are_answered(filled: Workplace, question: str, mode: Mode):
    filled.ingest()
    filled.search().search(question, mode=mode)


def test_an_index_without_passages_answers_with_none(work: Workplace):
    work.write("broken.jsonl", '{"_id": "1", "text": "Fine."}\n')
    work.write("only.docx", b"PK\x03\x04" + bytes(50))
    (work.documents / "broken.jsonl").unlink()
    work.ingest()
    for mode in Mode:
        assert work.search().search("anything", mode=mode) == []


def test_a_text_put_into_the_index_by_a_later_run_is_found_by_its_words(filled: Workplace):
    filled.ingest()
    filled.write("later.txt", "The xylophone stood in the corner.\n")
    filled.ingest()
    hits = filled.search().search("xylophones", mode=Mode.KEYWORD)
    assert [hit.source for hit in hits] == ["later.txt"]
    assert "**xylophone**" in hits[0].snippet


def test_rows_that_a_killed_run_left_out_of_the_keyword_index_enter_it(filled: Workplace):
    filled.ingest()
    table = filled.tables.open(filled.embeddings.name)
    row = table.search().limit(1).to_arrow().to_pylist()[0]
    table.delete(f"chunk_id = '{row['chunk_id']}'")
    table.add([row])
    assert table.index_stats("passage_keywords").num_unindexed_rows == 1
    reports = filled.ingest()
    assert reports.embeddings.encoded == reports.embeddings.from_cache == 0
    stats = filled.tables.open(filled.embeddings.name).index_stats("passage_keywords")
    assert stats.num_unindexed_rows == 0


def test_an_approximate_index_is_built_measured_used_and_dropped(work: Workplace):
    topics = ["rain", "copper", "whales", "chess", "bread", "glaciers", "violins", "taxes"]
    lines = [
        json.dumps({"_id": f"{topic}{n}", "text": f"{topic} {n}, seen {n * 7 % 13} times by {n % 5} people."})
        for topic in topics
        for n in range(40)
    ]
    work.write("corpus.jsonl", "\n".join(lines))
    index = work.ingest(threshold=100).embeddings.vector_index

    record = work.home.releases / "1.vector_index.json"
    assert index is not None
    assert index == read_vector_index(record)
    assert (index.rows, index.queries) == (320, 200)
    assert index.nprobes is None or index.recall_at_10 >= 0.98
    search = work.search()
    assert search.nprobes == index.nprobes
    assert search.search("glaciers", k=1, mode=Mode.VECTOR)[0].text.startswith("glaciers")
    before = work.versions()
    assert work.ingest(threshold=100).embeddings.vector_index == index
    assert work.versions() == before

    assert work.ingest(threshold=1_000).embeddings.vector_index is None
    assert not record.exists()
    names = {found.name for found in work.tables.open(work.embeddings.name).list_indices()}
    assert "vector_lists" not in names
    assert work.search().search("glaciers", k=1, mode=Mode.VECTOR)


def test_vectors_are_of_unit_length_and_those_of_the_passages(filled: Workplace):
    filled.ingest()
    rows = list(filled.rows(filled.embeddings).values())
    vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    expected = filled.encoder.encode_passages([row["passage"] for row in rows]).vectors
    assert np.allclose(vectors, expected, atol=1e-6)
