"""Every file is accounted for; a change is taken in once, when the folder has come to rest, and not for ever."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from tests.support.defs_checked import delete, shown
from tests.support.pipeline import base, resource, settled, tick, variables
from tests.support.workplace import Workplace
from xnai_pipelines.definitions import defs
from xnai_pipelines.defs import documents
from xnai_pipelines.defs.documents import (
    ATTEMPTS,
    Seen,
    decide,
    every_file_accounted_for,
    nothing_lost,
    quarantine_rate,
)
from xnai_pipelines.defs.runs import HOME_TAG
from xnai_pipelines.documents.omissions import incomplete_documents
from xnai_pipelines.documents.plan import plan
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import IngestRefusedError
from xnai_pipelines.state.schemas import DOCUMENTS, FILES, QUARANTINE

AT_REST = Seen("abc", 0)


def test_nothing_changed_is_forgotten_and_asks_for_nothing():
    for seen in (Seen(), AT_REST, Seen("abc", ATTEMPTS)):
        decision = decide("", "changes", running=False, seen=seen)
        assert (decision.run_key, decision.seen) == (None, Seen())


def test_changes_seen_for_the_first_time_wait_for_a_second_look():
    decision = decide("abc", "1 new", running=False, seen=Seen())
    assert (decision.run_key, decision.seen) == (None, Seen("abc"))
    assert "1 new" in decision.reason


def test_changes_seen_twice_are_taken_in():
    decision = decide("abc", "1 new", running=False, seen=AT_REST)
    assert (decision.run_key, decision.seen) == ("abc-1", Seen("abc", 1))


def test_a_copy_that_goes_on_is_waited_for():
    seen = Seen()
    for waiting in ("a", "ab", "abc"):
        decision = decide(waiting, "growing", running=False, seen=seen)
        assert decision.run_key is None
        seen = decision.seen
    assert decide("abc", "grown", running=False, seen=seen).run_key == "abc-1"


@pytest.mark.parametrize("attempts", [0, 1, ATTEMPTS])
def test_while_a_run_goes_on_nothing_is_requested_and_no_attempt_is_counted(attempts):
    seen = Seen("abc", attempts)
    decision = decide("abc", "1 new", running=True, seen=seen)
    assert (decision.run_key, decision.seen) == (None, seen)


def test_failed_runs_are_tried_again_under_other_keys_and_then_given_up():
    seen, keys = AT_REST, []
    for _ in range(ATTEMPTS + 3):
        decision = decide("abc", "1 new", running=False, seen=seen)
        keys.append(decision.run_key)
        seen = decision.seen
    assert keys[:ATTEMPTS] == [f"abc-{attempt}" for attempt in range(1, ATTEMPTS + 1)]
    assert keys[ATTEMPTS:] == [None] * 3
    assert "by hand" in decision.reason


def test_other_changes_start_anew_after_attempts_were_used_up():
    decision = decide("abd", "1 edited", running=False, seen=Seen("abc", ATTEMPTS))
    assert decision.seen == Seen("abd", 0)


@dataclass
class Sensor:
    """The sensor as the daemon ticks it: each tick is given the last one's cursor."""

    work: Workplace
    instance: dg.DagsterInstance
    cursor: str | None = None
    keys: list[str] = field(default_factory=list)

    def tick(self) -> str:
        """Evaluate once; return the run key, or why none was requested."""
        result = tick(self.instance, "documents_folder", self.cursor)
        self.cursor = result.cursor or self.cursor
        if not result.run_requests:
            assert result.skip_message
            return result.skip_message
        [request] = result.run_requests
        self.keys.append(request.run_key)
        return request.run_key

    def request(self) -> None:
        """Tick until a run is requested."""
        assert "until the next check" in self.tick()
        assert self.tick() == self.keys[-1]


