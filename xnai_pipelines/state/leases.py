"""Leases in PostgreSQL: who may write to a home that several machines share, where locks of files may not reach.

A lease is a row with an owner, a time at which it expires, and a token that is larger with each new holder. The holder
renews it; one that was paused for longer loses it to the next. Each commit compares the token and keeps the row locked
until it is done, so a holder that lost its lease cannot write any more, and none loses it in the middle of a commit.
PostgreSQL lets go of the row of a holder that stops there for `COMMIT_SECONDS`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from threading import Event, Thread

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from xnai_pipelines.errors import HomeError

SECONDS = 30.0
COMMIT_SECONDS = 1_800
ASK_AGAIN_SECONDS = 1.0
CONNECT_SECONDS = 10

_CREATE = text(
    "CREATE TABLE IF NOT EXISTS xnai_leases (home text, name text, owner text NOT NULL, token bigserial, "
    "expires_at timestamptz NOT NULL, PRIMARY KEY (home, name))"
)
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('xnai_leases'))")  # two that create a table at once both fail
_TAKE = text(
    "INSERT INTO xnai_leases (home, name, owner, expires_at) "
    "VALUES (:home, :name, :owner, clock_timestamp() + make_interval(secs => :seconds)) "
    "ON CONFLICT (home, name) DO UPDATE SET owner = excluded.owner, token = DEFAULT, expires_at = excluded.expires_at "
    "WHERE xnai_leases.expires_at < clock_timestamp() RETURNING token"
)
_RENEW = text(
    "UPDATE xnai_leases SET expires_at = clock_timestamp() + make_interval(secs => :seconds) "
    "WHERE home = :home AND name = :name AND token = :token"
)
_RELEASE = text("DELETE FROM xnai_leases WHERE home = :home AND name = :name AND token = :token")
_OWNER = text("SELECT owner FROM xnai_leases WHERE home = :home AND name = :name AND expires_at >= clock_timestamp()")
_LIVE = text(
    "SELECT count(*) FROM xnai_leases "
    "WHERE home = :home AND starts_with(name, :name) AND expires_at >= clock_timestamp()"
)


class Leases:
    """The leases of one home."""

    def __init__(self, server: URL, home: str, seconds: float = SECONDS) -> None:
        """Connect to nothing yet.

        Args:
            server: Address of the database.
            home: Id of the home.
            seconds: How long a holder may go without renewing.
        """
        self._server, self._home, self._seconds = server, home, seconds
        self._engine = create_engine(
            server,
            poolclass=NullPool,  # a pool would be shared with forked processes
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": f"-c idle_in_transaction_session_timeout={COMMIT_SECONDS}s",
            },
        )
        with self._transaction() as connection:
            connection.execute(_ALONE)
            connection.execute(_CREATE)

    def take(self, name: str, owner: str) -> "Lease | None":
        """Return the lease, None if another holds it."""
        row = {"home": self._home, "name": name, "seconds": self._seconds}
        with self._transaction() as connection:
            token = connection.execute(_TAKE, {**row, "owner": owner}).scalar()
        return None if token is None else Lease(self._transaction, {**row, "token": int(token)})

    def owner(self, name: str) -> str | None:
        """Return who holds a lease, None if nobody does."""
        with self._transaction() as connection:
            return connection.execute(_OWNER, {"home": self._home, "name": name}).scalar()

    def is_held(self, prefix: str) -> bool:
        """Return whether a lease is held whose name begins so."""
        with self._transaction() as connection:
            return bool(connection.execute(_LIVE, {"home": self._home, "name": prefix}).scalar())

    @contextmanager
    def held(self, name: str, owner: str, wait: Callable[[str], None]) -> Iterator["Lease"]:
        """Hold a lease while the block runs; wait for its holder, whose name `wait` is told."""
        lease = self.take(name, owner)
        if lease is None:
            wait(self.owner(name) or "another process")
        while lease is None:
            Event().wait(min(ASK_AGAIN_SECONDS, self._seconds / 3))
            lease = self.take(name, owner)
        with lease.renewed(self._seconds / 3):
            yield lease

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise HomeError(
                f"PostgreSQL at {self._server.host} does not answer for the lease of the home ({type(error).__name__}),"
                " so nothing may be written. Check XNAI_POSTGRES_HOST and the server, then run again."
            ) from error


class Lease:
    """A lease that this process holds, or has lost without knowing yet."""

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[Connection]], row: Mapping[str, object]
    ) -> None:
        self._transaction, self._row = transaction, row

    @property
    def token(self) -> object:
        """Larger than that of every earlier holder."""
        return self._row["token"]

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Keep the lease while the block commits something.

        Raises:
            HomeError: Another process holds it by now; the block does not run.
        """
        with self._transaction() as connection:
            if not connection.execute(_RENEW, self._row).rowcount:
                raise HomeError(
                    f"This process did not answer for {self._row['seconds']:.0f} s, and another took over the "
                    f"{self._row['name']} of the home. Nothing was written since. Run again."
                )
            yield
            connection.execute(_RENEW, self._row)

    @contextmanager
    def renewed(self, every: float) -> Iterator[None]:
        """Renew the lease every few seconds while the block runs, then release it."""
        ended = Event()
        renewing = Thread(target=self._renew, args=(every, ended), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            with suppress(HomeError), self._transaction() as connection:  # it expires if the server does not answer
                connection.execute(_RELEASE, self._row)

    def _renew(self, every: float, ended: Event) -> None:
        kept = True
        while kept and not ended.wait(every):
            try:
                with self._transaction() as connection:
                    kept = bool(connection.execute(_RENEW, self._row).rowcount)
            except HomeError:  # the server may answer again before another asks
                continue


def open_leases(home: str) -> Leases:
    """Return the leases of the home with this id in the database that `XNAI_POSTGRES_HOST` and the like name.

    Raises:
        HomeError: The server cannot be reached.
    """
    user, password, host, database = (
        os.environ.get(f"XNAI_POSTGRES_{name}") for name in ("USER", "PASSWORD", "HOST", "DB")
    )
    return _opened(URL.create("postgresql+psycopg2", user, password, host, database=database), home)


@cache
def _opened(server: URL, home: str) -> Leases:
    return Leases(server, home)
