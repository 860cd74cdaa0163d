"""A backup taken at any moment restores to a home that is whole and answers as it did; a damaged one is refused."""

import fcntl
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.backed_up import KEEP_ALL, backed_up, in_copy, place_of, repository_of, restored
from tests.support.workplace import Workplace
from xnai_pipelines.backups import make
from xnai_pipelines.backups.drill import drill
from xnai_pipelines.backups.make import back_up, last_backup
from xnai_pipelines.backups.places import open_place
from xnai_pipelines.backups.repository import Repository
from xnai_pipelines.backups.restore import restore
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.errors import (
    BackupError,
    BackupUnavailableError,
    SettingsError,
)
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables

UNCHANGED_BYTES = 32_768  # of a backup of a home that did not change: its manifest


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
    assert copy.ingest().embeddings.encoded == 0


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
    assert "vectors.db" not in paths
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


def test_a_file_that_cannot_be_read_is_left_out_and_named(small: Workplace):
    (small.home.root / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"damaged" * 500)
    report = backed_up(small)
    assert set(report.omitted) == {"mlflow.db"}
    assert restored(small, report.backup_id, "new").omitted == report.omitted


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


def test_a_clock_that_was_a_year_ahead_once_costs_no_later_backup(small: Workplace, monkeypatch: pytest.MonkeyPatch):
    """Later ones come after it, have their true times, and are not taken for older than it."""
    now = datetime.now(UTC)

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now + timedelta(days=365)

    monkeypatch.setattr(make, "datetime", Ahead)
    wrong = backed_up(small)
    monkeypatch.undo()
    (small.home.state / "note.json").write_text("{}")
    right = backed_up(small, rules=Retention(1, 0, 0))
    assert right.removed == (wrong.backup_id,)
    assert repository_of(small).ids() == [right.backup_id]
    assert right.backup_id > wrong.backup_id
    assert now - timedelta(seconds=1) <= datetime.fromisoformat(right.created_at) < now + timedelta(days=1)


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
