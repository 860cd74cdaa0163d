"""Kills what works on a home at random moments, or lets its disk fill up.

    python -m tests.support.soak --minutes 10 [--kills 100] [--seed 0]

Ingests, releases, maintenance, backups, drills, trainings, and a service that reloads while a run writes. After each
disturbance the home answers and is served, and every backup that exists restores. At intervals the work is done without
a disturbance; then the tables equal those of a home that nobody disturbed, and a restored backup equals the home. A
killed training ends with the weights of one that nobody disturbed. Ends with code 1 at the first difference and names
the seed and the round.
"""

import argparse
import random
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.support.backed_up import PLAIN, place_of
from tests.support.killed_ingests import change, commit_often
from tests.support.killed_trainings import Trainings
from tests.support.processes import end, event, start_process
from tests.support.workplace import Workplace
from xnai_pipelines.backups.drill import drill
from xnai_pipelines.backups.make import back_up
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.backups.restore import restore
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.documents.parsers.language import identify_language
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.errors import XnaiError
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.serving.current import CurrentRelease
from xnai_pipelines.state.claim import claim

KEPT = Retention(3, 0, 0)
SECONDS = {"ingest": 1.5, "release": 2.0, "maintain": 0.5, "back_up": 0.6, "drill": 0.8, "reload": 2.5}
TRAINED = 0.1  # share of the rounds that kill a training
FULL_AT_BYTES = (256, 60_000)  # a write beyond this size of a file fails, as on a full disk
FULL = 3  # exit code of a process whose disk was full
EVERY = 4  # rounds until the work is done without a disturbance


def act(action: str, root: Path, documents: Path, encoder: Path, full_at: int | None, begun: Any) -> None:
    """Do one thing to the home; with `full_at`, writes fail that make a file larger than this."""
    commit_often()
    work = Workplace(root, Encoder.load(encoder, threads=1), documents)
    identify_language("unpacks its model into a temporary file, which is not the home's")
    if full_at is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (full_at, full_at))
    begun.set()
    try:
        ACTIONS[action](work)
    except (XnaiError, OSError, RuntimeError, sqlite3.Error) as error:
        if full_at is None or not is_of_limit(error):
            raise
        raise SystemExit(FULL) from error


def is_of_limit(error: BaseException) -> bool:
    """Return whether an error, or one that it came from, tells of a file that may not grow."""
    told = ("File too large", "os error 27", "disk I/O error", "disk is full", "cut off")
    return any(words in str(error) for words in told) or bool(error.__cause__ and is_of_limit(error.__cause__))


def release(work: Workplace) -> None:
    """Embed everything into a new release."""
    work.ingest(allow_vanishing=True, new_release=True)


def reload(work: Workplace) -> None:
    """Serve the home while it is embedded into a new release; no state of it may be one that cannot be opened."""
    current = CurrentRelease(work.home)
    current.refresh()
    ended = Event()

    def watch() -> None:
        while not ended.wait(0.02):
            current.refresh()

    watching = Thread(target=watch)
    watching.start()
    try:
        release(work)
    finally:
        ended.set()
        watching.join()
    current.refresh()
    assert current.failure is None, current.failure


def served(work: Workplace) -> list[str]:
    """Return what is wrong with what a service started now would serve."""
    current = CurrentRelease(work.home)
    current.refresh()
    if current.failure is not None:
        return [f"the service: {current.failure}"]
    current.served.index.rank("rain on the river", 5)
    return []


def prove(work: Workplace) -> None:
    """Restore the newest backup as a test."""
    found = drill(work.home, Repository(place_of(work), PLAIN))
    assert found.passed or "no golden questions" in found.fault, found.fault  # backed up after a killed ingest


ACTIONS: dict[str, Callable[[Workplace], object]] = {
    "ingest": lambda work: work.ingest(allow_vanishing=True),
    "release": release,
    "maintain": lambda work: maintain(work.context(), kept_releases=1),
    "back_up": lambda work: back_up(work.home, place_of(work), PLAIN, KEPT),
    "drill": prove,
    "reload": reload,
}