@pytest.fixture
def sensor(tmp_path: Path, built_encoder: Encoder) -> Iterator[Sensor]:
    """A sensor over a folder of three files, one of them broken, before its first run."""
    work = Workplace(tmp_path, built_encoder)
    work.write("guide.md", "# Guide\n\nRun the installer.\n")
    work.write("notes/sun.txt", "The sun dried the meadows in an afternoon.\n")
    work.write("broken.jsonl", '{"_id": "1", "text": "Sound."}\nnot json\n')
    with settled(variables(work)), dg.DagsterInstance.ephemeral() as instance:
        yield Sensor(work, instance)


@pytest.fixture
def ingested(sensor: Sensor) -> Sensor:
    """The same after a run."""
    sensor.work.ingest_documents()
    return sensor


def test_a_new_folder_is_taken_in_once(sensor):
    sensor.request()
    sensor.work.ingest_documents()
    assert sensor.tick() == "Nothing changed in the folder."
    assert json.loads(sensor.cursor) == {"waiting": "", "attempts": 0}


def test_new_edited_and_deleted_files_are_each_seen_and_counted(ingested):
    work = ingested.work
    assert ingested.tick() == "Nothing changed in the folder."
    work.write("new.txt", "A new text.\n")
    assert ingested.tick().startswith("1 new;")
    work.write("notes/sun.txt", "The sun dried the meadows in a morning.\n")
    assert ingested.tick().startswith("1 new, 1 edited;")
    (work.documents / "guide.md").unlink()
    assert ingested.tick().startswith("1 new, 1 edited, 1 deleted;")
    assert ingested.tick() == ingested.keys[-1]


def test_a_touched_file_asks_for_one_run_which_notes_its_new_time(ingested):
    """Otherwise every tick would hash it again: 50 GB of them after a copy that did not keep the times."""
    os.utime(ingested.work.documents / "guide.md", (1e9, 1e9))
    assert ingested.tick().startswith("1 touched;")
    assert ingested.tick() == ingested.keys[-1]
    ingested.work.ingest()
    assert ingested.tick() == "Nothing changed in the folder."


def test_a_file_that_stays_broken_does_not_cause_run_after_run(ingested):
    assert ingested.work.rows(QUARANTINE)
    assert ingested.tick() == "Nothing changed in the folder."


def test_a_file_deleted_twice_in_the_same_way_is_taken_in_twice(ingested):
    """Dagster never starts a second run of a key, however long ago the first one was."""
    path = ingested.work.documents / "notes/sun.txt"
    content, times = path.read_bytes(), path.stat()
    for _ in range(2):
        path.unlink()
        ingested.request()
        ingested.work.ingest_documents()
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        ingested.request()
        ingested.work.ingest_documents()
    assert len(set(ingested.keys)) == len(ingested.keys) == 4


def test_a_folder_that_is_missing_requests_nothing_and_forgets_nothing(ingested):
    documents = ingested.work.documents
    ingested.work.write("new.txt", "A new text.\n")
    ingested.tick()
    before = ingested.cursor
    documents.rename(documents.with_name("unmounted"))
    assert "does not exist" in ingested.tick()
    assert ingested.cursor == before
    documents.with_name("unmounted").rename(documents)
    assert ingested.tick() == ingested.keys[-1]


def test_a_folder_that_was_emptied_is_given_up_after_its_attempts(ingested):
    shutil.rmtree(ingested.work.documents)
    ingested.work.documents.mkdir()
    ingested.tick()
    for _ in range(ATTEMPTS):
        assert ingested.tick() == ingested.keys[-1]
        with pytest.raises(IngestRefusedError):
            ingested.work.ingest_documents()
    assert "by hand" in ingested.tick()


def test_a_home_that_knows_no_folder_says_how_to_name_one(sensor):
    with settled(variables(home=sensor.work.home.root)):
        assert "XNAI_DOCUMENTS" in sensor.tick()
    assert sensor.cursor is None


def test_a_home_of_another_folder_is_left_alone(ingested, tmp_path):
    with settled(variables(home=ingested.work.home.root, documents=tmp_path)):
        assert "is bound to the documents in" in ingested.tick()


