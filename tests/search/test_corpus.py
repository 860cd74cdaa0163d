"""The files that search maps into memory hold what the table holds, appear at once, and never outlive a deletion."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from tests.support.workplace import Workplace, fill
from xnai_pipelines.errors import DamagedArtefactError, HomeError
from xnai_pipelines.search import corpus
from xnai_pipelines.search.corpus import FORMAT, Corpus, open_corpus, publish_corpus, withdraw_corpus
from xnai_pipelines.search.corpus_files import fill_corpus
from xnai_pipelines.search.document_share import with_documents
from xnai_pipelines.search.table_rows import TableRows
from xnai_pipelines.state.artefacts import publish_artefact

QUESTIONS = ["How do I install it?", "whales sharks", "rain", "copper electricity", "delete the folder"]


def answers(work: Workplace) -> list[list[tuple[str, float]]]:
    index = work.search()
    return [[(hit.chunk_id, hit.score) for hit in index.search(q, 5, mode)] for q in QUESTIONS for mode in index.modes]


def files(work: Workplace) -> dict[str, bytes]:
    folder = work.home.index / work.embeddings.name
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_answers_from_the_files_are_those_from_the_table(ingested: Workplace):
    from_files = answers(ingested)
    withdraw_corpus(ingested.home, ingested.embeddings.name)
    assert answers(ingested) == from_files


def test_the_files_hold_every_row_in_the_order_of_ids(ingested: Workplace):
    opened = open_corpus(ingested.home, ingested.tables, ingested.embeddings.name)
    rows = ingested.rows(ingested.embeddings)
    assert opened.passages["chunk_id"].to_pylist() == sorted(rows)
    vectors = np.array([rows[key]["vector"] for key in sorted(rows)], np.float32)
    documents = [rows[key]["document_id"] for key in sorted(rows)]
    assert np.array_equal(opened.pieces.vectors(slice(None)), with_documents(vectors, documents))
    assert opened.values("text", range(len(rows))) == [rows[key]["text"] for key in sorted(rows)]


def test_increments_give_the_same_files_as_a_run_from_nothing(work: Workplace, tmp_path):
    other = Workplace(tmp_path / "other", work.encoder, fill(work).documents)
    work.ingest()
    work.write("later.txt", "The xylophone stood in the corner.\n")
    (work.documents / "notes/sun.txt").unlink()
    work.ingest(allow_vanishing=True)
    other.ingest()
    assert files(work) == files(other)


def test_an_unchanged_run_leaves_the_files_and_a_killed_one_is_made_good(ingested: Workplace):
    assert not publish_corpus(ingested.home, ingested.tables, ingested.embeddings.name)
    withdraw_corpus(ingested.home, ingested.embeddings.name)
    ingested.ingest()
    assert not publish_corpus(ingested.home, ingested.tables, ingested.embeddings.name)


def test_a_new_state_replaces_the_previous_files_and_an_open_search_keeps_its_own(ingested: Workplace):
    opened = ingested.search()
    before = opened.search("rain", 3)
    (ingested.documents / "notes/rain.txt").unlink()
    ingested.ingest(allow_vanishing=True)
    assert opened.search("rain", 3) == before
    assert "notes/rain.txt" not in {hit.source for hit in ingested.search().search("rain", 10)}
    assert len(list((ingested.home.index / ingested.embeddings.name).glob("[!.]*"))) == 1


def test_a_search_that_has_no_space_for_files_of_its_own_says_what_to_do(
    ingested: Workplace, monkeypatch: pytest.MonkeyPatch
):
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    withdraw_corpus(ingested.home, ingested.embeddings.name)
    monkeypatch.setattr(corpus, "fill_corpus", fill)
    with pytest.raises(HomeError, match=r"no space for others\. Free some space there, set TMPDIR"):
        ingested.search()


def test_damaged_files_are_refused_by_name(ingested: Workplace):
    (vectors,) = (ingested.home.index / ingested.embeddings.name).rglob("vectors.npy")
    os.truncate(vectors, 100)
    with pytest.raises(DamagedArtefactError, match=r"vectors\.npy"):
        ingested.search()


def test_files_of_an_older_program_are_not_read_and_the_next_run_replaces_them(ingested: Workplace):
    expected = answers(ingested)
    folder = ingested.home.index / ingested.embeddings.name
    (made,) = folder.glob("[!.]*")
    older = made.rename(folder / made.name.replace(f"{FORMAT}-", f"{FORMAT - 1}-"))
    (older / "vocabulary.arrow").unlink()
    assert answers(ingested) == expected
    ingested.ingest()
    assert [path.name for path in folder.glob("[!.]*")] == [made.name]


def test_an_empty_table_has_files_too(work: Workplace):
    work.write("only.docx", b"PK\x03\x04" + bytes(50))
    work.ingest()
    opened = open_corpus(work.home, work.tables, work.embeddings.name)
    assert isinstance(opened, Corpus)
    assert opened.pieces.vectors(slice(None)).shape == (0, work.encoder.dimension)


def test_a_passage_has_a_share_of_its_document_and_one_that_is_alone_its_own_vector():
    vectors = np.eye(3, dtype=np.float32)
    mixed = with_documents(vectors, ["two", "one", "two"])
    assert mixed[1].tolist() == [0, 1, 0]
    assert mixed[0] == pytest.approx([0.7 + 0.3 / 2**0.5, 0, 0.3 / 2**0.5])
    assert mixed[2] == pytest.approx(mixed[0][::-1])


def test_the_size_of_the_blocks_changes_no_array_and_no_row(ingested: Workplace, tmp_path: Path):
    table = ingested.tables.open(ingested.embeddings.name)
    folders = [tmp_path / "one", tmp_path / "three"]
    for folder, block in zip(folders, (1, 3), strict=True):
        publish_artefact(folder, lambda made, block=block: fill_corpus(made, TableRows.of(table, block)))
    (expected,) = (ingested.home.index / ingested.embeddings.name).glob("[!.]*")
    one, three, whole = map(Corpus.read, [*folders, expected])
    assert one.passages.equals(whole.passages)
    assert one.vocabulary.equals(whole.vocabulary)
    for name in ("base/vectors", "base/codes", "originals", "base/rows", "base/weights", "base/title_rows"):
        made = [(folder / f"{name}.npy").read_bytes() for folder in (*folders, expected)]
        assert made[0] == made[1] == made[2], name
    rows = [5, 0, 3, 5, len(whole.passages) - 1]
    assert one.shown(rows) == three.shown(rows) == whole.shown(rows)
    assert one.passage_texts([]) == []
