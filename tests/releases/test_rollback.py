"""Back to an earlier release and forward again: nothing deleted comes back, and what is gone is named."""

import json
import shutil
from dataclasses import replace

import pytest

from tests.support.adaptation_world import source
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.adapter import list_adapters
from xnai_pipelines.adapters.make import read_adapter_report
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.packaged.folder import PACKAGED
from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.releases.rollback import roll_back
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.manifest import EncoderCandidate, Release, Releases, record_candidate
from xnai_pipelines.state.schemas import embeddings_spec

pytestmark = pytest.mark.slow

TABLE = source("oak table", 0)


def releases_of(work: Workplace) -> Releases:
    return Releases(work.home.releases)


def scores(index: SearchIndex) -> list[tuple[str, float]]:
    return [(hit.source, hit.score) for hit in index.search("Who cleans the oak table number 0?", mode=Mode.VECTOR)]


def sources_in(work: Workplace, release: Release) -> set[str]:
    spec = embeddings_spec(release.embeddings_table, release.dimension)
    return {row["source"] for row in work.rows(spec).values()}


def test_back_and_forward_search_answers_from_the_release_that_the_pointer_names(released: Workplace):
    first, second = releases_of(released).all()
    expected = {
        release.release: scores(SearchIndex.open(released.home.root, release=release)) for release in (first, second)
    }
    assert expected[1] != expected[2]

    back = roll_back(released.context(), None)
    assert (back.from_release, back.to_release, back.deleted, back.behind, back.questions) == (2, 1, 0, 0, None)
    assert released.search().release == first
    assert scores(released.search()) == expected[1]
    forward = roll_back(released.context(), 2)
    assert (forward.from_release, forward.to_release, forward.behind, forward.questions) == (1, 2, 0, 80)
    assert released.search().release == second
    assert scores(released.search()) == expected[2]
    assert [(move.release, move.reason) for move in releases_of(released).moves()] == [
        (1, "embedded"),
        (2, "promoted over release 1"),
        (1, "rolled back from release 2"),
        (2, "rolled back from release 1"),
    ]
    for moved in (back, forward):
        assert 0 < moved.pointer_seconds < moved.seconds


def test_deletions_made_since_are_applied_before_the_pointer_moves(
    released: Workplace, monkeypatch: pytest.MonkeyPatch
):
    first = releases_of(released).read(1)
    (released.documents / TABLE).unlink()
    released.ingest_documents()
    assert TABLE in sources_in(released, first)
    real, at_the_move = Releases.roll_back, []

    def noting(releases: Releases, number: int, reason: str) -> None:
        at_the_move.append(sources_in(released, first))
        real(releases, number, reason)

    monkeypatch.setattr(Releases, "roll_back", noting)
    assert roll_back(released.context(), 1).deleted == 1
    assert len(at_the_move) == 1
    assert TABLE not in at_the_move[0]
    assert TABLE not in {hit.source for hit in released.search().search("oak table number 0", k=50)}


def test_edits_made_since_follow_by_the_next_ingest(released: Workplace, built_encoder: Encoder):
    released.write(TABLE, "# The oak table 0\n\nThe oak table number 0 was painted green by a sailor.\n")
    released.write("lighthouse.md", "# The lighthouse\n\nThe lighthouse stands on a cliff.\n")
    released.ingest()
    released.check_whole()
    assert roll_back(released.context(), 1).behind == 3  # two to write, one to remove
    assert released.search().search("oak table number 0", mode=Mode.KEYWORD)

    released.encoder = built_encoder
    released.ingest()
    released.check_whole()
    assert "sailor" in released.search().search("Who painted the oak table?")[0].text


@pytest.mark.parametrize(
    ("number", "reason"),
    [(2, "Release 2 is already the current one"), (7, "Release 7 does not exist"), (0, "Release 0 does not exist")],
)
def test_a_number_that_cannot_be_gone_to_is_refused(released: Workplace, number: int, reason: str):
    with pytest.raises(ReleaseError, match=reason):
        roll_back(released.context(), number)
    assert released.search().release.release == 2


def test_a_release_whose_table_is_gone_is_refused_and_others_are_not(released: Workplace):
    released.tables.drop(releases_of(released).read(1).embeddings_table)
    with pytest.raises(ReleaseError, match=r"The table embeddings_1_\w+ of release 1 is gone.*xnai releases"):
        roll_back(released.context(), None)
    assert released.search().release.release == 2
    assert len(releases_of(released).moves()) == 2


