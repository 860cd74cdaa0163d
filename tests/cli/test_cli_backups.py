"""`xnai backup`, `backups`, `restore`, `take-over`: another machine has what was made, and searches it."""

import json
from pathlib import Path

import pytest

from tests.support.pipeline import command, variables
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.state.table_claim import claim_tables

pytestmark = pytest.mark.slow


def test_a_home_is_backed_up_listed_restored_after_its_loss_and_searched(answering: Workplace, tmp_path: Path):
    there = variables(answering, backup_to=tmp_path / "kept")
    made = json.loads(command(there, "backup", "--json").out)
    assert made["golden"] > 0
    table = command(there, "backups").out
    assert made["backup_id"] in table
    assert made["created_at"][:10] in table
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
    made = command(there, "backup", "--new-key", str(tmp_path / "key"), "--json")
    assert json.loads(made.out) == {"key_file": str(tmp_path / "key")}
    sealed = {**there, "XNAI_BACKUP_KEY_FILE": str(tmp_path / "key")}
    assert command(sealed, "backup").code == 0
    refused = command(there, "backups")
    assert refused.code == 2
    assert "XNAI_BACKUP_KEY_FILE" in refused.err
    (tmp_path / "key").chmod(0o644)
    assert "chmod 600" in command(sealed, "backups").err


def test_another_machine_takes_over_from_the_bucket_and_runs(built_encoder: Encoder, prefix: str, tmp_path: Path):
    lost = five_files(Workplace(tmp_path / "lost", built_encoder))
    claim_tables(lost.home, prefix)
    lost.ingest()
    there = variables(home=tmp_path / "there", documents=lost.documents)
    refused = command(there, "take-over")
    assert refused.code == 2
    assert "set XNAI_FOLLOW" in refused.err
    said = command(there, "take-over", prefix)
    assert said.code == 0, said.err
    assert "has release 1 and writes the tables" in said.out
    ran = command(there, "run", "--no-evaluation")
    assert ran.code == 0, ran.err
    assert json.loads(command(there, "search", "rain on the hills", "--json").out)
    again = command(variables(lost), "run", "--no-evaluation")
    assert again.code == 3
    assert "Another home has taken over" in again.err
