"""A backup taken at any moment restores to a home that is whole and answers as it did; a damaged one is refused."""

import fcntl
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.backed_up import KEEP_ALL, backed_up, in_copy, place_of, repository_of, restored
from tests.support.workplace import Workplace
from xnai_pipelines.backups import backup as manifests
from xnai_pipelines.backups import make
from xnai_pipelines.backups.backup import Backup, Golden, StoredFile, read, written
from xnai_pipelines.backups.drill import drill
from xnai_pipelines.backups.make import back_up, last_backup
from xnai_pipelines.backups.places import open_place
from xnai_pipelines.backups.repository import BLOCK_BYTES, Repository
from xnai_pipelines.backups.restore import changed_files, difference, restore
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.backups.seal import Encryption, key_of, new_key, read_key_file, write_key_file
from xnai_pipelines.encoders.runtime import cpu_flags
from xnai_pipelines.errors import (
    BackupDamagedError,
    BackupError,
    BackupUnavailableError,
    SettingsError,
)
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import is_held
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables

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
UNCHANGED_BYTES = 32_768  # of a backup of a home that did not change: its manifest


def stored_files(work: Workplace) -> dict[str, int]:
    return {path: size for path, size in place_of(work).sizes("").items() if not path.endswith(".lock")}


def test_a_restored_home_holds_the_same_tables_and_answers_to_the_last_bit(work: Workplace):
    (work.home.shards / "left").mkdir(parents=True)  # texts, left by a run that was killed
    (work.home.shards / "left" / "1.texts.arrow").touch()
    report = backed_up(work)
    assert report.golden > 0
    assert last_backup(work.home) == report
    proof = restored(work, report.backup_id, "new")
    assert (proof.golden, proof.equal) == (report.golden, report.golden)
    copy = in_copy(work, "new")
    assert copy.content() == work.content()
    assert copy.vectors() == work.vectors()
    copy.check_whole()
    assert not list(copy.home.root.rglob("*.lock"))
    assert not copy.home.shards.exists()


def test_a_backup_of_an_unchanged_home_writes_little_more_than_its_manifest(work: Workplace):
    first, second = backed_up(work), backed_up(work)
    assert first.bytes_written > 1_000_000
    assert second.bytes_written < UNCHANGED_BYTES
    assert second.golden == first.golden


def test_each_backup_restores_its_own_moment(small: Workplace):
    before = backed_up(small).backup_id
    small.write("notes/rain.txt", "Snow fell instead.\n")
    small.ingest()
    after = backed_up(small).backup_id
    restored(small, before, "old"), restored(small, after, "new")
    texts = [
        "".join(Tables(small.home.root.parent / name / "lancedb").read(DOCUMENTS, ["text"])["text"].to_pylist())
        for name in ("old", "new")
    ]
    assert "Rain fell" in texts[0]
    assert "Snow fell" not in texts[0]
    assert "Snow fell" in texts[1]


def test_rows_written_and_old_versions_removed_during_a_backup_do_not_mix_into_it(
    small: Workplace, monkeypatch: pytest.MonkeyPatch
):
    """The tables change, and their earlier files go, right after the snapshot named them."""
    real, disturbed = make.take, []

    def take(*given: Any, **named: Any) -> Any:
        snapshot = real(*given, **named)
        if not disturbed:
            disturbed.append(True)
            small.write("notes/rain.txt", "Snow fell instead.\n")
            small.ingest()
            for name in small.tables.names():
                small.tables.open(name).optimize(cleanup_older_than=timedelta(milliseconds=1), delete_unverified=True)
        return snapshot

    monkeypatch.setattr(make, "take", take)
    monkeypatch.setattr(make.time, "sleep", lambda seconds: None)
    restored(small, backed_up(small).backup_id, "new")
    assert disturbed
    assert in_copy(small, "new").content() == small.content()


