"""What is forgotten is in no file of the tables or of the cache, and the proof says so."""

import signal
from pathlib import Path

import numpy as np
import pytest

from tests.support.adaptation_world import copy_world, source
from tests.support.killed_stages import FORGOTTEN, run_stage
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.make import deleted_in_adapters, read_adapter_report
from xnai_pipelines.autonomy.drift.make import report_drift
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.errors import ForgettingError
from xnai_pipelines.releases.forget import forget
from xnai_pipelines.releases.rollback import kept_questions, roll_back
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUESTIONS, TRAINING_PAIRS, embeddings_spec

pytestmark = pytest.mark.slow

OTHER = source("oak table", 1)


def vectors_of(work: Workplace) -> list[bytes]:
    """Return 64 bytes of the document's vector in each table of vectors, as LanceDB and SQLite store them."""
    found = []
    for release in Releases(work.home.releases).with_challenger():
        rows = work.rows(embeddings_spec(release.embeddings_table, release.dimension)).values()
        vectors = [row["vector"] for row in rows if row["source"] == FORGOTTEN]
        found += [np.array(vector, dtype=np.float32)[:16].tobytes() for vector in vectors]
    return found


def files_with(work: Workplace, needle: bytes) -> set[str]:
    """Return which of the tables and of the cache's files hold the bytes."""
    paths = [*work.home.lancedb.rglob("*"), *work.home.root.glob("vectors.db*")]
    holding = [path for path in paths if path.is_file() and needle in path.read_bytes()]
    return {path.relative_to(work.home.root).parts[min(1, path.is_relative_to(work.home.lancedb))] for path in holding}


def check_forgotten(work: Workplace, needles: list[bytes]) -> None:
    """Assert that nothing of the document is left, and that all others are."""
    assert [files_with(work, needle) for needle in needles] == [set()] * len(needles)
    assert work.sources() == {path.name for path in work.documents.iterdir()}
    work.check_whole()
    gone = document_id(FORGOTTEN)
    assert gone not in {row["document_id"] for row in work.rows(TRAINING_PAIRS).values()}
    asked = work.rows(QUESTIONS).values()
    assert asked
    assert gone not in {relevant["document_id"] for row in asked for relevant in row["relevant"]}
    index = work.search()
    for mode in index.modes:
        found = index.search("Who cleans the oak table number 1?", k=5, mode=mode)
        assert OTHER in {hit.source for hit in found}
        assert FORGOTTEN not in {hit.source for hit in found}


def test_a_plain_deletion_leaves_the_bytes_in_the_files_and_forgetting_removes_them(released: Workplace):
    tables = {release.embeddings_table for release in Releases(released.home.releases).all()}
    needles = [*vectors_of(released), document_id(FORGOTTEN).encode(), FORGOTTEN.encode(), b"oak table number 0"]
    (released.documents / FORGOTTEN).unlink()
    released.ingest()
    for vector, table in zip(needles[:2], sorted(tables), strict=True):
        assert files_with(released, vector) == {f"{table}.lance", "vectors.db"}
    assert files_with(released, document_id(FORGOTTEN).encode())

    released.home.shards.mkdir()
    (released.home.shards / "left.texts.arrow").write_bytes(b"oak table number 0")
    report = forget(released.context(), released.documents, FORGOTTEN)
    check_forgotten(released, needles)
    assert not released.home.shards.exists()
    assert report.adapters == (read_adapter_report(released.home).adapter,)
    assert report.documents == 0  # the ingest had removed the rows
    assert report.cached_vectors >= 2
    erased = {table.table: table for table in report.tables}
    assert {DOCUMENTS.name, CHUNKS.name, TRAINING_PAIRS.name, QUESTIONS.name, *tables} < erased.keys()
    assert {table.rows_found for table in report.tables} == {0}
    assert {table.versions for table in report.tables} <= {0, 1}
    kept = kept_questions(Releases(released.home.releases), 2)
    assert kept is not None
    assert len(kept) == 78
    assert document_id(FORGOTTEN) not in {identity for question in kept for identity in question.document_ids}
    assert deleted_in_adapters(released.home, released.tables).keys() == set(report.adapters)

    # nothing comes back with an earlier release
    roll_back(released.context(), 1)
    assert FORGOTTEN not in {hit.source for hit in released.search().search("oak table number 0", k=40)}
    roll_back(released.context(), 2)
    check_forgotten(released, needles)


