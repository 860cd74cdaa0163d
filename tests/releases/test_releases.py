"""A release names one vector space, and only what changed is embedded."""

from dataclasses import replace

import pytest

from tests.support.workplace import CHUNKING, Workplace, link_models
from xnai_pipelines.chunks.passage import VERSION
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.documents.parsers import registry
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import EncoderChangedError, TableError, VectorSpaceError
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.search.corpus import open_corpus, withdraw_corpus
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS


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
    assert work.rows(CHUNKS).popitem()[1]["strategy"] == f"{CHUNKING.label}/{VERSION}/000000000000"


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
    assert maintain(filled.context(), kept_releases=3).dropped == ()
    assert filled.tables.open(first.table).count_rows() == first.vectors


def test_a_deleted_document_leaves_the_tables_of_earlier_releases_too(filled: Workplace):
    first = filled.ingest().embeddings
    filled.ingest(new_release=True)
    gone = next(row["source"] for row in filled.rows(DOCUMENTS).values() if "#" not in row["source"])
    (filled.documents / gone).unlink()
    filled.ingest(allow_vanishing=True)
    sources = filled.tables.open(first.table).search().select(["source"]).to_arrow()["source"].to_pylist()
    assert sources
    assert gone not in sources


def test_a_new_release_that_was_killed_changes_nothing_and_is_continued(
    ingested: Workplace, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(Releases, "publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ingested.ingest(new_release=True)
    assert ingested.search().release.release == 1
    again = ingested.ingest(new_release=True).embeddings
    assert (again.release, again.encoded, again.from_cache, again.unchanged) == (2, 0, 0, again.vectors)


def test_a_first_release_whose_pointer_was_not_written_is_made_again(ingested: Workplace):
    before = ingested.content()
    for after_the_manifest in ("current.json", "moves.jsonl"):
        (ingested.home.releases / after_the_manifest).unlink()
    assert ingested.ingest().embeddings.release == 1
    assert ingested.content() == before


def test_another_encoder_is_refused_until_a_new_release_is_asked_for(work: Workplace, fp32_encoder: Encoder):
    work.write("a.txt", "Text about apples.\n")
    work.ingest()
    link_models(work.home.models, fp32_encoder)
    int8, work.encoder = work.encoder, fp32_encoder
    with pytest.raises(EncoderChangedError, match=r"XNAI_VARIANT.*--new-release") as caught:
        work.ingest()
    assert int8.vector_space in str(caught.value)
    assert fp32_encoder.vector_space in str(caught.value)

    release = Releases(work.home.releases).require()
    with pytest.raises(VectorSpaceError, match="--new-release"):
        SearchIndex(release, open_corpus(work.home, work.tables, release.embeddings_table), fp32_encoder)

    work.ingest(new_release=True)
    assert work.search().release.vector_space == fp32_encoder.vector_space
    work.encoder = int8
    with pytest.raises(EncoderChangedError):
        work.ingest()


def test_a_release_whose_table_is_missing_says_so(work: Workplace):
    work.write("a.txt", "Text.\n")
    work.ingest()
    name = work.embeddings.name
    work.tables.drop(name)
    assert work.search().search("text")  # from its files
    withdraw_corpus(work.home, name)
    with pytest.raises(TableError, match="xnai run"):
        work.search()
