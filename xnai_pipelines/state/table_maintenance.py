"""The files and versions of tables: joined as they grow small, removed as they grow old, erased if they have to be."""

import warnings
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

SMALL_FILES = 64  # of a table, until maintenance joins them


def join_files(tables: Tables, table: Any, most: int = SMALL_FILES) -> None:
    """Join the files of an open table if more than `most` of them are small.

    Not after every commit: of a table of up to a million rows all files would be written again each time.
    """
    if table.stats()["fragment_stats"]["num_small_fragments"] > most:
        with tables.commit(table.name):
            table.optimize()


def compact(tables: Tables, name: str, kept: timedelta) -> None:
    """Compact a table, update its indexes, and remove versions older than this.

    Raises:
        HomeError: The disk is full; the table is as it was.
    """
    table = tables.open(name)
    with tables.commit(name):
        table.optimize()  # checked while there is an earlier version to go back to
    with tables.commit(name):
        table.optimize(cleanup_older_than=kept)


def erase(tables: Tables, spec: TableSpec) -> int:
    """Remove deleted rows from the table's files and all its earlier versions; return the number of versions left.

    A deletion only marks rows, and compaction skips a file with few marked rows; so every row is rewritten.
    Indexes are dropped with what they know of the rows.
    """
    table = tables.find(spec.name)
    if table is None:
        return 0
    with tables.commit(spec.name):
        table.update(where="true", values_sql={spec.key: f"`{spec.key}`"})
    with tables.commit(spec.name):
        for index in table.list_indices():
            table.drop_index(index.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # readers of earlier versions shall fail
        with tables.commit(spec.name):
            table.optimize()  # checked while there is an earlier version to go back to
        with tables.commit(spec.name):
            table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
    return len(table.list_versions())


def was_stored(tables: Tables, spec: TableSpec, column: str, values: Sequence[str]) -> bool:
    """Return whether a row of this version or of a kept earlier one has one of the values in the column."""
    table = tables.find(spec.name) if values else None
    if table is None:
        return False
    wanted = is_in(column, values)
    for version in sorted((each["version"] for each in table.list_versions()), reverse=True):
        table.checkout(version)
        if column in table.schema.names and table.count_rows(wanted):
            return True
    return False