def test_sqlite_is_copied_as_of_its_last_transaction_while_a_writer_is_in_the_next(small: Workplace):
    database = small.home.root / "dagster" / "history" / "runs.db"
    database.parent.mkdir(parents=True)
    writer = sqlite3.connect(database)
    writer.execute("PRAGMA journal_mode = WAL")
    with writer:
        writer.execute("CREATE TABLE runs (name TEXT)")
        writer.execute("INSERT INTO runs VALUES ('whole')")
    writer.execute("INSERT INTO runs VALUES ('half')")
    report = backed_up(small)
    writer.commit()
    writer.close()
    restored(small, report.backup_id, "new")
    copy = sqlite3.connect(small.home.root.parent / "new" / "dagster" / "history" / "runs.db")
    assert copy.execute("SELECT name FROM runs").fetchall() == [("whole",)]
    copy.close()


def test_a_release_is_backed_up_with_the_table_and_model_that_it_names(work: Workplace):
    report = backed_up(work)
    release = Releases(work.home.releases).require()
    backup = repository_of(work).read(report.backup_id)
    paths = {file.path for file in backup.files}
    assert backup.release == report.release == release.release
    assert backup.tables[release.embeddings_table] == work.tables.version(work.embeddings)
    assert f"models/{release.vector_space}/model.onnx" in paths
    assert "releases/current.json" in paths
    work.tables.drop(release.embeddings_table)
    with pytest.raises(BackupError, match=r"names the table .*xnai doctor"):
        backed_up(work)


def test_a_backup_of_a_home_that_cannot_be_searched_says_so_and_no_drill_proves_it(work: Workplace):
    (work.home.models / Releases(work.home.releases).require().vector_space).unlink()
    report = backed_up(work)
    assert report.golden == 0
    assert "The encoder of release 1 is missing" in report.unasked
    proof = drill(work.home, repository_of(work))
    assert "cannot be searched" in proof.fault


def test_a_backup_that_was_not_asked_while_a_run_worked_is_not_proven(work: Workplace):
    work.tables.delete(work.embeddings, "source", ["notes/rain.txt"])  # and the files of search are still those before
    assert "was changing what search reads" in backed_up(work).unasked
    proof = drill(work.home, repository_of(work))
    assert proof.search_seconds > 0
    assert "no golden questions" in proof.fault


def test_the_questions_are_answered_by_the_release_that_is_backed_up(work: Workplace, monkeypatch: pytest.MonkeyPatch):
    """A promotion while files are copied moves the pointer."""
    real = make.take

    def take(*given: Any, **named: Any) -> Any:
        snapshot = real(*given, **named)
        (work.home.releases / "current.json").write_text('{"release": 2}')
        return snapshot

    monkeypatch.setattr(make, "take", take)
    report = backed_up(work)
    assert report.golden > 0
    assert restored(work, report.backup_id, "new").difference == ""


def test_a_table_file_that_cannot_be_read_leaves_no_backup(small: Workplace):
    data = next((small.home.lancedb / "chunks.lance" / "data").iterdir())
    data.unlink()
    data.mkdir()
    with pytest.raises(BackupError, match=r"chunks\.lance/data/.* cannot be read"):
        backed_up(small)
    assert repository_of(small).ids() == []


def test_backups_that_are_gone_are_not_begun_again_where_their_disk_is_not_mounted(small: Workplace):
    backed_up(small)
    place = small.home.root.parent / "backups"
    place.rename(place.with_name("elsewhere"))
    with pytest.raises(BackupUnavailableError, match="Mount the disk"):
        backed_up(small)
    assert not place.exists()
    (small.home.state / "backup.json").unlink()
    assert backed_up(small).files > 0


@pytest.mark.parametrize(
    ("processor", "program", "cause"),
    [(("avx",), "1", "processor"), (cpu_flags(), "1", "version 1 "), (cpu_flags(), version("xnai-pipelines"), "disk")],
)
def test_answers_that_differ_are_told_with_their_likely_cause(processor: tuple[str, ...], program: str, cause: str):
    backup = replace(EMPTY, golden=(Golden("q", ()),), processor=processor, program=program)
    assert cause in difference(backup, 1)
    assert difference(backup, 0) == ""


