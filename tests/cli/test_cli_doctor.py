"""`xnai doctor` exits with 1 while a fault remains, fixes what is safe, and runs on any home and settings."""

import json
import shutil
from pathlib import Path

from tests.support.pipeline import command, variables
from tests.support.workplace import Workplace
from xnai_pipelines.state.migration import SCHEMA_VERSION


def kinds(text: str, part: str = "found") -> set[str]:
    return {one["kind"] for one in json.loads(text)[part]}


def test_a_fault_is_code_1_until_it_is_fixed(searchable: Workplace):
    there = variables(home=searchable.home.root)
    pointer = searchable.home.releases / "current.json"
    pointer.write_text("{")
    said = command(there, "doctor")
    assert said.code == 1
    assert "releases/current.json" in said.out
    assert "xnai doctor --fix" in said.out
    fixed = command(there, "doctor", "--fix", "--json")
    assert fixed.code == 0, fixed.out
    assert kinds(fixed.out, "fixed") == {"damaged_pointer"}
    assert kinds(fixed.out) == {"unproven_backup"}
    assert json.loads(pointer.read_text()) == {"release": 1}


def test_every_fix_is_printed_however_narrow_the_terminal_is(searchable: Workplace):
    lost = next((searchable.home.lancedb / f"{searchable.embeddings.name}.lance" / "data").iterdir())
    lost.unlink()
    shutil.rmtree(searchable.home.index)
    there = {**variables(home=searchable.home.root), "COLUMNS": "40"}
    said = " ".join(command(there, "doctor").out.split())
    assert "Copy the home again while nothing runs" in said
    asked = command(there, "search", "rain")
    assert asked.code == 1
    assert "lacks the file" in asked.err
    assert "`xnai doctor` says what can be done" in asked.err


def test_a_setting_that_cannot_be_read_is_a_finding(searchable: Workplace):
    wrong = variables(home=searchable.home.root, chunk_size="many", bakup_to="/mnt")
    said = command(wrong, "doctor", "--json")
    assert said.code == 1
    assert {"unreadable_settings", "unknown_setting"} <= kinds(said.out)
    assert "XNAI_CHUNK_SIZE" in said.out


def test_a_home_that_is_missing_is_not_made(tmp_path: Path):
    said = command(variables(home=tmp_path / "none"), "doctor", "--json")
    assert (said.code, kinds(said.out)) == (1, {"no_home"})
    assert not (tmp_path / "none").exists()


def test_before_the_first_release_it_says_what_to_do_first(tmp_path: Path):
    there = variables(home=tmp_path / "home")
    (tmp_path / "home").mkdir()
    said = command(there, "doctor")
    assert said.code == 0
    assert "Nothing is wrong" not in said.out
    assert "`xnai run` with XNAI_DOCUMENTS=the folder of your documents" in " ".join(said.out.split())
    lost = f"if a home was lost here, remove the folder and `xnai restore --into {tmp_path / 'home'}`"
    assert lost in " ".join(said.out.split())
    assert kinds(command(there, "doctor", "--json").out) == {"nothing_released"}


WRITTEN = Path(__file__).parents[1] / "state" / "version_0_1" / "reports"


def test_a_dry_run_shows_what_a_migration_does_and_changes_nothing(searchable: Workplace):
    home = searchable.home
    shutil.rmtree(home.state)
    shutil.rmtree(home.reports)
    shutil.copytree(WRITTEN, home.reports)
    searchable.tables.open("documents").drop_columns(["omissions"])
    there = variables(home=home.root)
    planned = json.loads(command(there, "migrate", "--dry-run", "--json").out)
    assert not home.state.exists()
    assert (planned["schema"], planned["program"]) == (1, SCHEMA_VERSION)
    where = {change["where"] for change in planned["changes"]}
    assert {"reports/stages.jsonl", "reports/evaluation/report.json", "table documents"} <= where
    assert command(there, "migrate").code == 0
    assert (home.state / "evaluation.json").exists()
    assert "omissions" in searchable.tables.open("documents").schema.names
    assert not any((home.root / one).exists() for one in where if one.startswith("reports/"))
    assert "Nothing to change" in command(there, "migrate", "--dry-run").out


def test_a_home_of_a_later_version_is_refused_and_examined(searchable: Workplace):
    (searchable.home.state / "version.json").write_text('{"schema": 99}')
    there = variables(home=searchable.home.root)
    said = command(there, "status")
    assert said.code == 3
    assert "later version" in said.err
    assert "earlier_version" not in kinds(command(there, "doctor", "--json").out)
    assert "later_version" in kinds(command(there, "doctor", "--json").out)
