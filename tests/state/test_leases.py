"""Two machines that share a home are played by two folders with one id: locks of files do not hold between them."""

from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import URL

from tests.support.waiting import until
from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.leases import Leases
from xnai_pipelines.state.locks import WRITER, held_if_free, is_alive, leased, shown_alive, sole_writer
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import DOCUMENTS, QUARANTINE
from xnai_pipelines.state.tables import Tables

PAUSED = 0.05  # seconds after which a holder counts as gone


@pytest.fixture
def server(postgres: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> URL:
    for name, value in postgres.items():
        monkeypatch.setenv(name, value)
    user, password, host, database = (postgres[f"XNAI_POSTGRES_{name}"] for name in ("USER", "PASSWORD", "HOST", "DB"))
    return URL.create("postgresql+psycopg2", user, password, host, database=database)


@pytest.fixture
def machines(server: URL, tmp_path: Path) -> tuple[Home, Home]:
    here, there = Home(tmp_path / "here"), Home(tmp_path / "there")
    there.root.mkdir()
    (there.root / "home_id").write_text(home_id(here))
    return here, there


def lost(server: URL, home: Home) -> None:
    """Let another machine take over as the home's writer, as it does when this one is paused."""
    leases = Leases(server, home_id(home), seconds=PAUSED)
    with leases._transaction() as connection:
        connection.exec_driver_sql("UPDATE xnai_leases SET expires_at = '-infinity'")
    assert leases.take(WRITER, "another machine") is not None


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
    with pytest.raises(HomeError, match="another took over the writer of the home"), first.committing():
        pytest.fail("it committed")


def test_no_lease_is_lost_in_the_middle_of_a_commit(server: URL, tmp_path: Path):
    leases = Leases(server, str(tmp_path), seconds=PAUSED)
    lease, tried, events = leases.take("writer", "first"), Event(), []

    def other() -> None:
        tried.set()
        with leases.held("writer", "second", lambda _: None):
            events.append("taken")

    waiting = Thread(target=other)
    with lease.committing():
        waiting.start()
        tried.wait()
        waiting.join(3 * PAUSED)
        events.append("committed")
    waiting.join()
    assert events == ["committed", "taken"]


def test_a_writer_that_lost_its_lease_moves_no_pointer_and_commits_no_table(server: URL, machines: tuple[Home, Home]):
    home, _ = machines
    tables = Tables.of(home)
    with sole_writer(home, pytest.fail):
        tables.ensure(DOCUMENTS)
        lost(server, home)
        with pytest.raises(HomeError, match="another took over"):
            tables.ensure(QUARANTINE)
        with pytest.raises(HomeError, match="another took over"):
            tables.drop(DOCUMENTS.name)
        with pytest.raises(HomeError, match="another took over"):
            Releases(home.releases).challenge(None)
    assert tables.names() == [DOCUMENTS.name]


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
        with held_if_free(there.root / WRITER) as alone:
            assert not alone
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert "which is writing to" in said[0]
    assert not is_alive(there, "run")


def test_nothing_is_written_while_the_server_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XNAI_POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("XNAI_POSTGRES_PASSWORD", "a-password")
    with (
        pytest.raises(HomeError, match=r"PostgreSQL at 127\.0\.0\.1 does not answer") as refused,
        sole_writer(Home(tmp_path), pytest.fail),
    ):
        pytest.fail("it writes")
    assert "a-password" not in str(refused.value)