def test_a_file_that_cannot_be_read_is_left_out_and_named(small: Workplace):
    (small.home.root / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"damaged" * 500)
    report = backed_up(small)
    assert set(report.omitted) == {"mlflow.db"}
    assert restored(small, report.backup_id, "new").omitted == report.omitted


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut off": lambda block: block.write_bytes(block.read_bytes()[:-7]),
    "changed": lambda block: block.write_bytes(b"x" * block.stat().st_size),
    "missing": Path.unlink,
}


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


MISSHAPEN: dict[str, tuple[str, object]] = {
    "a size that is no number": ("bytes", "many"),
    "blocks that are no list": ("blocks", 7),
    "a time that is none": ("created_at", "yesterday"),
    "a block outside of the blocks": ("blocks", ["../../../home/releases/current.json"]),
}


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


@pytest.mark.parametrize("path", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "a\\b", ""])
def test_a_manifest_whose_paths_lead_out_of_the_home_is_refused(small: Workplace, path: str):
    backup = repository_of(small).read(backed_up(small).backup_id)
    stored = json.loads(written(backup))
    stored["files"][0]["path"] = path
    with pytest.raises(BackupDamagedError, match="leads out"):
        read(json.dumps(stored).encode())


def test_a_backup_that_was_killed_is_none_and_the_next_one_goes_on(small: Workplace, monkeypatch: pytest.MonkeyPatch):
    place = place_of(small)
    writes = 0

    def write(name: str, content: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes > 20:
            raise BackupUnavailableError("No space left on device")
        type(place).write(place, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(place, "write", write)
        with pytest.raises(BackupUnavailableError):
            backed_up(small, place)
    backups = small.home.root.parent / "backups"
    for name in (".repository.json.1", f"blocks/ab/.{'ab' * 32}.12", "backups/.20260101T000000.000Z.123"):
        (backups / name).parent.mkdir(parents=True, exist_ok=True)
        (backups / name).write_bytes(b"half")
    (small.home.root / ".backup-left").mkdir()
    assert repository_of(small).ids() == []
    report = backed_up(small)
    assert restored(small, report.backup_id, "new").files == report.files
    assert {path.name for path in backups.rglob(".*")} == {".lock"}
    assert not (small.home.root / ".backup-left").exists()


def test_other_files_in_the_folder_of_backups_stay(tmp_path: Path):
    theirs = [tmp_path / name for name in (".vimrc.1", "photos/.album.2024", "blocks/ab/.note.1")]
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with open_place(str(tmp_path)).alone():
        pass
    assert all(path.exists() for path in theirs)


@pytest.mark.parametrize("place", ["home", "home/backups", ""])
def test_a_place_in_the_home_or_around_it_is_refused(tmp_path: Path, place: str):
    home = Home(tmp_path / "home")
    home.lancedb.mkdir(parents=True)
    with pytest.raises(SettingsError, match="Name a folder elsewhere"):
        back_up(home, open_place(str(tmp_path / place)), make.Checksum(), KEEP_ALL)
    assert [path.name for path in home.root.iterdir()] == ["lancedb"]


def test_backups_that_expire_take_only_their_own_blocks_with_them(small: Workplace):
    backed_up(small)
    small.write("notes/rain.txt", "Snow fell instead.\n")
    small.ingest()
    report = backed_up(small, rules=Retention(1, 0, 0))
    assert len(report.removed) == 1
    assert report.bytes_removed > 0
    backup = repository_of(small).read(report.backup_id)
    assert {path.rsplit("/", 1)[1] for path in place_of(small).sizes("blocks")} == backup.blocks()
    assert restored(small, report.backup_id, "new").equal == report.golden


def test_another_backup_of_the_home_is_waited_for(small: Workplace):
    said: list[str] = []
    with (small.home.root / "backup.lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def released(sentence: str) -> None:
            said.append(sentence)
            fcntl.flock(file, fcntl.LOCK_UN)

        back_up(small.home, place_of(small), make.Checksum(), KEEP_ALL, released)
    assert said
    assert said[0].startswith("Waiting for ")


def test_an_encrypted_backup_shows_nothing_and_needs_its_key(small: Workplace):
    key = key_of(new_key(), "the test")
    seal = Encryption(key)
    (small.home.root / "feedback").mkdir(exist_ok=True)
    (small.home.root / "feedback" / "labels.jsonl").write_text("the river rose")
    report = backed_up(small, seal=seal)
    for path in (small.home.root.parent / "backups").rglob("*"):
        assert not path.is_file() or b"the river rose" not in path.read_bytes()
        assert not path.is_file() or b"lancedb" not in path.read_bytes()
    assert backed_up(small, seal=seal).bytes_written < UNCHANGED_BYTES
    restored(small, report.backup_id, "new", seal)
    assert in_copy(small, "new").content() == small.content()
    with pytest.raises(SettingsError, match="another key"):
        repository_of(small, Encryption(key_of(new_key(), "the test")))
    with pytest.raises(SettingsError, match="XNAI_BACKUP_KEY_FILE"):
        repository_of(small)


def test_an_encrypted_block_cannot_stand_for_another(work: Workplace):
    seal = Encryption(key_of(new_key(), "the test"))
    with pytest.raises(BackupDamagedError):
        seal.open("one", seal.close("another", b"content"))


def test_keys_are_in_encrypted_backups_alone_and_hashes_of_tokens_in_all(small: Workplace):
    small.home.secrets.mkdir(mode=0o700)
    for name in ("tokens.json", "signing.key"):
        (small.home.secrets / name).write_text("{}")
        (small.home.secrets / name).chmod(0o600)
    plain = backed_up(small)
    assert set(plain.omitted) == {"secrets/signing.key"}
    restored(small, plain.backup_id, "new")
    secrets = small.home.root.parent / "new" / "secrets"
    assert [path.name for path in secrets.iterdir()] == ["tokens.json"]
    assert (secrets / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert secrets.stat().st_mode & 0o777 == 0o700
    sealed = open_place(str(small.home.root.parent / "sealed"))
    assert backed_up(small, sealed, Encryption(key_of(new_key(), "the test"))).omitted == {}


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path):
    path = tmp_path / "key"
    write_key_file(path)
    assert len(read_key_file(path)) == 32
    with pytest.raises(BackupError, match="cannot be made"):
        write_key_file(path)
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_key_file(path)
    with pytest.raises(SettingsError, match="no key of 32 bytes"):
        key_of("short", "XNAI_BACKUP_KEY")


def test_a_link_in_a_mirror_is_not_followed_and_a_shared_model_is(work: Workplace, tmp_path: Path):
    (tmp_path / "private.txt").write_text("private")
    mirror = work.home.sources / "repository"
    mirror.mkdir(parents=True)
    (mirror / "link.md").symlink_to(tmp_path / "private.txt")
    (mirror / ".github").mkdir()
    (mirror / ".github" / "page.md").write_text("# Page")
    report = backed_up(work)
    paths = {file.path for file in repository_of(work).read(report.backup_id).files}
    assert report.omitted == {"sources/repository/link.md": "a link"}
    assert "sources/repository/.github/page.md" in paths
    assert any(path.startswith("models/") for path in paths)  # they are links in this home


def test_a_bucket_holds_backups_as_a_folder_does(
    small: Workplace, endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for name, value in {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="kept-backups")
    place = open_place("s3://kept-backups/team/a")
    report = backed_up(small, place)
    again = backed_up(small, place, rules=Retention(1, 0, 0))
    assert again.bytes_written < UNCHANGED_BYTES
    assert again.removed == (report.backup_id,)
    repository = Repository(open_place("s3://kept-backups/team/a"), make.Checksum())
    assert restore(repository, repository.read(again.backup_id), tmp_path / "new").equal == report.golden
    with pytest.raises(BackupUnavailableError, match="NoSuchBucket"):
        Repository(open_place("s3://no-such-bucket/a"), make.Checksum()).ids()


def test_only_folders_and_buckets_are_places():
    with pytest.raises(SettingsError, match="s3://BUCKET"):
        open_place("ftp://host/folder")


def test_a_manifest_reads_back_as_it_was_written(small: Workplace):
    backup = repository_of(small).read(backed_up(small).backup_id)
    assert read(written(backup)) == backup
    assert manifests.FORMAT == 1
    with pytest.raises(BackupDamagedError, match="another version"):
        read(written(backup).replace(b'"format":1', b'"format":99'))
