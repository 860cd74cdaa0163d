"""The tables of a home: whatever is written is one atomic commit."""

import logging
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from xnai_pipelines.errors import TableError
from xnai_pipelines.state.lance_files import remove_table, table_folders
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.table_objects import drop_table
from xnai_pipelines.state.table_place import Bucket, place_of
from xnai_pipelines.state.table_reading import LISTED, ReadableTables, is_in

_log = logging.getLogger(__name__)


class Tables(ReadableTables):
    """The tables of a home, which its writer makes, changes and drops."""

    def ensure(self, spec: TableSpec) -> Any:
        """Return the table, created if it does not exist, with the columns that this version of the code needs.

        Columns that an older version did not have are added, empty. Their rows then differ in revision from their
        source, so the next run writes them again.

        Raises:
            TableError: A column has another type than this version needs.
        """
        table = self.find(spec.name)
        if table is None:
            with self.commit(spec.name):
                return self._database.create_table(spec.name, schema=spec.schema, exist_ok=True)
        stored = table.schema
        missing = [field for field in spec.schema if field.name not in stored.names]
        wrong = [f for f in spec.schema if f.name in stored.names and not f.type.equals(stored.field(f.name).type)]
        if wrong:
            columns = ", ".join(f"{f.name} ({stored.field(f.name).type}, needed {f.type})" for f in wrong)
            raise TableError(
                f"Table {spec.name} in {self.place} was written by another version of xnai_pipelines, with other "
                f"column types: {columns}. Use that version, or ingest into a new XNAI_HOME."
            )
        if missing:
            _log.warning("Table %s gains the columns %s.", spec.name, ", ".join(f.name for f in missing))
            with self.commit(spec.name):
                table.add_columns(missing)
        return table

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

    def delete(self, spec: TableSpec, column: str, values: Sequence[str]) -> None:
        """Delete the rows whose column has one of the values."""
        table = self.find(spec.name) if values else None
        if table is None:
            return
        for first in range(0, len(values), LISTED):
            with self.commit(spec.name):
                table.delete(is_in(column, values[first : first + LISTED]))

    def drop(self, name: str) -> None:
        """Remove a table and its files; LanceDB's own way can be killed half-way."""
        with self.commit(name):
            if isinstance(self.place, Path):
                remove_table(self.place / f"{name}.lance")
            else:
                drop_table(self.place, name)


def table_names(home: Home) -> set[str]:
    """Return the names of a home's tables; in a folder also of damaged ones.

    Raises:
        HomeError: The object store cannot be reached.
    """
    place = place_of(home)
    if isinstance(place, Bucket):
        return set(Tables(place).names())
    return {folder.stem for folder in table_folders(place)}


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
