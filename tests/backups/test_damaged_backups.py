"""A restore writes what was backed up into an empty folder, or nothing: a damaged backup is refused and named."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.backed_up import backed_up, repository_of, restored
from tests.support.workplace import Workplace
from xnai_pipelines.backups import backup as manifests
from xnai_pipelines.backups import make
from xnai_pipelines.backups.backup import Backup, Golden, StoredFile, read, written
from xnai_pipelines.backups.places import open_place
from xnai_pipelines.backups.repository import BLOCK_BYTES, Repository
from xnai_pipelines.backups.restore import changed_files, difference, restore
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.encoders.runtime import cpu_flags
from xnai_pipelines.errors import (
    BackupDamagedError,
    BackupError,
)
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import is_held
from xnai_pipelines.state.manifest import Releases

EMPTY = Backup(
    backup_id="20260101T000000.000Z",
    created_at="2026-01-01T00:00:00+00:00",
    program="1",
    home="/home",
    release=None,
    tables={},
    golden=(),
    omitted={},
    files=(),
)
DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut off": lambda block: block.write_bytes(block.read_bytes()[:-7]),
    "changed": lambda block: block.write_bytes(b"x" * block.stat().st_size),
    "missing": Path.unlink,
}
MISSHAPEN: dict[str, tuple[str, object]] = {
    "a size that is no number": ("bytes", "many"),
    "blocks that are no list": ("blocks", 7),
    "a time that is none": ("created_at", "yesterday"),
    "a block outside of the blocks": ("blocks", ["../../../home/releases/current.json"]),
}


@pytest.mark.parametrize(
    ("processor", "program", "cause"),
    [(("avx",), "1", "processor"), (cpu_flags(), "1", "version 1 "), (cpu_flags(), version("xnai-pipelines"), "disk")],
)
def test_answers_that_differ_are_told_with_their_likely_cause(processor: tuple[str, ...], program: str, cause: str):
    backup = replace(EMPTY, golden=(Golden("q", ()),), processor=processor, program=program)
    assert cause in difference(backup, 1)
    assert difference(backup, 0) == ""


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_block_is_named_with_its_file_and_nothing_is_restored(small: Workplace, damage: str):
    report = backed_up(small)
    folder = small.home.root.parent / "backups"
    file = next(
        file
        for file in repository_of(small).read(report.backup_id).files
        if file.path.startswith("lancedb/chunks.lance/data")
    )
    DAMAGES[damage](folder / "blocks" / file.blocks[0][:2] / file.blocks[0])
    with pytest.raises(BackupDamagedError, match=r"chunks.lance/data/.*[0-9a-f]{64}.*Restore another"):
        restored(small, report.backup_id, "new")
    assert not (small.home.root.parent / "new").exists()
    assert not list(small.home.root.parent.glob(".new*"))


def test_the_next_backup_stores_what_is_missing_or_cut_off_again(small: Workplace):
    report = backed_up(small)
    for file in repository_of(small).read(report.backup_id).files:
        for block in file.blocks[:1]:
            path = small.home.root.parent / "backups" / "blocks" / block[:2] / block
            path.write_bytes(path.read_bytes()[:-1]) if file.path.startswith("lancedb") else path.unlink(
                missing_ok=True
            )
    assert restored(small, backed_up(small).backup_id, "new").files == report.files + 1  # the record of the first


def test_a_file_whose_block_is_missing_or_cut_off_is_not_held(tmp_path: Path):
    repository = Repository(open_place(str(tmp_path)), make.Checksum())
    content = b"x" * (BLOCK_BYTES + 1)
    blocks = tuple(repository.put(part) for part in (content[:BLOCK_BYTES], content[BLOCK_BYTES:]))
    file = StoredFile("a", len(content), 0o644, 0, blocks, "")
    repository.add(replace(EMPTY, files=(file,)))
    assert repository.holds(file)
    (path,) = (tmp_path / "blocks").glob(f"*/{blocks[1]}")
    for damage in (lambda: path.write_bytes(path.read_bytes()[:-1]), path.unlink):
        damage()
        assert not Repository(open_place(str(tmp_path)), make.Checksum()).holds(file)


def test_damaged_blocks_are_removed_while_no_backup_is_made(small: Workplace, monkeypatch: pytest.MonkeyPatch):
    repository = repository_of(small)
    backup = repository.read(backed_up(small).backup_id)
    folder = small.home.root.parent / "backups"
    (folder / "blocks" / backup.files[0].blocks[0][:2] / backup.files[0].blocks[0]).write_bytes(b"damaged")
    removed: list[str] = []

    def remove(name: str) -> None:
        assert is_held(folder / ".lock")
        removed.append(name)

    monkeypatch.setattr(repository.place, "remove", remove)
    assert repository.discard_damaged(backup) == len(removed) == 1


def test_a_damaged_manifest_of_an_earlier_release_is_left_out_and_named(small: Workplace):
    current = Releases(small.home.releases).require()
    (small.home.releases / "0.json").write_text("{")
    report = backed_up(small)
    assert report.release == current.release
    assert report.omitted["releases/0.json"].startswith("damaged")


@pytest.mark.parametrize("kind", MISSHAPEN)
def test_a_misshapen_manifest_is_damaged(kind: str):
    name, value = MISSHAPEN[kind]
    backup = replace(EMPTY, files=(StoredFile("a", 1, 0o644, 0, ("0" * 64,), ""),))
    assert read(written(backup)) == backup
    stored = json.loads(written(backup))
    (stored["files"][0] if name in stored["files"][0] else stored)[name] = value
    with pytest.raises(BackupDamagedError, match="manifest"):
        read(json.dumps(stored).encode())


def test_a_backup_is_restored_into_a_folder_that_is_a_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repository = Repository(open_place(str(tmp_path / "backups")), make.Checksum())
    block = repository.put(b"{}")
    files = tuple(StoredFile(path, 2, 0o644, 0, (block,), "") for path in ("releases/1.json", "state/a.json"))
    backup = replace(EMPTY, files=files)
    repository.add(backup)
    into = tmp_path / "mount"
    (into / "lost+found").mkdir(parents=True)
    (into / ".restoring" / "state").mkdir(parents=True)  # by a restore that was killed
    real, looked_at = shutil.disk_usage, []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: looked_at.append(path) or real(path))
    identity = into.stat().st_ino
    restore(repository, backup, into)
    assert into.stat().st_ino == identity
    assert sorted(path.name for path in into.iterdir()) == ["lost+found", "releases", "state"]
    assert changed_files(repository, backup, into) == []
    assert looked_at == [into]


def test_a_disk_that_fills_up_during_a_restore_is_told_with_what_to_do(
    work: Workplace, small_disk: Path, monkeypatch: pytest.MonkeyPatch
):
    backups = repository_of(work)
    backup = backups.read(backed_up(work).backup_id)
    with (small_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 2**12):
            pass
    monkeypatch.setattr("xnai_pipelines.backups.restore._check_room", lambda *_: None)  # there was room at first
    with pytest.raises(
        BackupError, match=r"\(No space left on device\)\. Free some space, or name a folder on another"
    ):
        restore(backups, backup, small_disk / "restored")


def test_a_file_that_outgrows_its_size_is_not_read_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repository = Repository(open_place(str(tmp_path / "backups")), make.Checksum())
    backup = replace(EMPTY, files=(StoredFile("a", 150, 0o644, 0, (repository.put(b"x" * 100),) * 1_000, ""),))
    repository.add(backup)
    real, read_blocks = repository.block, []
    monkeypatch.setattr(repository, "block", lambda name: read_blocks.append(name) or real(name))
    with pytest.raises(BackupDamagedError, match="more than 150 bytes"):
        restore(repository, backup, tmp_path / "new")
    assert len(read_blocks) == 2


def test_a_damaged_manifest_is_named_and_the_other_backups_are_kept_whole(small: Workplace):
    first, second = backed_up(small), backed_up(small)
    manifest = small.home.root.parent / "backups" / "backups" / second.backup_id
    manifest.write_bytes(manifest.read_bytes()[:-1])
    with pytest.raises(BackupDamagedError, match=f"{second.backup_id} .*cannot be used"):
        restored(small, second.backup_id, "new")
    # what only the damaged one may name is not removed
    assert backed_up(small, rules=Retention(1, 0, 0)).bytes_removed == 0
    assert first.backup_id not in repository_of(small).ids()


def test_a_folder_with_anything_in_it_and_an_unknown_backup_are_refused(small: Workplace):
    report = backed_up(small)
    (small.home.root.parent / "new").mkdir()
    (small.home.root.parent / "new" / "mine.txt").touch()
    with pytest.raises(BackupError, match="not an empty folder"):
        restored(small, report.backup_id, "new")
    for unknown in ("20200101T000000.000Z", "../../etc/passwd"):
        with pytest.raises(BackupError, match="no backup"):
            restored(small, unknown, "other")


def test_an_empty_home_that_a_command_made_where_one_was_lost_may_be_removed(work: Workplace, tmp_path: Path):
    report = backed_up(work)
    repository = repository_of(work)
    lost = Home(tmp_path / "lost")
    lost.lancedb.mkdir(parents=True)
    lost.dagster.mkdir()
    (lost.dagster / "dagster.yaml").touch()
    with pytest.raises(BackupError, match="an empty home, which a command made: remove it, then restore again"):
        restore(repository, repository.read(report.backup_id), lost.root)
    (lost.root / "holiday.jpg").touch()
    with pytest.raises(BackupError, match=r"name another\.$"):
        restore(repository, repository.read(report.backup_id), lost.root)


@pytest.mark.parametrize("path", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "a\\b", ""])
def test_a_manifest_whose_paths_lead_out_of_the_home_is_refused(small: Workplace, path: str):
    backup = repository_of(small).read(backed_up(small).backup_id)
    stored = json.loads(written(backup))
    stored["files"][0]["path"] = path
    with pytest.raises(BackupDamagedError, match="leads out"):
        read(json.dumps(stored).encode())


def test_a_manifest_reads_back_as_it_was_written(small: Workplace):
    backup = repository_of(small).read(backed_up(small).backup_id)
    assert read(written(backup)) == backup
    assert manifests.FORMAT == 1
    with pytest.raises(BackupDamagedError, match="another version"):
        read(written(backup).replace(b'"format":1', b'"format":99'))
