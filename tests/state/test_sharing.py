"""Two machines are two homes: the first has its tables in a bucket and shares its release there, the second follows."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.support.processes import end, start_process
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.doctor.examine import examine
from xnai_pipelines.errors import DamagedArtefactError, HomeError
from xnai_pipelines.search import corpus_edit
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.serving.current import CurrentRelease
from xnai_pipelines.state.following import Follower
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.objects import Objects
from xnai_pipelines.state.sharing import FILES, LIST, objects_at, share
from xnai_pipelines.state.table_claim import claim_tables

RULES = '"notes/**": [weather]\n'


@pytest.fixture
def shared(work: Workplace, prefix: str) -> Workplace:
    claim_tables(work.home, prefix)
    five_files(work)
    work.write("access.yaml", RULES)
    work.ingest()
    return work


def found(home: Home, question: str) -> list[tuple[str, float]]:
    return [(hit.source, hit.score) for hit in SearchIndex.open(home.root).search(question)]


def test_an_empty_home_serves_the_shared_release_and_its_rules_and_follows_what_changes(
    shared: Workplace, prefix: str, tmp_path: Path
):
    there = Home(tmp_path / "there")
    current = CurrentRelease(there, Follower(there, prefix))
    current.refresh()
    assert current.failure is None
    assert found(there, "river rain") == found(shared.home, "river rain")
    readable = current.served.for_groups(frozenset()).index.contents.documents()
    assert "notes/rain.txt" not in dict(readable)

    (shared.documents / "notes/rain.txt").unlink()
    shared.write("access.yaml", '"guide.md": [staff]\n')
    shared.ingest(new_release=True)
    current.refresh()
    assert current.served.index.release.release == 2
    assert found(there, "river rain") == found(shared.home, "river rain")
    assert "notes/rain.txt" not in dict(current.served.index.contents.documents())
    assert "guide.md" not in dict(current.served.for_groups(frozenset()).index.contents.documents())
    assert len(list(there.index.glob("*/[!.]*"))) == 1
    named = json.loads(objects_at(prefix).read(LIST))["folders"].values()
    assert len(objects_at(prefix).sizes(FILES)) == len({f["sha256"] for card in named for f in card["files"].values()})


def test_a_damaged_file_is_refused_and_what_was_served_goes_on(shared: Workplace, prefix: str, tmp_path: Path):
    there = Home(tmp_path / "there")
    follower = Follower(there, prefix)
    follower.catch_up()
    before = found(there, "river rain")
    shared.write("guide.md", "# Guide\n\nHail fell.\n")
    shared.ingest()
    objects = objects_at(prefix)
    for name in objects.sizes(FILES):
        objects.write(name, b"damaged")
    with pytest.raises(DamagedArtefactError, match="do not match their card"):
        follower.catch_up()
    assert found(there, "river rain") == before

    restarted = CurrentRelease(there, Follower(there, prefix))
    restarted.refresh()
    assert restarted.served.index.release.release == 1
    assert "do not match their card" in (restarted.failure or "")


def test_a_follower_downloads_nothing_that_it_has(
    shared: Workplace, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there, downloaded = Home(tmp_path / "there"), []
    follower = Follower(there, prefix)
    follower.catch_up()

    def noted(self: Objects, name: str, file: Path) -> None:
        downloaded.append(file.name)
        real(self, name, file)

    real = Objects.download
    monkeypatch.setattr(Objects, "download", noted)
    monkeypatch.setattr(corpus_edit, "LARGEST_SHARE", 0.9)
    monkeypatch.setattr(corpus_edit, "JOINED_SHARE", 0.9)
    shared.write("notes/rain.txt", "The rain stopped.\n")
    shared.ingest()
    damaged = next(there.index.glob("*/*/stems.arrow"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")  # what is here counts only if it is sound
    follower.catch_up()
    assert found(there, "river rain") == found(shared.home, "river rain")
    assert {"vectors.npy", "rows.npy", "stems.arrow"} <= set(downloaded)
    once = [name for name in downloaded if name != "weights.npy"]  # which depend on the mean length of passages
    assert len(once) == len(set(once))  # of the pieces the new one, not the base


def follow_until_killed(root: Path, address: str, variables: dict[str, str], files: int) -> None:
    """Catch up in a process that kills itself when it would download one more file than this."""
    os.environ.update(variables)
    real, left = Objects.download, iter(range(files))

    def download(self: Objects, name: str, file: Path) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, name, file)

    Objects.download = download  # type: ignore[method-assign]
    Follower(Home(root), address).catch_up()


@pytest.mark.slow
def test_a_follower_that_was_killed_while_it_copied_serves_the_same_in_the_end(
    shared: Workplace, prefix: str, tmp_path: Path
):
    there, variables = Home(tmp_path / "there"), {n: v for n, v in os.environ.items() if n.startswith("AWS_")}
    for files in (0, 2, 5):
        killed = end(start_process(follow_until_killed, there.root, prefix, variables, files))
        assert killed == -signal.SIGKILL
        assert Releases(there.releases).current() is None
    Follower(there, prefix).catch_up()
    assert found(there, "river rain") == found(shared.home, "river rain")
    assert not list(there.root.rglob("*.partial"))
    assert [one for one in examine(there, max_backup_hours=48, max_drill_days=8) if one.urgency == "fault"] == []


def test_a_follower_is_written_by_nobody_else_and_replaces_no_home(shared: Workplace, prefix: str, tmp_path: Path):
    there = Workplace(tmp_path / "there", shared.encoder, shared.documents)
    Follower(there.home, prefix).catch_up()
    with pytest.raises(HomeError, match="holds the release that another home shares"):
        there.ingest()
    with pytest.raises(HomeError, match="has a release of its own and cannot follow"):
        Follower(shared.home, prefix)


def test_a_list_reaches_only_files_of_a_release(shared: Workplace, prefix: str, tmp_path: Path):
    objects = objects_at(prefix)
    listed = json.loads(objects.read(LIST))
    for name in ("../outside", "/outside", "secrets/tokens.json", "follows.json"):
        objects.write(LIST, json.dumps({**listed, "texts": {**listed["texts"], name: "x"}}).encode())
        with pytest.raises(HomeError, match="not a file of a release"):
            Follower(Home(tmp_path / "there"), prefix).catch_up()
    assert not (tmp_path / "outside").exists()


def test_of_two_copies_of_a_home_the_one_that_did_not_see_the_others_release_shares_nothing(
    shared: Workplace, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (shared.documents / "access.yaml").unlink()
    read = Objects.read_tagged

    def overtaken(self: Objects, name: str):
        found = read(self, name)
        self.write(name, b"of the other")
        return found

    monkeypatch.setattr(Objects, "read_tagged", overtaken)
    with pytest.raises(HomeError, match="Another process has shared a release"):
        share(shared.home)
    assert objects_at(prefix).read(LIST) == b"of the other"


def test_rules_that_cannot_be_read_are_not_shared_as_none(shared: Workplace, prefix: str, tmp_path: Path):
    shared.documents.rename(tmp_path / "elsewhere")
    share(shared.home)
    assert json.loads(objects_at(prefix).read(LIST))["texts"]["documents/access.yaml"] == RULES
    objects_at(prefix).remove(LIST)
    with pytest.raises(HomeError, match="access rules are unknown"):
        share(shared.home)


def test_before_the_first_release_the_follower_says_what_to_do(work: Workplace, prefix: str):
    current = CurrentRelease(work.home, Follower(work.home, prefix))
    current.refresh()
    assert "Run `xnai run` with XNAI_LANCEDB_URI" in (current.failure or "")
