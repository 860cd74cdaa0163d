"""What is served: rules that are known hold whatever else fails, and where they are not known nobody reads anything."""

import json
import os

import pytest

from tests.support.backed_up import copy_home
from xnai_pipelines.errors import UnavailableError
from xnai_pipelines.serving import access
from xnai_pipelines.serving.current import CurrentRelease
from xnai_pipelines.state.layout import write_json


@pytest.fixture
def own(tenants, tmp_path):
    return copy_home(tenants, tmp_path)


@pytest.fixture
def current(own):
    current = CurrentRelease(own.home)
    current.refresh()
    return current


def sources(current, *groups):
    return {source for source, _ in current.served.for_groups(frozenset(groups)).index.contents.documents()}


def test_tightened_rules_hold_while_the_release_cannot_be_opened(own, current):
    assert "red/pay.md" in sources(current, "red")
    (own.documents / "access.yaml").write_text('"red/**": [board]\n', encoding="utf-8")
    (own.home.releases / "current.json").write_text("{", encoding="utf-8")
    before = current.served.stamp.digest
    current.refresh()
    assert "current.json is damaged" in current.failure
    assert "red/pay.md" not in sources(current, "red")
    assert current.served.stamp.digest != before


def test_new_rules_open_no_index(own, current):
    index = current.served.index
    (own.documents / "access.yaml").write_text('"red/**": [board]\n', encoding="utf-8")
    current.refresh()
    assert current.served.index is index


def test_an_unexpected_failure_is_logged_once_and_mended_by_the_next_look(own, current, caplog):
    path = own.home.root / "home.json"
    text = path.read_text(encoding="utf-8")
    path.write_text("{", encoding="utf-8")
    current.refresh()
    current.refresh()
    assert len(caplog.records) == 1
    assert "JSONDecodeError" in caplog.text
    with pytest.raises(UnavailableError, match="JSONDecodeError"):  # which rules hold is not known
        _ = current.served
    path.write_text(text, encoding="utf-8")
    current.refresh()
    assert sources(current, "red") == {"red/pay.md", "holidays.md"}


def test_rules_that_are_being_written_after_broken_ones_open_nothing(own, current, monkeypatch):
    rules = own.documents / "access.yaml"
    rules.write_text("red/**: red\n", encoding="utf-8")
    current.refresh()
    assert current.newest is None
    rules.write_text('"red/**": [board]\n', encoding="utf-8")
    whole = '"red/**": [board]\n"blue/**": [board]\n'
    with monkeypatch.context() as patched:
        patched.setattr(access.time, "sleep", lambda _: rules.write_text(whole, encoding="utf-8"))
        current.refresh()
    assert current.newest is None
    assert "being written" in current.failure
    current.refresh()
    assert sources(current, "red", "blue") == {"holidays.md"}


def test_a_manifest_that_is_written_twice_within_a_tick_of_the_clock_is_read_again(own, current):
    manifest = own.home.releases / "1.json"
    before = manifest.stat()
    write_json(manifest, {**json.loads(manifest.read_bytes()), "metrics": {"ndcg_at_10": 0.5}})
    os.utime(manifest, ns=(before.st_atime_ns, before.st_mtime_ns))
    current.refresh()
    assert current.served.index.release.metrics == {"ndcg_at_10": 0.5}


def test_rules_that_are_gone_open_nothing(own, current):
    rules = own.documents / "access.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.unlink()
    current.refresh()
    assert current.newest is None
    assert "everyone" in current.failure
    rules.write_text('"*": [everyone]\n', encoding="utf-8")
    current.refresh()
    assert "red/pay.md" in sources(current)
    rules.write_text(text, encoding="utf-8")
    current.refresh()
    assert sources(current) == {"holidays.md"}


def test_a_home_that_does_not_know_its_documents_folder_serves_nobody_after_a_restart_too(own):
    (own.home.root / "home.json").unlink()
    started = CurrentRelease(own.home)
    started.refresh()
    assert started.newest is None
    assert "its access rules are unknown" in started.failure
    (own.home.releases / "current.json").unlink()
    (own.home.releases / "moves.jsonl").unlink()
    started.refresh()
    assert "`xnai run` makes the first release" in started.failure


def test_files_that_are_being_made_open_no_index(own, current):
    index = current.served.index
    table = own.home.index / index.release.embeddings_table
    (table / ".new.partial").mkdir()
    (table / ".new.lock").touch()
    current.refresh()
    assert current.served.index is index


def test_groups_that_no_rule_names_need_no_filter_of_their_own(current):
    of = current.served.for_groups
    assert of(frozenset({"red", "staff"})) is of(frozenset({"red", "guests"}))
