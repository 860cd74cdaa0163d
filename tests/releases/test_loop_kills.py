"""A retraining may end at any moment: the old release answers, and the next run ends as if nothing had happened."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.support.adaptation_world import (
    TRAINING,
    base_encoder,
    challenge,
    compare_and_decide,
    copy_world,
    release_promoted,
    tracker_of,
)
from tests.support.killed_stages import run_stage, trial
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.adapter import list_adapters
from xnai_pipelines.adapters.loop import TrainingLoop
from xnai_pipelines.adapters.make import read_adapter_report, train_adapter
from xnai_pipelines.errors import HomeError
from xnai_pipelines.evaluation.logged import first_evaluation
from xnai_pipelines.releases.decision import PromotionOutcome
from xnai_pipelines.releases.evaluate import evaluate_challenger
from xnai_pipelines.releases.logged import aliases
from xnai_pipelines.releases.rollback import roll_back
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import embeddings_spec

pytestmark = pytest.mark.slow

WEIGHTS = "adapter_model.safetensors"


def check_old_release_serves(work: Workplace) -> None:
    index = work.search()
    assert index.release.release == 1
    found = [hit.source for hit in index.search("Who cleans the oak table number 0?")]
    assert "oak_table_0.md" in found[:2]


def without_challenger(work: Workplace) -> str:
    """Take the challenger and its table away, as before it was embedded; return the name of its table."""
    releases = Releases(work.home.releases)
    challenger = releases.challenger()
    assert challenger
    releases.challenge(None)
    work.tables.drop(challenger.embeddings_table)
    work.home.vector_cache.unlink()
    return challenger.embeddings_table


def check_challenger_is_as_measured(work: Workplace) -> None:
    """Assert that the challenger is, row for row, the one that was measured before."""
    assert not evaluate_challenger(work.context(), tracker_of(work.home), threads=1).measured
    challenger = Releases(work.home.releases).challenger()
    assert challenger
    rows = work.rows(embeddings_spec(challenger.embeddings_table, challenger.dimension))
    assert len(rows) == 40


def test_a_killed_training_goes_on_from_its_checkpoint_to_the_same_adapter(
    adapted: Workplace, monkeypatch: pytest.MonkeyPatch
):
    identity = read_adapter_report(adapted.home).adapter
    folder = adapted.home.adapters / identity
    undisturbed = (folder / WEIGHTS).read_bytes()
    shutil.rmtree(folder)
    (adapted.home.state / "lora_adapter.json").unlink()

    assert run_stage(adapted, "train", step=2) == -signal.SIGKILL
    assert list_adapters(adapted.home.adapters) == []
    [checkpoint] = (adapted.home.adapters / ".training" / identity).glob("step-*")
    assert checkpoint.name == "step-00000002"
    check_old_release_serves(adapted)

    steps, real = [], TrainingLoop._step
    monkeypatch.setattr(TrainingLoop, "_step", lambda self: (steps.append(self._state.step), real(self))[1])
    outcome = train_adapter(adapted.context(), tracker_of(adapted.home), base_encoder(), TRAINING, threads=1)
    assert outcome.report.adapter == identity
    assert steps == [2]
    assert (folder / WEIGHTS).read_bytes() == undisturbed
    assert [point["step"] for point in outcome.adapter.curve()["steps"]] == [1, 2, 3]
    assert not checkpoint.exists()


@pytest.mark.parametrize("commits", [1, 3])
def test_an_embedding_of_the_challenger_that_was_killed_is_gone_on_with(adapted: Workplace, commits: int):
    table = without_challenger(adapted)
    assert run_stage(adapted, "challenge", commits=commits) == -signal.SIGKILL
    begun = embeddings_spec(table, 384)
    assert adapted.tables.count(begun) == 8 * (commits - 1)
    assert Releases(adapted.home.releases).challenger() is None
    check_old_release_serves(adapted)

    challenge(adapted)
    assert adapted.tables.count(begun) == 40
    check_challenger_is_as_measured(adapted)


@pytest.mark.parametrize("commits", [1, 3])
def test_a_trial_of_another_encoder_that_was_killed_is_gone_on_with(adapted: Workplace, tiny_bert: Path, commits: int):
    shutil.copytree(tiny_bert, adapted.documents.parent / "model")
    without_challenger(adapted)
    assert run_stage(adapted, "trial", commits=commits) == -signal.SIGKILL
    assert Releases(adapted.home.releases).challenger() is None
    check_old_release_serves(adapted)

    assert trial(adapted).encoded == 40 - 8 * (commits - 1)
    decision = compare_and_decide(adapted).decision
    assert (decision.outcome, decision.encoder, decision.adapter) == (PromotionOutcome.REJECTED, "model", None)
    assert not release_promoted(adapted).released
    check_old_release_serves(adapted)


def test_killed_before_the_pointer_moves_the_old_release_serves_and_the_next_run_releases(adapted: Workplace):
    assert run_stage(adapted, "release", before="current.json") == -signal.SIGKILL
    releases = Releases(adapted.home.releases)
    assert [release.release for release in releases.all()] == [1, 2]  # the manifest is written
    check_old_release_serves(adapted)

    outcome = release_promoted(adapted)
    assert (outcome.release, outcome.released) == (2, True)
    assert [move.release for move in releases.moves()] == [1, 2]
    assert releases.challenger() is None
    adapted.check_whole()


def test_killed_before_the_manifest_is_written_the_next_run_releases(adapted: Workplace):
    assert run_stage(adapted, "release", before="2.json") == -signal.SIGKILL
    check_old_release_serves(adapted)
    assert release_promoted(adapted).released
    adapted.check_whole()


def test_killed_just_after_the_pointer_moved_the_next_run_tidies_up(adapted: Workplace):
    assert run_stage(adapted, "release", after_move=True) == -signal.SIGKILL
    assert adapted.search().release.release == 2
    outcome = release_promoted(adapted)
    assert (outcome.release, outcome.released) == (2, False)
    assert Releases(adapted.home.releases).challenger() is None
    tracker, current = tracker_of(adapted.home), Releases(adapted.home.releases).require()
    assert aliases(tracker) == {"champion": current.vector_space}
    baseline = first_evaluation(tracker, 2)
    assert baseline
    assert baseline.tags["vector_space"] == current.vector_space
    adapted.check_whole()


def test_a_rollback_killed_before_the_pointer_moves_is_completed_by_another(released: Workplace):
    assert run_stage(released, "rollback", before="current.json") == -signal.SIGKILL
    assert released.search().release.release == 2
    assert roll_back(released.context(), None).to_release == 1
    check_old_release_serves(released)


@pytest.mark.parametrize("free", [0, 160])
def test_a_disk_that_is_full_during_the_challengers_table_is_named_and_the_old_release_serves(
    adapted_home: Workplace, small_disk: Path, free: int
):
    """`free` is the space left, in kilobytes, so that it ends at different writes."""
    work = copy_world(adapted_home, small_disk / "world")
    without_challenger(work)
    ballast = small_disk / "ballast"
    usage = os.statvfs(small_disk)
    ballast.write_bytes(bytes(max(0, usage.f_bavail * usage.f_frsize - free * 1024)))
    with pytest.raises(HomeError, match=r"is full.*Free some space and run again"):
        challenge(work)
    check_old_release_serves(work)
    assert Releases(work.home.releases).challenger() is None
    ballast.unlink()
    challenge(work)
    check_challenger_is_as_measured(work)
