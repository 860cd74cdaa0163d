"""Kills what works on a home at random moments, or lets its disk fill up.

    python -m tests.support.soak --minutes 10 [--kills 100] [--seed 0]

In each round one process ingests, releases and maintains, another backs up, drills and serves, and the folder changes;
both are killed. In some their disk is full, really so with the rights to mount a small one. After that the home is
served, and every backup that exists restores. At intervals the work is done without a disturbance; then the tables
equal those of a home that nobody disturbed, and a restored backup equals the home. A training that was killed several
times ends with the weights of one that nobody disturbed. Ends with code 1 at the first difference and names the seed
and the round.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.support import processes
from tests.support.backed_up import PLAIN, place_of
from tests.support.killed_ingests import change
from tests.support.killed_trainings import Trainings
from tests.support.small_disks import Disk, small_disk
from tests.support.soaked import FULL, KEPT, ROLES, Worker
from tests.support.workplace import Workplace
from xnai_pipelines.backups.make import back_up
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.backups.restore import restore
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.serving.current import CurrentRelease
from xnai_pipelines.state.claim import claim

SECONDS = 2.0  # of an action, until one was measured
TRAINED = 0.05  # share of the rounds that kill a training
FULL_SHARE = 0.15  # of the processes, and of the rounds
FULL_BYTES = (0, 1_000_000)  # that a full disk has left
DISK_MB = 512
FULL_AT_BYTES = (256, 60_000)  # a write beyond this size of a file fails, as on a full disk
EVERY = 4  # rounds until the work is done without a disturbance


class Disturbances:
    """Kills of what works on one home.

    Attributes:
        ends: How often each action ended how.
    """

    def __init__(
        self, disturbed: Workplace, undisturbed: Workplace, generator: random.Random, disk: Disk | None
    ) -> None:
        self._disturbed, self._undisturbed, self._generator, self._disk = disturbed, undisturbed, generator, disk
        self._seconds = {action: SECONDS for actions in ROLES.values() for action in actions}
        self.ends: Counter[str] = Counter()

    @property
    def kills(self) -> int:
        """The number of processes that were killed at work."""
        return sum(count for ended, count in self.ends.items() if ended.endswith(" killed"))

    def disturb(self) -> list[str]:
        """Have a writer and a reader work while the folder changes, kill both; return what failed otherwise."""
        generator = self._generator
        longest = max(self._seconds.values())
        full = self._disk is not None and generator.random() < FULL_SHARE
        if self._disk is not None and full:
            self._disk.fill(generator.randint(*FULL_BYTES))
        workers = []
        for role in generator.sample(list(ROLES), len(ROLES)):
            self._change()
            full_at = generator.randint(*FULL_AT_BYTES) if generator.random() < FULL_SHARE else None
            workers.append(Worker(self._disturbed, role, generator, full_at, full=full))
        wrong = []
        for worker in workers:
            action, code, durations = worker.end(generator.uniform(0, longest))
            self._change()
            for done, seconds in durations.items():
                self._seconds[done] = 0.8 * self._seconds[done] + 0.2 * seconds
            ended = {-9: "killed", FULL: "disk full"}.get(code, f"failed {code}")
            self.ends[f"{action} {ended}"] += 1
            wrong += [f"{action} {ended}"] if code not in (-9, FULL) else []
        if self._disk is not None:
            self._disk.empty()
        return wrong

    def _change(self) -> None:
        if self._generator.random() < 0.3:
            change(self._undisturbed, self._generator)


def served(work: Workplace) -> list[str]:
    """Return what is wrong with what a service started now would serve."""
    current = CurrentRelease(work.home)
    current.refresh()
    if current.failure is not None:
        return [f"the service: {current.failure}"]
    current.served.index.rank("rain on the river", 5)
    return []


def content(work: Workplace) -> dict[str, object]:
    """Return the tables, that of the vectors without the number of its release."""
    return {"embeddings" if name.startswith("embeddings") else name: rows for name, rows in work.content().items()}


def proven(work: Workplace, scratch: Path) -> list[str]:
    """Return what is wrong with the backups that exist: each has to restore, and the newest to open."""
    backups = Repository(place_of(work), PLAIN)
    ids = backups.ids()
    for backup_id in ids[-1:]:
        shutil.rmtree(scratch, ignore_errors=True)
        report = restore(backups, backups.read(backup_id), scratch)
        if report.equal < report.golden:
            return [f"backup {backup_id}: {report.equal} of {report.golden} golden questions"]
    for backup_id in ids[:-1]:
        for block in backups.read(backup_id).blocks():
            backups.block(block)
    return []


def difference(disturbed: Workplace, undisturbed: Workplace, scratch: Path) -> list[str]:
    """Do the work; return in what the homes differ then, and in what the restored one does."""
    for work in (disturbed, undisturbed):
        work.ingest(allow_vanishing=True)
    disturbed.check_whole()
    ours, theirs = content(disturbed), content(undisturbed)
    wrong = [f"table {name}" for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    report = back_up(disturbed.home, place_of(disturbed), PLAIN, KEPT)
    backups = Repository(place_of(disturbed), PLAIN)
    shutil.rmtree(scratch, ignore_errors=True)
    proof = restore(backups, backups.read(report.backup_id), scratch / "home")
    copy = Workplace(scratch, disturbed.encoder, disturbed.documents)
    if content(copy) != ours or copy.vectors() != disturbed.vectors() or proof.equal < proof.golden:
        wrong.append("the restored home")
    return wrong


def soak(minutes: float, kills: int | None, seed: int, root: Path, disk: Disk | None) -> int:
    """Return 0 if every home converged and every backup restored; end after so many minutes, or kills."""
    processes.preload("tests.support.soak_preloaded")
    specification = read_specification(default_encoder_folder(), Runtime.INT8_DYNAMIC)
    encoder = Encoder.load(build_encoder(specification, root / "models"), threads=1)
    generator = random.Random(seed)  # nothing is secret
    undisturbed = Workplace(root / "undisturbed", encoder)
    disturbed = Workplace((disk.folder if disk else root) / "disturbed", encoder, undisturbed.documents)
    change(undisturbed, generator)
    disturbed.ingest(allow_vanishing=True)
    claim(disturbed.home, disturbed.inputs)
    back_up(disturbed.home, place_of(disturbed), PLAIN, KEPT)
    trainings = Trainings(encoder, root / "trainings")
    disturbances = Disturbances(disturbed, undisturbed, generator, disk)
    started, number, compared = time.monotonic(), 0, 0
    wrong: list[str] = []
    try:
        while not wrong and time.monotonic() < started + 60 * minutes and (kills is None or disturbances.kills < kills):
            number += 1
            if generator.random() < TRAINED:
                ends, wrong = trainings.disturb(generator)
                disturbances.ends.update(f"train {ended}" for ended in ends)
                compared += 1
            else:
                wrong = disturbances.disturb() or served(disturbed) or proven(disturbed, root / "scratch")
                if not wrong and number % EVERY == 0:
                    wrong = difference(disturbed, undisturbed, root / "copy")
                    compared += 1
            seconds = time.monotonic() - started
            print(f"\r{disturbances.kills} kills, {compared} comparisons, {seconds:.0f} s", end="", flush=True)
            if wrong:
                print(f"\nRound {number}, seed {seed}:", *wrong, sep="\n", file=sys.stderr)
    finally:  # also when it is interrupted
        print()
        for name, count in sorted(disturbances.ends.items()):
            print(f"{name}: {count}")
    return 1 if wrong else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the disk is unmounted
    with tempfile.TemporaryDirectory() as root, small_disk(Path(root) / "disk", DISK_MB) as disk:
        return soak(given.minutes, given.kills, given.seed, Path(root), disk)


if __name__ == "__main__":
    sys.exit(main())
