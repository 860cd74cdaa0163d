"""What changed since a release is measured against the profile that its first evaluation took."""

from pathlib import Path

import pytest

from tests.support.adaptation_world import copy_world, source
from tests.support.workplace import Workplace
from xnai_pipelines.autonomy.drift.make import DriftOutcome, last_drift_report, report_drift
from xnai_pipelines.autonomy.drift.report import Cause
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import DriftError
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.releases.rollback import roll_back
from xnai_pipelines.sample.shift import write_shift

pytestmark = pytest.mark.slow


def drift(work: Workplace) -> DriftOutcome:
    return report_drift(work.context(), work.encoder)


def profile_of(work: Workplace, release: int) -> Path:
    return work.home.state / "drift" / f"release_{release}.npz"


@pytest.fixture(scope="module")
def first(adapted_home: Workplace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workplace, DriftOutcome]:
    """The adapted home after the first call, which took the profile, and what that reported."""
    work = copy_world(adapted_home, tmp_path_factory.mktemp("profiled"))
    assert last_drift_report(work.home) is None
    return work, drift(work)


@pytest.fixture
def profiled(first: tuple[Workplace, DriftOutcome], tmp_path: Path) -> Workplace:
    """A copy of that home, for a test to change."""
    return copy_world(first[0], tmp_path)


def test_the_first_call_takes_the_profile_and_the_second_finds_nothing_changed(
    first: tuple[Workplace, DriftOutcome], profiled: Workplace
):
    outcome = first[1]
    assert outcome.first
    assert outcome.plot.startswith(b"\x89PNG")
    assert outcome.report.cause is Cause.NONE
    taken = profile_of(profiled, 1).read_bytes()
    second = drift(profiled)
    assert not second.first
    assert second.report.cause is Cause.NONE
    assert profile_of(profiled, 1).read_bytes() == taken
    assert last_drift_report(profiled.home) == second.report


def test_documents_in_another_language_are_named_as_the_cause(profiled: Workplace):
    write_shift(profiled.documents)
    for path in sorted((profiled.documents / "ru").iterdir())[20:]:  # fewer than there were documents before
        path.unlink()
    profiled.ingest()
    report = drift(profiled).report
    assert report.cause is Cause.NEW_DOCUMENTS
    assert report.trainable
    assert "languages" in {test.what for test in report.tests if test.drifted}
    assert "language" in report.conclusion


def test_labels_whose_documents_are_gone_are_missing_documents_and_nothing_to_train(profiled: Workplace):
    for number in range(2):
        for thing in ("oak table", "clay pot", "glass jar"):
            (profiled.documents / source(thing, number)).unlink()
    profiled.ingest()
    make_questions(profiled.context(), profiled.documents.parent / "questions.jsonl")
    report = drift(profiled).report
    assert report.cause is Cause.MISSING_DOCUMENTS
    assert not report.trainable


def test_vectors_that_the_encoder_does_not_make_are_an_index_fault(profiled: Workplace):
    rows = list(profiled.rows(profiled.embeddings).values())
    for row, other in zip(rows, [*rows[1:], rows[0]], strict=True):
        row["vector"] = [-value for value in other["vector"]]
    profiled.tables.merge_rows(profiled.embeddings, rows)
    report = drift(profiled).report
    assert report.cause in (Cause.INDEX_FAULT, Cause.MODEL_FAULT)
    assert not report.trainable


def test_passages_that_the_next_ingest_writes_again_are_not_missing(profiled: Workplace):
    rows = list(profiled.rows(profiled.embeddings).values())
    for row in rows:
        row["analyser"] = 0  # of an earlier version
    profiled.tables.merge_rows(profiled.embeddings, rows)
    assert drift(profiled).report.cause is Cause.NONE


def test_a_damaged_profile_says_what_to_do_and_that_mends_it(profiled: Workplace):
    path = profile_of(profiled, 1)
    for content in (b"garbage", b"PK\x03\x04" + bytes(60)):
        path.write_bytes(content)
        with pytest.raises(DriftError, match=rf"{path} cannot be read.*Delete it: the next evaluation takes it again"):
            drift(profiled)
    path.unlink()
    assert drift(profiled).first


def test_each_release_has_its_own_profile(released: Workplace, built_encoder: Encoder):
    assert drift(released).report.release == 2
    roll_back(released.context(), 1)
    released.encoder = built_encoder
    first = drift(released)
    assert (first.first, first.report.release) == (True, 1)
    assert profile_of(released, 1).exists()
    assert profile_of(released, 2).exists()
