"""A run may end at any moment; the next one ends as if it had never been disturbed."""

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.killed_ingests import Held, copied, differences, held, start
from tests.support.processes import end
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import HomeError

pytestmark = pytest.mark.slow


def records(*numbers: int, word: str = "record") -> str:
    return "".join(f'{{"_id": "{n}", "text": "This is {word} {n}."}}\n' for n in numbers)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """A home that took in its folder, whose files changed since."""
    work = Workplace(tmp_path_factory.mktemp("before"), built_encoder)
    for number in range(8):
        work.write(f"{number}.md", f"# Part {number}\n\nWhat was said of part {number}.\n")
    work.write("corpus.jsonl", records(1, 2, 3, 4))
    work.write("mixed.jsonl", records(1, 2) + "not json\n")
    work.write("broken.ipynb", '{"cells": [')
    work.ingest()

    for number in (0, 1):
        work.write(f"{number}.md", f"# Part {number}\n\nWhat is said of it now.\n")
    (work.documents / "2.md").rename(work.documents / "renamed.md")
    for name in ("3.md", "4.md", "broken.ipynb"):
        (work.documents / name).unlink()
    work.write("5.md", b"")
    for number in range(3):
        work.write(f"new/{number}.txt", f"New text {number}.\n")
    work.write("corpus.jsonl", records(1) + records(2, word="edited") + records(4, 5))
    work.write("mixed.jsonl", records(1, 2, 3))
    work.write("bad.ipynb", '{"cells": {')
    return work


@pytest.fixture(scope="module")
def undisturbed(before: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What a run that nobody disturbs leaves; a second one changes nothing."""
    work = copied(before, tmp_path_factory.mktemp("undisturbed"))
    work.ingest(allow_vanishing=True)
    versions = work.versions()
    work.ingest()
    assert work.versions() == versions
    return held(work)


@pytest.fixture(scope="module")
def from_nothing(before: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What a first run that nobody disturbs leaves."""
    work = Workplace(tmp_path_factory.mktemp("from_nothing"), before.encoder, before.documents)
    work.ingest()
    return held(work)


@pytest.mark.parametrize("commits", range(1, 21))
def test_a_run_killed_after_any_commit_is_made_good_by_the_next(
    before: Workplace, undisturbed: Held, tmp_path: Path, commits: int
):
    work = copied(before, tmp_path)
    assert end(start(work, commits)) == -signal.SIGKILL
    work.ingest(allow_vanishing=True)
    assert differences(work, undisturbed) == []
    if commits in (1, 7, 13, 20):  # one of each stage
        versions = work.versions()
        work.ingest()
        assert work.versions() == versions


@pytest.mark.parametrize("commits", [1, 4, 8, 13])
def test_a_first_run_killed_after_any_commit_is_made_good_by_the_next(
    before: Workplace, from_nothing: Held, tmp_path: Path, commits: int
):
    work = Workplace(tmp_path, before.encoder, before.documents)
    assert end(start(work, commits)) == -signal.SIGKILL
    work.ingest()
    assert differences(work, from_nothing) == []


def test_a_run_killed_again_and_again_is_made_good_by_the_next(before: Workplace, undisturbed: Held, tmp_path: Path):
    work = copied(before, tmp_path)
    assert [end(start(work, commits)) for commits in (6, 3, 5)] == [-signal.SIGKILL] * 3
    work.ingest(allow_vanishing=True)
    assert differences(work, undisturbed) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_a_random_moment_is_made_good_by_the_next(
    before: Workplace, undisturbed: Held, tmp_path: Path, seed: int
):
    work = copied(before, tmp_path)
    end(start(work), random.Random(seed).uniform(0, 1))  # nothing is secret
    work.ingest(allow_vanishing=True)
    assert differences(work, undisturbed) == []


def test_two_runs_at_once_end_right(before: Workplace, undisturbed: Held, tmp_path: Path):
    work = copied(before, tmp_path)
    assert [end(process) for process in [start(work), start(work)]] == [0, 0]
    assert differences(work, undisturbed) == []


def test_two_first_runs_at_once_end_right(before: Workplace, from_nothing: Held, tmp_path: Path):
    work = Workplace(tmp_path, before.encoder, before.documents)
    assert [end(process) for process in [start(work), start(work)]] == [0, 0]
    assert differences(work, from_nothing) == []


@pytest.mark.parametrize("free", [0, 24, 96, 160])
def test_a_full_disk_is_named_and_loses_nothing(before: Workplace, undisturbed: Held, small_disk: Path, free: int):
    """`free` is the space left, in kilobytes, so that it ends in different stages."""
    work = copied(before, small_disk)
    ballast = small_disk / "ballast"
    usage = os.statvfs(small_disk)
    ballast.write_bytes(bytes(max(0, usage.f_bavail * usage.f_frsize - free * 1024)))
    with pytest.raises(HomeError, match="is full"):  # from LanceDB, SQLite or a write of our own
        work.ingest(allow_vanishing=True)
    ballast.unlink()
    work.ingest(allow_vanishing=True)
    assert differences(work, undisturbed) == []


def test_a_home_that_becomes_read_only_is_named_and_loses_nothing(
    before: Workplace, undisturbed: Held, small_disk: Path
):
    work = copied(before, small_disk)

    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(small_disk)], check=True)

    remount("ro")
    with pytest.raises(HomeError, match=r"cannot be written.*XNAI_HOME"):
        work.ingest(allow_vanishing=True)
    assert work.search().search("what was said of part 3", k=1)[0].source == "3.md"
    remount("rw")
    work.ingest(allow_vanishing=True)
    assert differences(work, undisturbed) == []
