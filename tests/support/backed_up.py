"""Homes to back up: a searchable one of a few documents, and what tests ask of backups."""

import shutil
from pathlib import Path

from tests.support.workplace import Workplace
from xnai_pipelines.backups.make import BackupReport, back_up
from xnai_pipelines.backups.places import BackupPlace, open_place
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.backups.restore import RestoreReport, restore
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.backups.seal import Checksum, Seal
from xnai_pipelines.state.claim import claim

PLAIN = Checksum()
KEEP_ALL = Retention(1_000, 0, 0)


def copy_home(work: Workplace, root: Path) -> Workplace:
    """Return a workplace at `root` with a copy of the home and its documents, for a test to change."""
    shutil.copytree(work.home.root, root / "home", symlinks=True)
    shutil.copytree(work.documents, root / "documents")
    (root / "home" / "home.json").unlink(missing_ok=True)  # which names the folder that was copied
    copy = Workplace(root, work.encoder)
    claim(copy.home, copy.inputs)
    return copy


def place_of(work: Workplace) -> BackupPlace:
    return open_place(str(work.home.root.parent / "backups"))


def backed_up(
    work: Workplace, place: BackupPlace | None = None, seal: Seal = PLAIN, rules: Retention = KEEP_ALL
) -> BackupReport:
    return back_up(work.home, place or place_of(work), seal, rules)


def repository_of(work: Workplace, seal: Seal = PLAIN) -> Repository:
    return Repository(place_of(work), seal)


def restored(work: Workplace, backup_id: str, into: str, seal: Seal = PLAIN) -> RestoreReport:
    repository = repository_of(work, seal)
    return restore(repository, repository.read(backup_id), work.home.root.parent / into)


def in_copy(work: Workplace, into: str) -> Workplace:
    """Return the restored home beside the one that was backed up, with the same documents."""
    root = work.home.root.parent / f"{into}_place"
    root.mkdir()
    (work.home.root.parent / into).rename(root / "home")
    return Workplace(root, work.encoder, work.documents)
