"""The graph's tables in a home: incremental, safe to kill, and without a document once it is deleted or forgotten."""

import pytest

from tests.support.cut_off import cut_off_at
from tests.support.edit_scripts import differences
from tests.support.workplace import CHUNKING, Workplace
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.errors import GraphRulesError
from xnai_pipelines.graph.checking import compare_with_rebuild, orphans
from xnai_pipelines.graph.counts import Count, counted, keep_counts, kept_counts
from xnai_pipelines.graph.make import (
    bring_graph,
    input_of,
    make_communities,
    make_entities,
    make_mentions,
    make_relations,
)
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.record import MadeTable, read_graph_record
from xnai_pipelines.graph.support import SUPPORTED, chunks_of, resting_on
from xnai_pipelines.graph.tables import COMMUNITIES, EXTRACTIONS, GRAPH_TABLES, MENTIONS, RELATIONS
from xnai_pipelines.graph.whole import TOUCHED
from xnai_pipelines.releases.forget import forget
from xnai_pipelines.state.tables import Tables

PAGES = {
    "lee.md": "# Ann Lee\n\nAnn Lee was born in Oslo. She married Bo Ek of Acme Corp.\n",
    "ek.md": "# Bo Ek\n\nBo Ek works for Acme Corp in Oslo. By then Ek knew Ann Lee.\n",
    "acme.md": "# Acme Corp\n\nAcme Corp is a small company in Oslo, founded by Cy Oz. See [Bo](ek.md).\n",
}


def make(work: Workplace, committed=lambda: None):
    """Run the stages from documents to communities; return what those of the graph report."""
    work.ingest_documents()
    context = work.context(committed)
    make_chunks(context, CHUNKING, work.tokens)
    return [stage(context) for stage in (make_mentions, make_entities, make_relations, make_communities)]


@pytest.fixture
def pages(work: Workplace) -> Workplace:
    for name, text in PAGES.items():
        work.write(name, text)
    make(work)
    return work


def revision(work: Workplace) -> str | None:
    return read_graph_record(work.home).revision


def versions(work: Workplace) -> list[int | None]:
    return [work.tables.version(spec) for spec in GRAPH_TABLES]


def test_unchanged_documents_cost_no_work(pages):
    before = versions(pages)
    assert [(one.documents_read, one.written, one.removed) for one in make(pages)] == [(0, 0, 0)] * 4
    assert versions(pages) == before


def test_unchanged_documents_read_no_table_of_the_graph(pages, monkeypatch):
    asked = []
    reading = Tables.read

    def read(tables, spec, *arguments):
        asked.append(spec.name)
        return reading(tables, spec, *arguments)

    monkeypatch.setattr(Tables, "read", read)
    bring_graph(pages.context())
    assert not {spec.name for spec in GRAPH_TABLES} & set(asked)


@pytest.mark.parametrize("commit", [1, 2, 3, 4])
def test_an_edit_that_is_undone_after_a_run_that_was_cut_off_leaves_nothing(pages, commit):
    pages.write("ek.md", PAGES["ek.md"].replace("Oslo", "Lyon"))
    pages.ingest_documents()
    make_chunks(pages.context(), CHUNKING, pages.tokens)
    with pytest.raises(KeyboardInterrupt):
        bring_graph(pages.context(cut_off_at(commit)))
    pages.write("ek.md", PAGES["ek.md"])
    make(pages)
    assert not compare_with_rebuild(pages.home, pages.tables).different


def test_an_edit_reads_one_document_and_ends_in_the_bytes_of_a_rebuild(pages, tmp_path):
    pages.write("ek.md", PAGES["ek.md"].replace("Oslo", "Lyon"))
    assert make(pages)[0].documents_read == 1
    fresh = Workplace(tmp_path / "fresh", pages.encoder, pages.documents)
    make(fresh)
    assert revision(pages) == revision(fresh)
    assert not compare_with_rebuild(pages.home, pages.tables).different


@pytest.mark.parametrize("seed", [6, 9, 10])
def test_any_edits_with_runs_cut_off_between_end_in_the_bytes_of_a_rebuild(work, tmp_path, seed):
    assert differences(tmp_path / "script", work.tokens, seed) == ()


def test_a_script_of_edits_finds_a_table_that_is_not_brought_in_line(work, tmp_path, monkeypatch):
    monkeypatch.setitem(TOUCHED, COMMUNITIES.name, lambda *_: [])
    assert "table communities" in differences(tmp_path / "script", work.tokens, 6)