def disturb(work: Workplace, action: str, generator: random.Random, seconds: dict[str, float]) -> str:
    """Start the action, then kill it, or let its disk fill up; return how it ended.

    `seconds` has the longest that each action is known to take; it is brought up to date.
    """
    full_at = generator.randint(*FULL_AT_BYTES) if generator.random() < 0.3 else None
    begun = event()
    root, encoder = work.home.root.parent, work.encoder.spec.source
    process = start_process(act, action, root, work.documents, encoder, full_at, begun)
    while not begun.wait(0.05) and process.is_alive():
        pass
    started = time.monotonic()
    code = end(process, None if full_at else generator.uniform(0, 2 * seconds[action]))
    if code == 0:
        seconds[action] = max(seconds[action], time.monotonic() - started)
    return {-9: "killed", 0: "completed", FULL: "disk full"}.get(code, f"failed {code}")


def content(work: Workplace) -> dict[str, object]:
    """Return the tables, that of the vectors without the number of its release."""
    return {"embeddings" if name.startswith("embeddings") else name: rows for name, rows in work.content().items()}


def proven(work: Workplace, backups: Repository, scratch: Path) -> list[str]:
    """Return what is wrong with the backups that exist: each has to restore, and the newest to open."""
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
    """Return in what the homes differ after the work was done, and in what the restored one does."""
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


def soak(minutes: float, kills: int | None, seed: int, root: Path) -> int:
    """Return 0 if every home converged and every backup restored; end after so many minutes, or kills."""
    specification = read_specification(default_encoder_folder(), Runtime.INT8_DYNAMIC)
    encoder = Encoder.load(build_encoder(specification, root / "models"), threads=1)
    generator = random.Random(seed)  # nothing is secret
    undisturbed = Workplace(root / "undisturbed", encoder)
    disturbed = Workplace(root / "disturbed", encoder, undisturbed.documents)
    change(undisturbed, generator)
    disturbed.ingest(allow_vanishing=True)
    claim(disturbed.home, disturbed.inputs)
    back_up(disturbed.home, place_of(disturbed), PLAIN, KEPT)
    trainings = Trainings(encoder, root / "trainings")
    ends: Counter[str] = Counter()
    seconds = dict(SECONDS)
    converged, until, number = 0, time.monotonic() + 60 * minutes, 0
    while time.monotonic() < until and (kills is None or killed(ends) < kills):
        number += 1
        if generator.random() < TRAINED:
            ended, wrong = trainings.disturb(generator)
            ends[f"train {ended}"] += 1
            if wrong:
                print(f"\nRound {number}, train, seed {seed}:", *wrong, sep="\n", file=sys.stderr)
                return 1
            continue
        if generator.random() < 0.5:
            change(undisturbed, generator)
        action = generator.choice(list(SECONDS))
        ends[f"{action} {disturb(disturbed, action, generator, seconds)}"] += 1
        wrong = served(disturbed) or proven(disturbed, Repository(place_of(disturbed), PLAIN), root / "scratch")
        if not wrong and number % EVERY == 0:
            for work in (disturbed, undisturbed):
                work.ingest(allow_vanishing=True)
            wrong = difference(disturbed, undisturbed, root / "copy")
            converged += 1
        if wrong or any(" failed " in one for one in ends):
            print(f"\nRound {number}, {action}, seed {seed}:", *wrong, dict(ends), sep="\n", file=sys.stderr)
            return 1
        print(f"\r{number} disturbances, {killed(ends)} kills, {converged} comparisons", end="", flush=True)
    print()
    for name, count in sorted(ends.items()):
        print(f"{name}: {count}")
    return 0


def killed(ends: Counter[str]) -> int:
    """Return the number of processes that were killed at work."""
    return sum(count for ended, count in ends.items() if ended.endswith(" killed"))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        return soak(given.minutes, given.kills, given.seed, Path(root))


if __name__ == "__main__":
    sys.exit(main())
