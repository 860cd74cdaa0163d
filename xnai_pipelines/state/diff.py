"""The difference between the rows a table should have and those it has. Pure."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Diff:
    """Keys by what has to be done with them, and the number of those with which nothing has."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    @property
    def to_write(self) -> tuple[str, ...]:
        """The keys whose rows have to be made."""
        return self.added + self.changed


def diff(wanted: Mapping[str, Hashable], found: Mapping[str, Hashable]) -> Diff:
    """Return which keys are new, have another revision, are gone, or are unchanged."""
    known = wanted.keys() & found.keys()
    return Diff(
        added=tuple(key for key in wanted if key not in found),
        changed=tuple(key for key in wanted if key in known and wanted[key] != found[key]),
        removed=tuple(key for key in found if key not in wanted),
        unchanged=sum(wanted[key] == found[key] for key in known),
    )


def diff_rows(wanted: pa.Table, found: pa.Table, key: str) -> Diff:
    """Return what `diff` does, of tables with the same columns; for millions of rows, which stay in Arrow."""
    places = pc.index_in(wanted[key], found[key].combine_chunks())
    same = [
        pc.fill_null(pc.equal(wanted[name], found[name].take(places)), False)
        for name in wanted.column_names
        if name != key
    ]
    is_known = pc.is_valid(places)
    is_same = reduce(pc.and_, same, is_known)
    return Diff(
        added=tuple(wanted[key].filter(pc.invert(is_known)).to_pylist()),
        changed=tuple(wanted[key].filter(pc.and_not(is_known, is_same)).to_pylist()),
        removed=tuple(not_in(found[key], wanted[key]).to_pylist()),
        unchanged=pc.sum(is_same).as_py() or 0,
    )


def not_in(values: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the values that are not among the others."""
    return values.filter(pc.invert(pc.is_in(values, others.combine_chunks())))
