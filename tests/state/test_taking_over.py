"""A machine that shares nothing with another but a bucket takes over from it: it serves, goes back, trains on, runs."""

import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.adaptation_world import (
    TRAINING,
    base_encoder,
    challenge,
    compare_and_decide,
    mine,
    tracker_of,
)
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.adapters.make import adapt_encoder, released_base, train_adapter
from xnai_pipelines.errors import HomeError
from xnai_pipelines.evaluation.make import evaluate_retrieval
from xnai_pipelines.releases.rollback import roll_back
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.following import Follower
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.objects import Objects
from xnai_pipelines.state.sharing import LIST, SharedRelease, objects_at, share, write_list
from xnai_pipelines.state.table_claim import OWNER, claim_tables
from xnai_pipelines.state.table_place import Bucket
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.state.taking_over import take_over

QUESTION = "Who cleans the oak table number 0?"


def found(home: Home, question: str) -> list[tuple[str, float]]:
    return [(hit.source, hit.score) for hit in SearchIndex.open(home.root).search(question)]


def move_tables(work: Workplace, prefix: str) -> None:
    """Move the tables of a home into an object store, as docs/deployment.md says."""
    import boto3

    bucket, below = urlsplit(prefix).netloc, urlsplit(prefix).path.strip("/")
    for path in filter(Path.is_file, work.home.lancedb.rglob("*")):
        boto3.client("s3").upload_file(str(path), bucket, f"{below}/{path.relative_to(work.home.lancedb).as_posix()}")
    shutil.rmtree(work.home.lancedb)
    claim_tables(work.home, prefix)
    share(work.home)


def elsewhere(work: Workplace, root: Path) -> Workplace:
    """Return another machine: it has the documents, a home of its own, and the models that every machine makes."""
    return Workplace(root, work.encoder, work.documents)


@pytest.mark.slow
def test_a_release_with_an_adapter_is_served_rolled_back_and_trained_on_elsewhere(
    released: Workplace, prefix: str, tmp_path: Path
):
    first, second = Releases(released.home.releases).all()
    base = released_base(released.home, base_encoder())
    expected = {
        one.release: SearchIndex.open(released.home.root, release=one).rank(QUESTION) for one in (first, second)
    }
    move_tables(released, prefix)
    there = elsewhere(released, tmp_path / "there")
    Follower(there.home, prefix).catch_up()
    assert there.search().rank(QUESTION) == expected[2]

    assert take_over(there.home, prefix, print) == 2
    assert Releases(there.home.releases).all() == [first, second]
    again = released_base(there.home, base_encoder())
    assert (again.vector_space, again.adapter) == (base.vector_space, second.adapter)
    roll_back(there.context(), None)
    assert there.search().rank(QUESTION) == expected[1]
    with pytest.raises(HomeError, match="Another home has taken over"):
        roll_back(released.context(), None)


@pytest.mark.slow
def test_the_home_that_took_over_retrains_and_judges_the_result(released: Workplace, prefix: str, tmp_path: Path):
    move_tables(released, prefix)
    there = elsewhere(released, tmp_path / "there")
    take_over(there.home, prefix, print)
    there.ingest()
    evaluate_retrieval(there.context(), tracker_of(there.home), (), threads=1, force=False)
    mine(there)
    other = replace(TRAINING, max_steps=TRAINING.max_steps + 1)
    trained = train_adapter(there.context(), tracker_of(there.home), base_encoder(), other, threads=1)
    adapt_encoder(there.context(), base_encoder())
    challenge(there)
    decided = compare_and_decide(there)
    challenger = Releases(there.home.releases).challenger()
    assert challenger is not None
    assert (challenger.release, challenger.adapter) == (3, trained.adapter.adapter_id)
    assert decided.decision.verdict.gain is not None
    third = Home(tmp_path / "third")
    Follower(third, prefix).catch_up()
    assert Releases(third.releases).require().release == 2
    assert found(third, QUESTION) == found(there.home, QUESTION)


def test_the_home_that_took_over_writes_and_the_other_one_is_refused(shared: Workplace, prefix: str, tmp_path: Path):
    there = elsewhere(shared, tmp_path / "there")
    take_over(there.home, prefix, print)
    shared.write("guide.md", "# Guide\n\nHail fell on the hills.\n")
    with pytest.raises(HomeError, match="Another home has taken over"):
        shared.ingest()
    with pytest.raises(HomeError, match="Another home has taken over"):
        share(shared.home)

    there.ingest()
    assert found(there.home, "hail")[0][0] == "guide.md"
    third = Home(tmp_path / "third")
    Follower(third, prefix).catch_up()
    assert found(third, "hail") == found(there.home, "hail")


@pytest.mark.parametrize("what", ["replace", "read_tagged"])
def test_a_home_that_was_killed_as_it_took_over_takes_over_at_the_next_call(
    shared: Workplace, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
):
    there = elsewhere(shared, tmp_path / "there")
    real, calls = getattr(Objects, what), iter(range(1 if what == "read_tagged" else 0))

    def killed(self: Objects, *arguments: object) -> object:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return real(self, *arguments)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):  # noqa: PT012  both undone at once
        patched.setattr(Objects, what, killed)
        take_over(there.home, prefix, print)
    with pytest.raises(HomeError, match="holds the release that another home shares"):
        there.ingest()
    take_over(there.home, prefix, print)
    assert there.ingest().documents.written == 0
    assert found(there.home, "river rain") == found(shared.home, "river rain")


def test_a_run_that_shares_meanwhile_keeps_the_list_and_the_next_call_takes_over(
    shared: Workplace, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = elsewhere(shared, tmp_path / "there")
    with monkeypatch.context() as patched:
        patched.setattr(Objects, "replace", lambda *_: False)
        with pytest.raises(HomeError, match="Take over again"):
            take_over(there.home, prefix, print)
    take_over(there.home, prefix, print)
    assert Tables(Bucket(prefix)).count(OWNER) == 1
    with pytest.raises(HomeError, match="Another home has taken over"):
        shared.ingest()


def test_of_a_take_over_where_nothing_or_no_release_is_shared_nothing_remains(prefix: str, tmp_path: Path):
    there = Home(tmp_path / "there")
    with pytest.raises(HomeError, match="No release is shared"):
        take_over(there, prefix, print)
    nowhere = SharedRelease(release=1, folders={}, texts={"../outside": "x"})
    assert objects_at(prefix).replace(LIST, write_list(nowhere), None)
    with pytest.raises(HomeError, match="not a file of a release"):
        take_over(there, prefix, print)
    assert not there.root.exists()


def test_a_home_that_waits_for_a_release_to_follow_may_make_its_own_and_keeps_it(work: Workplace, prefix: str):
    follower = Follower(work.home, prefix)
    with pytest.raises(HomeError, match="No release is shared"):
        follower.catch_up()
    five_files(work).ingest()
    shared = SharedRelease(release=7, folders={}, texts={})
    assert objects_at(prefix).replace(LIST, write_list(shared), None)
    with pytest.raises(HomeError, match="has a release of its own"):
        follower.catch_up()


def test_a_home_with_a_release_of_its_own_takes_nothing_over(
    shared: Workplace, searchable_once: Workplace, prefix: str
):
    with pytest.raises(HomeError, match="has a release of its own"):
        take_over(searchable_once.home, prefix, print)
    assert objects_at(prefix).sizes("owner.lance")
