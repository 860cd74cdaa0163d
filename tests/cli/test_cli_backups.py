"""`xnai backup`, `backups` and `restore`: what is made is listed, restored into a new folder, and searched there."""

import json
from pathlib import Path

import pytest

from tests.support.pipeline import command, variables
from tests.support.workplace import Workplace

pytestmark = pytest.mark.slow


def test_a_home_is_backed_up_listed_restored_after_its_loss_and_searched(answering: Workplace, tmp_path: Path):
    there = variables(answering, backup_to=tmp_path / "kept")
    made = json.loads(command(there, "backup", "--json").out)
    assert made["golden"] > 0
    assert made["backup_id"] in command(there, "backups").out
    [listed] = json.loads(command(there, "backups", "--json").out)
    assert (listed["backup_id"], listed["damaged"], listed["proven"]) == (made["backup_id"], False, "never")
    # another machine: no home, and the restored one takes its place
    lost = variables(home=tmp_path / "new", backup_to=tmp_path / "kept")
    said = command(lost, "restore", "--into", str(tmp_path / "new"))
    assert said.code == 0, said.err
    assert "golden question" in said.out
    found = json.loads(command(lost, "search", "rain on the hills", "--json").out)
    assert found == json.loads(command(there, "search", "rain on the hills", "--json").out)
    again = command(lost, "restore", made["backup_id"], "--into", str(tmp_path / "new"))
    assert again.code == 1
    assert "not an empty folder" in again.err
    nowhere = command(variables(home=tmp_path / "other"), "restore", "--into", str(tmp_path / "third"))
    assert nowhere.code == 1
    assert "There is no backup" in nowhere.err
    assert not (tmp_path / "other").exists()


def test_a_key_file_makes_the_backups_encrypted(answering: Workplace, tmp_path: Path):
    there = variables(answering, backup_to=tmp_path / "kept")
    assert command(there, "backup", "--new-key", str(tmp_path / "key")).code == 0
    sealed = {**there, "XNAI_BACKUP_KEY_FILE": str(tmp_path / "key")}
    assert command(sealed, "backup").code == 0
    refused = command(there, "backups")
    assert refused.code == 2
    assert "XNAI_BACKUP_KEY_FILE" in refused.err
    (tmp_path / "key").chmod(0o644)
    assert "chmod 600" in command(sealed, "backups").err
