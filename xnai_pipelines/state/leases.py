"""Leases in PostgreSQL: who may write to a home that several machines share, where locks of files may not reach.

A lease is a row with an owner, a time at which it expires, and a token that is larger with each new holder. The holder
renews it; one that was paused for longer loses it to the next. Each commit compares the tokens of all leases that its
process holds and keeps their rows locked until it is done. So a holder that lost one cannot write, and none
loses it in the middle of a commit. PostgreSQL lets go of the rows of a holder that stops there for `COMMIT_SECONDS`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
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
        with self._connection(transaction=True) as connection:
            connection.execute(_ALONE)
            connection.execute(_CREATE)

    def take(self, name: str, owner: str) -> "Lease | None":
        """Return the lease, None if another holds it."""
        row = {"home": self._home, "name": name, "owner": owner, "seconds": self._seconds}
        with self._connection() as connection:
            token = connection.execute(_TAKE, row).scalar()
        return None if token is None else Lease(self._home, name, int(token), self._seconds)

    def owner(self, name: str) -> str | None:
        """Return who holds a lease, None if nobody does."""
        with self._connection() as connection:
            return connection.execute(_OWNER, {"home": self._home, "name": name}).scalar()

    def is_held(self, prefix: str) -> bool:
        """Return whether a lease is held whose name begins so."""
        with self._connection() as connection:
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
        with self._renewed(lease):
            yield lease

    @contextmanager
    def held_if_free(self, name: str, owner: str) -> Iterator["Lease | None"]:
        """Hold a lease while the block runs, or yield None if another holds it."""
        lease = self.take(name, owner)
        if lease is None:
            yield None
            return
        with self._renewed(lease):
            yield lease

    @contextmanager
    def committing(self, held: Sequence["Lease"]) -> Iterator[None]:
        """Keep these leases while the block commits something.

        Raises:
            HomeError: Another process holds one of them by now; the block does not run.
        """
        with self._connection(transaction=True) as connection:
            for lease in sorted(held):  # two threads that lock rows in one order never wait for each other in turn
                if not lease.renew(connection):
                    raise HomeError(
                        f"This process did not answer for {lease.seconds:.0f} s, and another took over the "
                        f"{lease.name} of the home. Nothing was written since. Run again."
                    )
            yield
            for lease in sorted(held):
                lease.renew(connection)

    @contextmanager
    def _renewed(self, lease: "Lease") -> Iterator[None]:
        """Renew the lease every few seconds while the block runs, then release it."""
        ended = Event()
        renewing = Thread(target=self._renew, args=(lease, ended), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            with suppress(HomeError), self._connection() as connection:  # it expires if the server does not answer
                connection.execute(_RELEASE, asdict(lease))

    def _renew(self, lease: "Lease", ended: Event) -> None:
        kept = True
        while kept and not ended.wait(self._seconds / 3):
            try:
                with self._connection() as connection:
                    kept = lease.renew(connection)
            except HomeError:  # the server may answer again before another asks
                continue

    @contextmanager
    def _connection(self, *, transaction: bool = False) -> Iterator[Connection]:
        """Yield a connection. Each statement is done when it returns, or in a transaction all at the end.

        A process that is paused in a transaction keeps the others waiting, so only a commit has one.
        """
        engine = self._engine if transaction else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        try:
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise HomeError(
                f"PostgreSQL at {self._server.host} does not answer for the lease of the home ({type(error).__name__}),"
                " so nothing may be written. Check XNAI_POSTGRES_HOST and the server, then run again."
            ) from error


@dataclass(frozen=True, slots=True, order=True)
class Lease:
    """A lease that this process holds, or has lost without knowing yet.

    Attributes:
        home: Id of the home.
        name: What the holder may do.
        token: Larger than that of every earlier holder.
        seconds: How long its holder may go without renewing.
    """

    home: str
    name: str
    token: int
    seconds: float

    def renew(self, connection: Connection) -> bool:
        """Keep the lease and lock its row until the transaction ends; return whether this process still has it."""
        return bool(connection.execute(_RENEW, asdict(self)).rowcount)


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