def test_what_no_run_has_noticed_as_deleted_yet_is_forgotten_at_once(released: Workplace):
    needles = vectors_of(released)
    (released.documents / FORGOTTEN).unlink()
    report = forget(released.context(), released.documents, FORGOTTEN)
    removed = {table.table: table.rows_removed for table in report.tables}
    assert report.documents == removed["documents"] == removed["chunks"] == removed["files"] == 1
    assert removed["questions"] == removed["training_pairs"] == 2
    check_forgotten(released, needles)


def test_a_record_is_forgotten_and_the_others_of_its_file_stay(released: Workplace):
    released.write("corpus.jsonl", '{"_id": "1", "text": "Whales sing."}\n{"_id": "2", "text": "Sharks are mute."}\n')
    released.ingest()
    with pytest.raises(ForgettingError, match="is still in"):
        forget(released.context(), released.documents, "corpus.jsonl#1")
    (released.documents / "corpus.jsonl").unlink()
    report = forget(released.context(), released.documents, "corpus.jsonl")
    assert report.documents == 2
    assert files_with(released, b"Whales sing") == set()
    released.check_whole()


def test_a_source_that_never_existed_is_refused_and_one_of_an_earlier_table_version_is_not(released: Workplace):
    before = released.versions()
    with pytest.raises(ForgettingError, match=r"There is no document pages/\[slug\]\.tsx"):
        forget(released.context(), released.documents, "pages/[slug].tsx")
    assert released.versions() == before
    released.write("new.md", "A heron waits.\n")  # no adapter was trained on it
    released.ingest()
    (released.documents / "new.md").unlink()
    released.ingest()
    assert forget(released.context(), released.documents, "./new.md").documents == 0
    with pytest.raises(ForgettingError, match="There is no document"):
        forget(released.context(), released.documents, "new.md")


def test_a_file_that_still_lies_in_the_folder_is_refused(released: Workplace):
    before = released.versions()
    with pytest.raises(ForgettingError, match=f"{FORGOTTEN} is still in .* Delete the file"):
        forget(released.context(), released.documents, FORGOTTEN)
    assert released.versions() == before


@pytest.mark.parametrize("commits", [7, 12])
def test_a_killed_forgetting_is_completed_by_another(released: Workplace, commits: int):
    needles = vectors_of(released)
    (released.documents / FORGOTTEN).unlink()
    assert run_stage(released, "forget", commits=commits) == -signal.SIGKILL
    assert released.search().search("oak table number 1")  # search answers meanwhile
    forget(released.context(), released.documents, FORGOTTEN)
    check_forgotten(released, needles)


def test_a_table_that_a_killed_run_began_is_erased_too(adapted: Workplace):
    needles = vectors_of(adapted)
    assert len(needles) == 2
    Releases(adapted.home.releases).challenge(None)  # what a run leaves that is killed while it embeds
    (adapted.documents / FORGOTTEN).unlink()
    forget(adapted.context(), adapted.documents, FORGOTTEN)
    check_forgotten(adapted, needles)


def test_a_release_whose_table_is_gone_stops_no_forgetting(released: Workplace):
    released.tables.drop(Releases(released.home.releases).read(1).embeddings_table)
    needles = [vectors_of(released)[-1]]
    (released.documents / FORGOTTEN).unlink()
    forget(released.context(), released.documents, FORGOTTEN)
    check_forgotten(released, needles)


def test_the_profiles_that_drift_is_measured_by_are_taken_anew_without_the_document(released: Workplace):
    assert report_drift(released.context(), released.encoder).first
    profiles = released.home.state / "drift"
    (released.documents / FORGOTTEN).unlink()
    forget(released.context(), released.documents, FORGOTTEN)
    assert list(profiles.glob("*.npz")) == []
    again = report_drift(released.context(), released.encoder)
    assert again.first
    assert [path.name for path in profiles.glob("*.npz")] == ["release_2.npz"]


def test_forgetting_in_a_copy_leaves_the_home_that_it_was_copied_from(released: Workplace, tmp_path: Path):
    copy = copy_world(released, tmp_path / "copy")
    (copy.documents / FORGOTTEN).unlink()
    forget(copy.context(), copy.documents, FORGOTTEN)
    assert vectors_of(released)
