"""An encrypted backup shows nothing without its key; a plain one holds no keys."""

from pathlib import Path

import pytest

from tests.support.backed_up import backed_up, in_copy, repository_of, restored
from tests.support.workplace import Workplace
from xnai_pipelines.backups.places import open_place
from xnai_pipelines.backups.seal import Encryption, key_of, new_key, read_key_file, write_key_file
from xnai_pipelines.errors import (
    BackupDamagedError,
    BackupError,
    SettingsError,
)

UNCHANGED_BYTES = 32_768  # of a backup of a home that did not change: its manifest


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
