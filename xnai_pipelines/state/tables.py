"""LanceDB at the edge: open, read, stream, merge and delete; each write is one atomic commit."""

import logging
import os
import re
import signal
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xnai_pipelines.errors import HomeError, TableError
from xnai_pipelines.state.fence import committing
from xnai_pipelines.state.lance_files import (
    TableVersion,
    newest_version,
    remove_table,
    table_folders,
    undo_lost,
    version_before,
)
from xnai_pipelines.state.lancedb_import import imported_lancedb
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.table_objects import drop_table, remove_dropped
from xnai_pipelines.state.table_place import Bucket, place_of

LISTED = 1_000  # ids in one SQL list
SMALL_FILES = 64  # of a table, until maintenance joins them
READ_AT_ONCE = 32_768  # rows; LanceDB's own 1,024 take four times the processor time

_LOST_FILE = re.compile(r"Not found: \S*?([^/\s]+\.lance/\S+?),")

_log = logging.getLogger(__name__)


class Tables:
    """The tables of a home, in LanceDB. Their folder is made with the first table; reading makes nothing.

    `committed` is called after every commit; tests use it to kill the process there.
    """

    def __init__(
        self, place: Path | Bucket, committed: Callable[[], None] = lambda: None, *, root: Path | None = None
    ) -> None:
        """Open the tables.

        Args:
            place: Where they lie.
            committed: Called after every commit.
            root: Folder of the home whose writer may write them; None if nobody asks.
        """
        self._place = place
        self._committed = committed
        self._root = root

    @classmethod
    def of(cls, home: Home, committed: Callable[[], None] = lambda: None) -> Self:
        """Return the tables of a home, wherever they lie."""
        return cls(place_of(home), committed, root=home.root)

    @cached_property
    def _database(self) -> Any:
        lancedb = imported_lancedb()  # importing it takes a second: not before a table is read
        if isinstance(self._place, Path):
            try:
                self._place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise TableError(
                    f"The tables' folder {self._place} cannot be written ({error.strerror}). Make it writable, or set "
                    "XNAI_HOME to a writable folder."
                ) from error
            return lancedb.connect(str(self._place))
        try:
            return lancedb.connect(self._place.address, storage_options=self._place.options())
        except (ValueError, RuntimeError) as error:
            raise self._place.unreachable(error) from error

    @contextmanager
    def commit(self, name: str) -> Iterator[None]:
        """Run the block, which is one commit to a table, unless another process has taken over as the home's writer.

        Raises:
            HomeError: Another process has; or a file of the commit was cut off, and the commit was undone.
        """
        with committing(self._root) if self._root else nullcontext():
            before = self._newest(name)
            try:
                yield
            except Exception:  # LanceDB may have committed a part
                self._undo_lost(name, before)
                raise
            if lost := self._undo_lost(name, before):
                raise HomeError(
                    f"{lost} was cut off as it was written: the disk is full, or a limit on the size of files was "
                    "reached. The commit was undone. Free some space and run again."
                )
        self._committed()

    def names(self) -> list[str]:
        """Return the names of the tables that exist."""
        if self._is_missing():
            return []
        names: list[str] = []
        token: str | None = None
        while True:
            page = self._database.list_tables(page_token=token, limit=100)
            names += page.tables
            token = page.page_token
            if not token:
                return [name for name in names if self._opened(name) is not None]

    def open(self, name: str) -> Any:
        """Return LanceDB's table at its latest version.

        Raises:
            TableError: There is no table of that name.
        """
        table = self._opened(name)
        if table is None:
            raise TableError(f"Table {name} does not exist in {self._place}. `xnai run` makes it.")
        return table

    def _opened(self, name: str) -> Any | None:
        """Return the table; None if there is none, or only the folder of one whose creation was cut off.

        Raises:
            TableError: The table is damaged.
            HomeError: The object store cannot be reached.
        """
        if self._is_missing():
            return None
        try:
            return self._database.open_table(name)
        except (ValueError, FileNotFoundError):
            return None
        except RuntimeError as error:
            if isinstance(self._place, Bucket):
                raise self._place.unreachable(error) from error
            raise TableError(
                f"Table {name} in {self._place} cannot be opened ({error}). `xnai doctor` says what can be done."
            ) from error

    def _is_missing(self) -> bool:
        """Return whether the folder of the tables is still to be made; one that cannot be looked at is not."""
        with suppress(PermissionError):
            return isinstance(self._place, Path) and not self._place.exists()
        return False

    def ensure(self, spec: TableSpec) -> Any:
        """Return the table, created if it does not exist, with the columns that this version of the code needs.

        Columns that an older version did not have are added, empty. Their rows then differ in revision from their
        source, so the next run writes them again.

        Raises:
            TableError: A column has another type than this version needs.
        """
        table = self._opened(spec.name)
        if table is None:
            with self.commit(spec.name):
                return self._database.create_table(spec.name, schema=spec.schema, exist_ok=True)
        stored = table.schema
        missing = [field for field in spec.schema if field.name not in stored.names]
        wrong = [f for f in spec.schema if f.name in stored.names and not f.type.equals(stored.field(f.name).type)]
        if wrong:
            columns = ", ".join(f"{f.name} ({stored.field(f.name).type}, needed {f.type})" for f in wrong)
            raise TableError(
                f"Table {spec.name} in {self._place} was written by another version of xnai_pipelines, with other "
                f"column types: {columns}. Use that version, or ingest into a new XNAI_HOME."
            )
        if missing:
            _log.warning("Table %s gains the columns %s.", spec.name, ", ".join(f.name for f in missing))
            with self.commit(spec.name):
                table.add_columns(missing)
        return table

    def read(self, spec: TableSpec, columns: Sequence[str], where: str | None = None) -> pa.Table:
        """Return columns of the rows that satisfy the SQL condition; no rows if the table does not exist.

        A column that an older version did not write is null.
        """
        table = self._opened(spec.name)
        if table is None:
            return pa.schema([spec.schema.field(name) for name in columns]).empty_table()
        known = set(table.schema.names)  # which LanceDB reads again each time that it is asked
        stored = [name for name in columns if name in known]
        query = table.search().select(stored)
        with reading(table):
            rows = (query.where(where) if where else query).to_batches(READ_AT_ONCE).read_all()
        for name in (name for name in columns if name not in stored):
            rows = rows.append_column(name, pa.nulls(len(rows), spec.schema.field(name).type))
        return rows.select(list(columns))

    def having(self, spec: TableSpec, columns: Sequence[str], column: str, values: Iterable[str]) -> pa.Table:
        """Return columns of the rows whose column has one of the values, without loading the others."""
        wanted = sorted(set(values))
        groups = [wanted[first : first + LISTED] for first in range(0, len(wanted), LISTED)]
        none = pa.schema([spec.schema.field(name) for name in columns]).empty_table()
        return pa.concat_tables([none, *(self.read(spec, columns, is_in(column, group)) for group in groups)])

    def ids(self, spec: TableSpec, column: str | None = None) -> set[Any]:
        """Return the distinct values of a column, by default of the key."""
        name = column or spec.key
        return set(self.read(spec, [name])[name].unique().to_pylist())

    def pairs(self, spec: TableSpec, key: str, value: str) -> dict[Any, Any]:
        """Return the values of one column by those of another."""
        rows = self.read(spec, [key, value])
        return dict(zip(rows[key].to_pylist(), rows[value].to_pylist(), strict=True))

    def stream(self, spec: TableSpec, columns: Sequence[str], rows: int = 1_024) -> Iterator[pa.RecordBatch]:
        """Yield the columns of all rows in batches, without loading the whole table."""
        table = self._opened(spec.name)
        if table is not None:
            with reading(table):
                for batch in table.search().select(list(columns)).to_batches(rows):
                    yield batch.select(list(columns))

    def count(self, spec: TableSpec) -> int:
        """Return the number of rows; 0 if the table does not exist."""
        table = self._opened(spec.name)
        return 0 if table is None else int(table.count_rows())

    def merge(self, spec: TableSpec, rows: pa.Table, within: tuple[str, Iterable[str]] | None = None) -> None:
        """Write rows by key in one commit: new keys inserted, known ones replaced.

        `within=(column, values)` makes the rows complete for those values: stored rows with one of them in that column
        are deleted in the same commit unless they are among `rows`.
        """
        table = self.ensure(spec)
        merge = table.merge_insert(spec.key).when_matched_update_all().when_not_matched_insert_all()
        if within is not None:
            merge = merge.when_not_matched_by_source_delete(is_in(*within))
        with self.commit(spec.name):
            merge.execute(rows.cast(spec.schema), timeout=timedelta(minutes=10))

    def add(self, spec: TableSpec, rows: pa.Table) -> None:
        """Write rows whose keys are not stored yet, in one commit; unlike `merge` it reads nothing that is stored."""
        table = self.ensure(spec)
        with self.commit(spec.name):
            table.add(rows.select(spec.schema.names).cast(spec.schema))

    def merge_rows(self, spec: TableSpec, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows by key in one commit; columns missing in a row are null. No rows: no commit."""
        if rows:
            self.merge(spec, pa.Table.from_pylist(list(rows), schema=spec.schema))

    def replace(self, spec: TableSpec, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make the rows the table's only ones, in one commit."""
        table = self.ensure(spec)
        merge = table.merge_insert(spec.key).when_matched_update_all().when_not_matched_insert_all()
        with self.commit(spec.name):
            merge.when_not_matched_by_source_delete().execute(pa.Table.from_pylist(list(rows), schema=spec.schema))

    def undo_unchecked(self) -> None:
        """Undo each table's last commit if it lost a file and its process was killed before it looked.

        Only for the home's writer: another process's commit may not have been checked yet.
        """
        for folder in table_folders(self._place) if isinstance(self._place, Path) else ():
            try:
                before = version_before(folder)
                lost = undo_lost(folder, before) if before else None
            except TableError:  # who reads the table is told
                continue
            if lost:
                _log.warning("The last commit to table %s was undone: its file %s was cut off.", folder.stem, lost)

    def _newest(self, name: str) -> TableVersion | None:
        """Return a local table's newest version; None if it has none, or is in an object store."""
        try:
            return newest_version(self._place / f"{name}.lance") if isinstance(self._place, Path) else None
        except (FileNotFoundError, TableError):
            return None

    def _undo_lost(self, name: str, before: TableVersion | None) -> Path | None:
        """Undo the commits since a version if they lost a file; an object is stored whole or not at all."""
        if before is None or not isinstance(self._place, Path):
            return None
        folder = self._place / f"{name}.lance"
        lost = undo_lost(folder, before)
        return folder / lost if lost else None

    def delete(self, spec: TableSpec, column: str, values: Sequence[str]) -> None:
        """Delete the rows whose column has one of the values."""
        table = self._opened(spec.name) if values else None
        if table is None:
            return
        for first in range(0, len(values), LISTED):
            with self.commit(spec.name):
                table.delete(is_in(column, values[first : first + LISTED]))

    def erase(self, spec: TableSpec) -> int:
        """Remove deleted rows from the table's files and all its earlier versions; return the number of versions left.

        A deletion only marks rows, and compaction skips a file with few marked rows; so every row is rewritten.
        Indexes are dropped with what they know of the rows.
        """
        table = self._opened(spec.name)
        if table is None:
            return 0
        with self.commit(spec.name):
            table.update(where="true", values_sql={spec.key: f"`{spec.key}`"})
        with self.commit(spec.name):
            for index in table.list_indices():
                table.drop_index(index.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # readers of earlier versions shall fail
            with self.commit(spec.name):
                table.optimize()  # checked while there is an earlier version to go back to
            with self.commit(spec.name):
                table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
        return len(table.list_versions())

    def compact(self, name: str, kept: timedelta) -> None:
        """Compact a table, update its indexes, and remove versions older than this.

        Raises:
            HomeError: The disk is full; the table is as it was.
        """
        table = self.open(name)
        with self.commit(name):
            table.optimize()  # checked while there is an earlier version to go back to
        with self.commit(name):
            table.optimize(cleanup_older_than=kept)

    def join_files(self, table: Any, most: int = SMALL_FILES) -> None:
        """Join the files of an open table if more than `most` of them are small.

        Not after every commit: of a table of up to a million rows all files would be written again each time.
        """
        if table.stats()["fragment_stats"]["num_small_fragments"] > most:
            with self.commit(table.name):
                table.optimize()

    def was_stored(self, spec: TableSpec, column: str, values: Sequence[str]) -> bool:
        """Return whether a row of this version or of a kept earlier one has one of the values in the column."""
        table = self._opened(spec.name) if values else None
        if table is None:
            return False
        wanted = is_in(column, values)
        for version in sorted((each["version"] for each in table.list_versions()), reverse=True):
            table.checkout(version)
            if column in table.schema.names and table.count_rows(wanted):
                return True
        return False

    def drop(self, name: str) -> None:
        """Remove a table and its files; LanceDB's own way can be killed half-way."""
        with self.commit(name):
            if isinstance(self._place, Path):
                remove_table(self._place / f"{name}.lance")
            else:
                drop_table(self._place, name)

    def remove_dropped(self, kept: Collection[str]) -> list[str]:
        """Remove what killed drops left in an object store, but nothing of the kept tables; return whose it was."""
        return remove_dropped(self._place, kept) if isinstance(self._place, Bucket) else []

    def version(self, spec: TableSpec) -> int | None:
        """Return the table's version number, None if it does not exist."""
        table = self._opened(spec.name)
        return None if table is None else int(table.version)

    def size_bytes(self) -> int:
        """Return the size of all tables on disk, in bytes; in an object store that of their newest versions."""
        if isinstance(self._place, Bucket):
            return sum(int(self.open(name).stats()["total_bytes"]) for name in self.names())
        total = 0
        for path in self._place.rglob("*"):
            with suppress(FileNotFoundError):  # a writer may compact the tables meanwhile
                total += path.stat().st_size if path.is_file() else 0
        return total


@contextmanager
def reading(table: Any) -> Iterator[None]:
    """Run the block, which reads an open table.

    Raises:
        TableError: The table lacks one of its files, as in a home that was not copied whole.
    """
    try:
        yield
    except RuntimeError as error:  # LanceDB has no class of its own for it
        lost = _LOST_FILE.search(str(error))
        if lost is None:
            raise
        raise TableError(
            f"Table {table.name} lacks the file {lost[1]}. `xnai doctor` says what can be done."
        ) from error


def table_names(home: Home) -> set[str]:
    """Return the names of a home's tables; in a folder also of damaged ones.

    Raises:
        HomeError: The object store cannot be reached.
    """
    place = place_of(home)
    if isinstance(place, Bucket):
        return set(Tables(place).names())
    return {folder.stem for folder in table_folders(place)}


def vectors_of(rows: pa.Table | pa.RecordBatch) -> NDArray[np.float32]:
    """Return the rows' column `vector`: float32 [rows with a vector, dimension]."""
    column = rows["vector"]
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    numbers: NDArray[np.float32] = array.flatten().to_numpy()
    return numbers.reshape(-1, array.type.list_size)


def is_in(column: str, values: Iterable[str]) -> str:
    """Return the SQL condition that the column has one of the values."""
    return f"`{column}` IN ({', '.join(quoted(value) for value in values)})"


def quoted(value: str) -> str:
    """Return the value as an SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def kill_after(commits: int | None) -> Callable[[], None]:
    """Return a `committed` hook that ends the process with SIGKILL after that many commits; None: never."""
    left = commits

    def committed() -> None:
        nonlocal left
        if left is not None:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return committed