def test_an_edit_writes_the_rows_that_it_touches(work):
    for at in range(12):
        work.write(
            f"{at}.md", f"# Page {at}\n\nUlla Berg{at} met Nils Dahl{at} in Malmo{at}. He left Malmo{at} early.\n"
        )
    make(work)
    work.write("3.md", "# Page 3\n\nUlla Berg3 met Olle Holm3 in Malmo3. He left Malmo3 early.\n")
    _, entities, relations, communities = make(work)
    assert max(entities.written, relations.written, communities.written) <= 10
    assert not compare_with_rebuild(work.home, work.tables).different


def test_what_was_read_anew_is_related_anew_even_if_the_mentions_are_the_same():
    before, after = ({"mentions": MadeTable(input=read, revision="same", rows=1)} for read in ("read", "read again"))
    assert input_of(RELATIONS, before, Overrides()) != input_of(RELATIONS, after, Overrides())


def test_a_deleted_document_leaves_no_orphan(pages):
    (pages.documents / "ek.md").unlink()
    make(pages)
    assert not any(orphans(pages.tables).values())
    assert document_id("ek.md") not in pages.tables.ids(MENTIONS, "document_id")


def test_a_deleted_document_leaves_no_counts(pages):
    counts = pages.home.state / "graph_counts.arrow"
    assert b"cy oz" in counts.read_bytes()
    (pages.documents / "acme.md").unlink()
    make(pages)
    assert b"cy oz" not in counts.read_bytes()


def test_a_row_that_a_rebuild_would_not_make_is_found(pages):
    pages.tables.open(EXTRACTIONS.name).update(
        where=f"document_id = '{document_id('ek.md')}'", values={"language": "xx"}
    )
    assert compare_with_rebuild(pages.home, pages.tables).different == (f"document {document_id('ek.md')}",)


def test_counts_that_a_rebuild_would_not_make_are_found(pages):
    made_of = read_graph_record(pages.home).parts["mentions"].input
    kept = kept_counts(pages.home, made_of)
    keep_counts(pages.home, kept | counted(Count.TERM, {"nothing": 1}), made_of)
    assert compare_with_rebuild(pages.home, pages.tables).different == ("counts",)


def test_an_orphan_is_counted(pages):
    pages.tables.open("chunks").delete(f"document_id = '{document_id('ek.md')}'")
    assert orphans(pages.tables)["mentions"] > 0


@pytest.mark.parametrize("commit", [1, 4, 7])
def test_a_run_that_ends_at_any_commit_converges(work, commit):
    for name, text in PAGES.items():
        work.write(name, text)
    work.ingest_documents()
    make_chunks(work.context(), CHUNKING, work.tokens)
    left = commit

    def stop() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_graph(work.context(stop))
    bring_graph(work.context())
    assert not compare_with_rebuild(work.home, work.tables).different
    assert not any(orphans(work.tables).values())


def test_a_forgotten_document_supports_no_row_and_its_words_are_in_no_file(pages):
    chunks = chunks_of(pages.tables, [document_id("acme.md")])
    assert all(resting_on(pages.tables, spec, chunks) for spec in SUPPORTED)
    (pages.documents / "acme.md").unlink()
    report = forget(pages.context(), pages.documents, "acme.md")
    proof = {one.table: one for one in report.tables}
    assert {spec.name for spec in GRAPH_TABLES} <= set(proof)
    assert not any(one.rows_found for one in report.tables)
    assert all(proof[spec.name].rows_removed for spec in SUPPORTED)
    assert all(resting_on(pages.tables, spec, chunks) == 0 for spec in SUPPORTED)
    kept = [path for folder in (pages.home.lancedb, pages.home.state) for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"Cy Oz" in path.read_bytes() or b"cy oz" in path.read_bytes()]


@pytest.mark.parametrize("step", ["bring_graph", "profiles"])
def test_forgetting_that_ended_at_any_step_is_completed_by_a_second_call(pages, monkeypatch, step):
    (pages.documents / "acme.md").unlink()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"xnai_pipelines.releases.forget.{step}", stop)
        with pytest.raises(KeyboardInterrupt):
            forget(pages.context(), pages.documents, "acme.md")
    forget(pages.context(), pages.documents, "acme.md")
    files = [path for path in pages.home.lancedb.rglob("*") if path.is_file()]
    assert not [path for path in files if b"Cy Oz" in path.read_bytes()]


def test_nothing_is_forgotten_while_the_overrides_are_not_acceptable(pages):
    (pages.documents / "acme.md").unlink()
    (pages.documents / "graph.yaml").write_text("alias: 1\n")
    before = versions(pages)
    with pytest.raises(GraphRulesError):
        forget(pages.context(), pages.documents, "acme.md")
    assert versions(pages) == before
    assert document_id("acme.md") in pages.tables.ids(MENTIONS, "document_id")