def test_a_release_whose_model_is_gone_or_damaged_is_refused(released: Workplace):
    model = released.home.models / releases_of(released).read(1).vector_space
    whole = model.resolve()
    model.unlink()
    with pytest.raises(ReleaseError, match="The encoder of release 1 cannot be used"):
        roll_back(released.context(), 1)
    shutil.copytree(whole, model)
    (model / "tokenizer.json").write_text("{}")
    with pytest.raises(ReleaseError, match="The encoder of release 1 cannot be used"):
        roll_back(released.context(), 1)
    assert released.search().release.release == 2


def test_before_the_first_release_there_is_none_to_go_back_to(released: Workplace):
    roll_back(released.context(), None)
    with pytest.raises(ReleaseError, match="There is no release before 1"):
        roll_back(released.context(), None)


def test_the_questions_kept_with_a_release_come_back_without_those_about_deleted_documents(
    released: Workplace, built_encoder: Encoder
):
    asked = set(read_questions(released.tables))
    roll_back(released.context(), 1)
    assert set(read_questions(released.tables)) == asked  # release 1 kept none: those of now stay
    (released.documents / TABLE).unlink()
    released.encoder = built_encoder
    released.ingest()
    path = released.documents.parent / "other.jsonl"
    path.write_text(json.dumps({"question": "Where is the clay pot?", "documents": [source("clay pot", 0)]}) + "\n")
    make_questions(released.context(), path)
    assert len(read_questions(released.tables)) == 1

    assert roll_back(released.context(), 2).questions == 78
    gone = document_id(TABLE)
    assert set(read_questions(released.tables)) == {question for question in asked if gone not in question.document_ids}


def test_a_release_that_is_not_kept_any_more_goes_with_its_table_and_model_and_leaves_its_adapter(
    released: Workplace, built_encoder: Encoder
):
    second = releases_of(released).require()
    roll_back(released.context(), 1)
    own = released.home.models / second.vector_space
    whole = own.resolve()
    own.unlink()
    shutil.copytree(whole, own)
    merged = released.home.adapters / "merged" / (second.adapter or "")
    merged.unlink()
    merged.mkdir()
    kept = maintain(released.context(), kept_releases=1)
    assert (kept.expired, kept.dropped, kept.models_dropped) == ((), (), ())
    assert merged.exists()

    report = maintain(released.context(), kept_releases=0)
    assert report.expired == (2,)
    assert report.dropped == (second.embeddings_table,)
    assert report.models_dropped == (second.vector_space,)
    assert not own.exists()
    assert not merged.exists()
    assert not releases_of(released).questions_path(2).exists()
    adapter = read_adapter_report(released.home).adapter
    assert [kept.adapter_id for kept in list_adapters(released.home.adapters)] == [adapter]
    released.encoder = built_encoder
    released.check_whole()
    assert scores(released.search())
    with pytest.raises(ReleaseError, match="Release 2 does not exist"):
        roll_back(released.context(), 2)


def test_maintenance_keeps_what_the_challenger_and_the_candidate_name(adapted: Workplace):
    challenger = releases_of(adapted).challenger()
    assert challenger
    own, chosen, unnamed = (adapted.home.models / name for name in (challenger.vector_space, "c" * 16, "d" * 16))
    whole = own.resolve()
    own.unlink()
    for folder in (own, chosen, unnamed):
        folder.mkdir()
        shutil.copy2(whole / "card.json", folder)
    packaged = adapted.home.models / PACKAGED
    packaged.mkdir()
    record_candidate(adapted.home.releases, EncoderCandidate("static", chosen.name, "0" * 64, "now", ()))
    report = maintain(adapted.context(), kept_releases=0)
    assert (report.expired, report.dropped, report.models_dropped) == ((), (), (unnamed.name,))
    assert challenger.embeddings_table in adapted.tables.names()
    assert own.exists()
    assert chosen.exists()
    assert packaged.exists()


def test_the_newest_releases_are_kept_and_the_current_one_whatever_its_age(released: Workplace):
    releases = releases_of(released)
    for number in (3, 4, 5):
        releases.publish(replace(releases.read(2), release=number), "again")
    roll_back(released.context(), 1)
    assert maintain(released.context(), kept_releases=2).expired == (2, 3)
    assert [release.release for release in releases.all()] == [1, 4, 5]
    # the table of 2 and 3 is that of 4 and 5, too
    assert releases.read(4).embeddings_table in released.tables.names()
