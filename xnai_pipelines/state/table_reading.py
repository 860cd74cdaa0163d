"""What tables hold: columns of rows by a condition, whole or in batches, and what versions and files they have."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xnai_pipelines.errors import TableError
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.table_place import Bucket
from xnai_pipelines.state.table_store import TableStore

LISTED = 1_000  # ids in one SQL list
READ_AT_ONCE = 32_768  # rows; LanceDB's own 1,024 take four times the processor time

_LOST_FILE = re.compile(r"Not found: \S*?([^/\s]+\.lance/\S+?),")


class ReadableTables(TableStore):
    """The tables of a home, as whoever only reads them sees them."""

    def read(self, spec: TableSpec, columns: Sequence[str], where: str | None = None) -> pa.Table:
        """Return columns of the rows that satisfy the SQL condition; no rows if the table does not exist.

        A column that an older version did not write is null.
        """
        table = self.find(spec.name)
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

    def stream(
        self, spec: TableSpec, columns: Sequence[str], rows: int = 1_024, among: Set[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the columns of all rows in batches, without loading the whole table.

        Args:
            spec: The table.
            columns: Its columns; with `among`, the key is one of them.
            rows: In a batch.
            among: Keys of the rows; None for all. The table is not read for a few.
        """
        table = self.find(spec.name) if among is None or among else None
        if table is None:
            return
        query = table.search().select(list(columns))
        if among is not None and len(among) <= LISTED:
            query, among = query.where(is_in(spec.key, sorted(among))), None
        wanted = None if among is None else pa.array(sorted(among))
        with reading(table):
            for batch in query.to_batches(rows):
                some = batch.select(list(columns))
                yield some if wanted is None else some.filter(pc.is_in(some[spec.key], wanted))

    def count(self, spec: TableSpec) -> int:
        """Return the number of rows; 0 if the table does not exist."""
        table = self.find(spec.name)
        return 0 if table is None else int(table.count_rows())

    def version(self, spec: TableSpec) -> int | None:
        """Return the table's version number, None if it does not exist."""
        table = self.find(spec.name)
        return None if table is None else int(table.version)

    def size_bytes(self) -> int:
        """Return the size of all tables on disk, in bytes; in an object store that of their newest versions."""
        if isinstance(self.place, Bucket):
            return sum(int(self.open(name).stats()["total_bytes"]) for name in self.names())
        total = 0
        for path in self.place.rglob("*"):
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
