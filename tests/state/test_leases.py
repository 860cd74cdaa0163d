"""Two machines that share a home are played by two folders with one id: locks of files do not hold between them."""

import os
import signal
import socket
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import URL

from tests.support.processes import end, event, start_process
from tests.support.waiting import until
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.errors import HomeError
from xnai_pipelines.search.corpus import withdraw_corpus
from xnai_pipelines.state import leases as leases_module
from xnai_pipelines.state.artefacts import publish_artefact
from xnai_pipelines.state.context import Progress, StageContext, stage
from xnai_pipelines.state.fence import committing
from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.json_lines import append_line
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.leases import Leases
from xnai_pipelines.state.locks import WRITER, held_if_free, is_alive, leased, shown_alive, sole_writer
from xnai_pipelines.state.manifest import Releases, record_candidate
from xnai_pipelines.state.records import write_record
from xnai_pipelines.state.schemas import DOCUMENTS, TRAINING_PAIRS
from xnai_pipelines.state.sharing import LIST, objects_at, share
from xnai_pipelines.state.table_claim import claim_tables
from xnai_pipelines.state.table_maintenance import compact, join_files
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.state.taking_over import take_over

PAUSED = 0.05  # seconds after which a holder counts as gone


@pytest.fixture
def server(postgres: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> URL:
    for name, value in postgres.items():
        monkeypatch.setenv(name, value)
    return server_of(postgres)


def server_of(variables: dict[str, str]) -> URL:
    user, password, host, database = (variables[f"XNAI_POSTGRES_{name}"] for name in ("USER", "PASSWORD", "HOST", "DB"))
    return URL.create("postgresql+psycopg2", user, password, host, database=database)


@pytest.fixture
def machines(server: URL, tmp_path: Path) -> tuple[Home, Home]:
    here, there = Home(tmp_path / "here"), Home(tmp_path / "there")
    there.root.mkdir()
    (there.root / "home_id").write_text(home_id(here))
    return here, there


def lost(server: URL, home: Home, name: str = WRITER) -> None:
    """Let another machine take over as the home's writer, as it does when this one is paused."""
    leases = Leases(server, home_id(home), seconds=PAUSED)

    def taken() -> bool:
        with leases._connection() as connection:
            connection.exec_driver_sql("UPDATE xnai_leases SET expires_at = '-infinity'")
        return leases.take(name, "another machine") is not None  # the holder may have renewed it meanwhile

    until(taken)


def test_a_lease_goes_to_the_next_once_its_holder_is_silent_and_its_token_grows(server: URL, tmp_path: Path):
    leases = Leases(server, str(tmp_path), seconds=PAUSED)
    first = leases.take("writer", "first")
    second = None

    def taken() -> bool:
        nonlocal second
        second = leases.take("writer", "second")
        return second is not None

    until(taken)
    assert second.token > first.token
    with pytest.raises(HomeError, match="another took over the writer of the home"), leases.committing([first]):
        pytest.fail("it committed")


def test_no_lease_is_lost_in_the_middle_of_a_commit(server: URL, tmp_path: Path):
    leases = Leases(server, str(tmp_path), seconds=PAUSED)
    lease, tried, events = leases.take("writer", "first"), Event(), []

    def other() -> None:
        tried.set()
        with leases.held("writer", "second", lambda _: None):
            events.append("taken")

    waiting = Thread(target=other)
    with leases.committing([lease]):
        waiting.start()
        tried.wait()
        waiting.join(3 * PAUSED)
        events.append("committed")
    waiting.join()
    assert events == ["committed", "taken"]


# All that decides what a later run does or a search finds, by what it is.
COMMITS: dict[str, Callable[[Home, Tables], object]] = {
    "a record": lambda home, _: write_record(home.state / "record.json", "lost"),
    "a record's removal": lambda home, _: remove(home.state / "kept.json"),
    "a line of a journal": lambda home, _: append_line(home.releases / "moves.jsonl", "lost"),
    "the challenger": lambda home, _: Releases(home.releases).challenge(None),
    "the candidate": lambda home, _: record_candidate(home.releases, None),
    "a model": lambda home, _: publish_artefact(home.models / "lost", lambda _: {}),
    "files of search": lambda home, _: withdraw_corpus(home, "kept"),
    "a new table": lambda _, tables: tables.ensure(TRAINING_PAIRS),
    "rows": lambda _, tables: tables.merge_rows(DOCUMENTS, [{"document_id": "lost"}]),
    "rows' removal": lambda _, tables: tables.delete(DOCUMENTS, "document_id", ["kept"]),
    "a table's versions": lambda _, tables: compact(tables, DOCUMENTS.name, timedelta(0)),
    "a table's small files": lambda _, tables: join_files(tables, tables.open(DOCUMENTS.name), most=0),
    "a table's removal": lambda _, tables: tables.drop(DOCUMENTS.name),
}


def refused_commits(home: Home) -> list[str]:
    """Try every commit until one is not refused; return the names of those that were."""
    refused = []
    for name, commit in COMMITS.items():
        with pytest.raises(HomeError, match="another took over"):
            commit(home, Tables.of(home))
        refused.append(name)
    return refused


def prepared(home: Home) -> None:
    """Store what the commits would change."""
    write_record(home.state / "kept.json", "kept")
    (home.index / "kept").mkdir(parents=True)
    Tables.of(home).merge_rows(DOCUMENTS, [{"document_id": "kept"}])


def stored(home: Home) -> dict[str, bytes]:
    """Return the files of a home but its locks."""
    files = (path for path in sorted(home.root.rglob("*")) if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(home.root).as_posix(): path.read_bytes() for path in files}


def test_a_writer_that_lost_its_lease_commits_nothing_that_decides(server: URL, machines: tuple[Home, Home]):
    home, _ = machines
    prepared(home)
    with sole_writer(home, pytest.fail):
        before = stored(home)
        lost(server, home)
        assert refused_commits(home) == list(COMMITS)
    assert stored(home) == before


def test_a_run_that_lost_its_turn_commits_nothing_though_it_takes_the_writers_lease_again(
    server: URL, machines: tuple[Home, Home]
):
    home, _ = machines
    with leased(home, "turn.lock", "run", pytest.fail):
        lost(server, home, "turn.lock")
        with sole_writer(home, pytest.fail), pytest.raises(HomeError, match=r"another took over the turn\.lock"):
            write_record(home.state / "record.json", "lost")


def test_a_commit_may_hold_others(machines: tuple[Home, Home]):
    home, _ = machines
    with sole_writer(home, pytest.fail), committing(home.releases):
        write_record(home.releases / "a.json", "a")
        write_record(home.releases / "b.json", "b")
    assert len(list(home.releases.glob("*.json"))) == 2


def write_until_paused(root: Path, variables: dict[str, str], begun: ProcessEvent, taken_over: Path) -> None:
    """Write as the first machine; once another has taken over, which this one cannot see, try to go on."""
    home = with_short_leases(root, variables)
    with sole_writer(home, lambda _: None):
        prepared(home)
        begun.set()
        until(taken_over.exists)
        (root / "refused").write_text("\n".join(refused_commits(home)))


def write_as_second(root: Path, variables: dict[str, str]) -> None:
    """Write as the second machine, once the lease is free."""
    home = with_short_leases(root, variables)
    with sole_writer(home, lambda _: None):
        Tables.of(home).merge_rows(DOCUMENTS, [{"document_id": "second"}])
        write_record(home.state / "record.json", "second")


def with_short_leases(root: Path, variables: dict[str, str]) -> Home:
    os.environ.update(variables)
    server = server_of(variables)
    leases_module.open_leases = lambda home: Leases(server, home, seconds=1)
    return Home(root)


@pytest.mark.slow
def test_a_paused_process_that_wakes_after_another_machine_took_over_writes_neither_to_the_bucket_nor_to_its_home(
    postgres: dict[str, str], machines: tuple[Home, Home], prefix: str, tmp_path: Path
):
    here, there = machines
    variables = {**postgres, **{name: value for name, value in os.environ.items() if name.startswith("AWS_")}}
    for home in machines:
        claim_tables(home, prefix)
    begun, taken_over = event(), tmp_path / "taken_over"
    paused = start_process(write_until_paused, here.root, variables, begun, taken_over)
    begun.wait()
    before = stored(here)
    os.kill(paused.pid, signal.SIGSTOP)
    try:
        assert end(start_process(write_as_second, there.root, variables)) == 0
        taken_over.touch()
    finally:
        os.kill(paused.pid, signal.SIGCONT)
    assert end(paused) == 0
    assert (here.root / "refused").read_text().splitlines() == list(COMMITS)
    (here.root / "refused").unlink()
    assert stored(here) == before
    assert Tables.of(there).ids(DOCUMENTS) == {"kept", "second"}


def run_until_taken_over(root: Path, variables: dict[str, str], begun: ProcessEvent, taken_over: Path) -> None:
    """Run a stage as the writer; once another home has taken over, which this process cannot see, try to go on."""
    home = with_short_leases(root, variables)
    context = StageContext(home, Tables.of(home), "paused", Progress(lambda _: None))
    with pytest.raises(HomeError, match="another took over"), stage(context, "paused"):  # noqa: PT012  its end as well
        begun.set()
        until(taken_over.exists)
        (root / "refused").write_text("\n".join(refused_commits(home)))
        with pytest.raises(HomeError, match="Another home has taken over"):
            share(home)
    with pytest.raises(HomeError, match="Another home has taken over"), stage(context, "next"):
        pass


@pytest.mark.slow
def test_the_writer_that_was_paused_while_another_home_took_over_writes_nothing_when_it_wakes(
    server: URL, work: Workplace, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    claim_tables(work.home, prefix)
    five_files(work).ingest()
    prepared(work.home)
    names = ("AWS_", "XNAI_POSTGRES_")
    variables = {name: value for name, value in os.environ.items() if name.startswith(names)}
    begun, taken_over = event(), tmp_path / "taken_over"
    paused = start_process(run_until_taken_over, work.home.root, variables, begun, taken_over)
    begun.wait()
    before = stored(work.home)
    os.kill(paused.pid, signal.SIGSTOP)
    there = Workplace(tmp_path / "there", work.encoder, work.documents)
    monkeypatch.setattr(leases_module, "open_leases", lambda home: Leases(server, home, seconds=1))
    try:
        assert take_over(there.home, prefix, print) == 1
        shared = objects_at(prefix).read(LIST)
        versions = {name: there.tables.open(name).version for name in there.tables.names()}
        taken_over.touch()
    finally:
        os.kill(paused.pid, signal.SIGCONT)
    assert end(paused) == 0
    assert (work.home.root / "refused").read_text().splitlines() == list(COMMITS)
    (work.home.root / "refused").unlink()
    assert stored(work.home) == before
    assert objects_at(prefix).read(LIST) == shared
    assert {name: there.tables.open(name).version for name in there.tables.names()} == versions
    there.tables.delete(DOCUMENTS, "document_id", ["kept"])  # no document that a run would read
    there.write("guide.md", "# Guide\n\nHail fell on the hills.\n")
    there.ingest()
    assert there.search().search("hail", 1)[0].source == "guide.md"


def test_a_second_machine_waits_for_the_writer_and_sees_its_runs_alive(machines: tuple[Home, Home]):
    here, there = machines
    said: list[str] = []
    order: list[str] = []

    def second() -> None:
        with leased(there, WRITER, "second", said.append):
            order.append("second")

    with sole_writer(here, pytest.fail), shown_alive(here, "run"):
        waiting = Thread(target=second)
        waiting.start()
        until(lambda: said)
        assert is_alive(there, "run")
        with held_if_free(there, WRITER) as alone:
            assert not alone
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert "which is writing to" in said[0]
    assert not is_alive(there, "run")


def test_what_mends_a_home_while_nobody_writes_keeps_other_machines_from_beginning(machines: tuple[Home, Home]):
    here, there = machines
    said: list[str] = []

    def second() -> None:
        with sole_writer(there, said.append):
            pass

    waiting = Thread(target=second)
    with held_if_free(here, WRITER) as alone:
        assert alone
        waiting.start()
        until(lambda: said)
    waiting.join()
    assert "which is writing to" in said[0]


def test_nothing_is_written_while_the_server_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XNAI_POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("XNAI_POSTGRES_PASSWORD", "a-password")
    with socket.socket() as taken:  # and listens to nobody
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PGPORT", str(taken.getsockname()[1]))
        refusing = pytest.raises(HomeError, match=r"PostgreSQL at 127\.0\.0\.1 does not answer")
        with refusing as refused, sole_writer(Home(tmp_path), pytest.fail):
            pytest.fail("it writes")
    assert "a-password" not in str(refused.value)