def started(ingested):
    """Return a run of the home that goes on."""
    return ingested.instance.create_run_for_job(
        defs().resolve_job_def("refresh"),
        status=dg.DagsterRunStatus.STARTED,
        tags={HOME_TAG: str(ingested.work.home.root)},
    )


def test_a_run_that_goes_on_is_not_joined_by_another(ingested):
    ingested.work.write("new.txt", "A new text.\n")
    ingested.tick()
    run = started(ingested)
    assert "already in progress" in ingested.tick()
    ingested.instance.report_run_failed(run, "ended")
    assert ingested.tick() == ingested.keys[-1]


def test_a_run_that_ends_while_the_folder_is_looked_at_is_not_followed_by_another(ingested, monkeypatch):
    ingested.work.write("new.txt", "A new text.\n")
    ingested.tick()
    run = started(ingested)

    def looked(*arguments):
        found = plan(*arguments)
        ingested.instance.report_run_canceled(run)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(documents, "plan", looked)
        assert "already in progress" in ingested.tick()
    assert ingested.tick() == ingested.keys[-1]


class TestEveryFileAccountedFor:
    def result(self) -> dg.AssetCheckResult:
        return every_file_accounted_for(resource("stores"), resource("source"))

    def test_it_passes_after_a_run(self, checked):
        result = self.result()
        assert result.passed
        assert shown(result, "entries_in_folder") == shown(result, "entries_in_ledger") == 5

    def test_a_file_added_since_is_named(self, checked):
        checked.write("late.txt", "Late.\n")
        assert not self.result().passed
        assert shown(self.result(), "missing") == ["late.txt"]

    def test_a_file_removed_since_is_named(self, checked):
        (checked.documents / "guide.md").unlink()
        assert not self.result().passed
        assert shown(self.result(), "vanished_since") == ["guide.md"]

    @pytest.mark.parametrize("spec", [FILES, DOCUMENTS, QUARANTINE], ids=lambda spec: spec.name)
    def test_a_row_lost_from_any_of_the_tables_is_found(self, checked, spec):
        delete(checked, spec)
        assert not self.result().passed


class TestNothingLost:
    def test_it_passes_where_every_text_is_complete(self, checked):
        assert nothing_lost(resource("stores")).passed

    def test_it_passes_where_a_page_lacks_what_it_names_its_navigation(self, checked):
        checked.write("pump.html", f"<ul class=menu><li><a href=x>Home</a></ul><h1>Pump</h1><p>{'It pumps. ' * 20}</p>")
        checked.ingest_documents()
        assert [one.statement for one in incomplete_documents(checked.tables)] == ["line of navigation: 1 (Home)"]
        assert nothing_lost(resource("stores")).passed

    def test_it_warns_and_names_the_worst_files_and_what_they_lost(self, checked):
        cell = {"cell_type": "code", "source": "weigh()", "outputs": [{"output_type": "stream", "text": "4.2 kg"}]}
        checked.write("scale.ipynb", json.dumps({"cells": [cell]}))
        checked.ingest_documents()
        result = nothing_lost(resource("stores"))
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN
        assert "scale.ipynb: output of a cell: 1 (4.2 kg)" in result.description


class TestQuarantineRate:
    def test_it_passes_at_the_allowed_share(self, checked):
        with settled(variables(checked, quarantine_rate=0.2)):
            result = quarantine_rate(base(), resource("stores"))
        assert result.passed
        assert shown(result, "rate") == 0.2

    def test_it_warns_above_the_allowed_share(self, checked):
        with settled(variables(checked, quarantine_rate=0.19)):
            result = quarantine_rate(base(), resource("stores"))
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN

    def test_it_passes_where_nothing_was_read_yet(self, checked):
        checked.tables.open("files").delete("true")
        assert quarantine_rate(base(), resource("stores")).passed
