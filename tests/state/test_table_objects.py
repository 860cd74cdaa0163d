"""A table in an object store is dropped whole, whenever the process that drops it is killed."""

import os
import signal
from itertools import count

import pyarrow as pa
import pytest

from tests.support.processes import end, start_process
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.objects import Objects
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.sharing import objects_at
from xnai_pipelines.state.table_claim import claim_tables
from xnai_pipelines.state.table_objects import remove_dropped
from xnai_pipelines.state.table_place import Bucket
from xnai_pipelines.state.tables import Tables

DROPPED, OTHER = (TableSpec(name, "key", pa.schema([("key", pa.string())])) for name in ("embeddings_1_x", "chunks"))
ROWS = {"a", "b"}


class KilledError(BaseException):
    """In place of a kill, where hundreds of processes would take too long."""


def fill(prefix: str, spec: TableSpec) -> Tables:
    """Return the tables with one of two rows, of which each took a commit."""
    tables = Tables(Bucket(prefix))
    for row in sorted(ROWS):
        tables.merge_rows(spec, [{"key": row}])
    return tables


def removing_at_most(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = Objects.remove, iter(range(most))

    def remove(self: Objects, name: str) -> None:
        if next(left, None) is None:
            raise KilledError
        real(self, name)

    monkeypatch.setattr(Objects, "remove", remove)


@pytest.mark.slow
def test_a_drop_cut_off_anywhere_leaves_a_whole_table_or_none_and_the_next_one_completes_it(
    prefix: str, monkeypatch: pytest.MonkeyPatch
):
    fill(prefix, OTHER)
    others = objects_at(prefix).sizes("chunks.lance")
    states = []
    for removed in count():
        fill(prefix, DROPPED)
        with monkeypatch.context() as patched:
            removing_at_most(removed, patched)
            try:
                Tables(Bucket(prefix)).drop(DROPPED.name)
                break
            except KilledError:
                pass
        tables = Tables(Bucket(prefix))
        states.append(DROPPED.name in tables.names())
        assert tables.ids(DROPPED) == (ROWS if states[-1] else set())
        if states[-1]:
            tables.drop(DROPPED.name)
        else:
            assert remove_dropped(Bucket(prefix), [DROPPED.name]) == []
            assert remove_dropped(Bucket(prefix), []) == [DROPPED.name]
        assert objects_at(prefix).sizes("embeddings_1_x.lance") == {}
    assert states == sorted(states, reverse=True)
    assert set(states) == {True, False}
    assert objects_at(prefix).sizes("chunks.lance") == others


def test_a_table_that_is_made_again_over_what_a_killed_drop_left_has_its_new_rows_alone(
    prefix: str, monkeypatch: pytest.MonkeyPatch
):
    tables = fill(prefix, DROPPED)
    manifests = sum(name.endswith(".manifest") for name in objects_at(prefix).sizes("embeddings_1_x.lance"))
    with monkeypatch.context() as patched:
        removing_at_most(manifests, patched)
        with pytest.raises(KilledError):
            tables.drop(DROPPED.name)
    tables = Tables(Bucket(prefix))
    tables.merge_rows(DROPPED, [{"key": "new"}])
    assert remove_dropped(Bucket(prefix), []) == []
    assert Tables(Bucket(prefix)).ids(DROPPED) == {"new"}


def drop_until_killed(prefix: str, variables: dict[str, str], removed: int) -> None:
    """Drop the table in a process that kills itself when it would remove one more object than this."""
    os.environ.update(variables)
    real, left = Objects.remove, iter(range(removed))

    def remove(self: Objects, name: str) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, name)

    Objects.remove = remove  # type: ignore[method-assign]
    Tables(Bucket(prefix)).drop(DROPPED.name)


@pytest.mark.slow
def test_maintenance_that_was_killed_as_it_dropped_a_table_is_completed_by_the_next(work: Workplace, prefix: str):
    claim_tables(work.home, prefix)
    five_files(work).ingest()
    work.ingest(new_release=True)
    found = [(hit.source, hit.score) for hit in work.search().search("river rain")]
    fill(prefix, DROPPED)
    variables = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for removed in (1, 4):
        killed = end(start_process(drop_until_killed, prefix, variables, removed))
        assert killed == -signal.SIGKILL
    assert DROPPED.name not in work.tables.names()
    maintain(work.context(), kept_releases=1)
    tables = {name.partition(".lance/")[0] for name in objects_at(prefix).sizes() if ".lance/" in name}
    assert DROPPED.name not in tables
    assert tables >= {release.embeddings_table for release in Releases(work.home.releases).all()}
    assert [(hit.source, hit.score) for hit in work.search().search("river rain")] == found
