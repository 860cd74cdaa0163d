"""How often the corpus has each word and form, kept between runs: what names mean depends on nothing else of others.

Counts add up over documents, so those of a document that changes are taken off and put on again. The file is a pure
function of all that was read; one that belongs to another state of the tables, or is damaged, is not used.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.graph.arrays import ints
from xnai_pipelines.state.layout import Home, write_bytes


class Count(StrEnum):
    """What is counted, of a key and a value."""

    SMALL = "word in lower case"  # documents
    CAPITAL = "word with a capital letter within a sentence"  # surfaces of documents
    KNOWN = "form within a sentence, in quotes or a title"  # mentions
    CODE = "form of code"  # and its words as written: mentions
    READ = "word or form of a surface"  # and the surface: mentions
    FORM = "form"  # and the text: documents
    TITLE = "title"  # and the document with its qualified title
    LAST = "name of one word alone"  # documents without, less documents with a longer name that ends with it
    FIRST = "first name alone"  # the same for names that begin with it
    FACT = "fact of a name"  # and the document with the fact
    ALIAS = "alias"  # and rule and target: documents
    TERM = "term"  # mentions
    ACRONYM = "term in capital letters"  # mentions
    CAPITALS = "form whose last word is in capital letters"  # texts of documents
    PLURAL = "acronym with a small s"  # texts of documents
    NAME = "inflected name"  # and its language and stems: texts of documents
    NOUN = "noun with a capital letter"  # within sentences of documents that use it as one
    USE = "word or form of a name"  # in languages that write nouns with a capital letter: mentions


_SCHEMA = pa.schema([("key", pa.string()), ("value", pa.string()), ("n", pa.int64())])
_KINDS = tuple(Count)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Numbers by kind, key and value, each combination once and none 0.

    Attributes:
        by_kind: Columns key, value and n of each kind that there is.
    """

    by_kind: Mapping[Count, pa.Table] = field(default_factory=dict)

    def of(self, kind: Count, keys: Collection[str] | None = None) -> pa.Table:
        """Return key, value and n of a kind, of all keys or of these."""
        rows = self.by_kind.get(kind, _SCHEMA.empty_table())
        return rows if keys is None else rows.filter(pc.is_in(rows["key"], pa.array(list(keys), pa.string())))

    def numbers(self, kind: Count, keys: Collection[str] | None = None) -> dict[str, int]:
        """Return the numbers of a kind that has no values."""
        rows = self.of(kind, keys)
        return dict(zip(rows["key"].to_pylist(), rows["n"].to_pylist(), strict=True))

    def pairs(self, kind: Count, keys: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
        """Return the keys of a kind with their values."""
        rows = self.of(kind, keys)
        return zip(rows["key"].to_pylist(), rows["value"].to_pylist(), strict=True)

    def keys(self, kind: Count) -> set[str]:
        """Return the distinct keys of a kind."""
        return set(self.of(kind)["key"].to_pylist())

    def values(self, kind: Count, keys: Collection[str]) -> set[str]:
        """Return the distinct values that keys of a kind have."""
        return set(self.of(kind, keys)["value"].to_pylist()) if keys else set()

    def __or__(self, other: "Counts") -> "Counts":
        """Return the counts of both, which have no kind in common."""
        return Counts({**self.by_kind, **other.by_kind})

    def with_changes(self, before: "Counts", after: "Counts") -> "Counts":
        """Return the counts if some documents that have those before come to have those after."""
        found = dict(self.by_kind)
        for kind in before.by_kind.keys() | after.by_kind.keys():
            change = Counter(after._rows(kind))
            change.subtract(before._rows(kind))
            keys = {key for (key, _), n in change.items() if n}
            if keys:
                change.update(self._rows(kind, keys))
                others = self.of(kind)
                others = others.filter(pc.invert(pc.is_in(others["key"], pa.array(list(keys), pa.string()))))
                mine = counted_pairs(kind, ((*pair, n) for pair, n in change.items() if pair[0] in keys))
                found[kind] = pa.concat_tables([others, mine.of(kind)])
        return Counts(found)

    def _rows(self, kind: Count, keys: Collection[str] | None = None) -> dict[tuple[str, str], int]:
        """Return the numbers of a kind by key and value."""
        return dict(zip(self.pairs(kind, keys), self.of(kind, keys)["n"].to_pylist(), strict=True))

    def as_table(self) -> pa.Table:
        """Return all rows, by kind."""
        tables = [
            rows.append_column("kind", pa.array(np.full(len(rows), at), pa.int8()))
            for at, kind in enumerate(_KINDS)
            for rows in (self.of(kind),)
        ]
        return pa.concat_tables(tables)

    @classmethod
    def from_table(cls, rows: pa.Table) -> Self:
        """Return the counts of such rows."""
        number = ints(rows["kind"])
        ends = np.searchsorted(number, np.arange(len(_KINDS) + 1)).tolist()
        rows = rows.select(_SCHEMA.names)
        return cls({kind: rows.slice(ends[at], ends[at + 1] - ends[at]) for at, kind in enumerate(_KINDS)})


def counted(kind: Count, numbers: Mapping[str, int]) -> Counts:
    """Return the counts of one kind without values."""
    return counted_pairs(kind, ((key, "", n) for key, n in numbers.items()))


def counted_pairs(kind: Count, rows: Iterable[tuple[str, str, int]]) -> Counts:
    """Return the counts of one kind from distinct pairs of key and value with their numbers; 0 is left out."""
    kept = [row for row in rows if row[2]]
    return counted_columns(kind, *([row[at] for row in kept] for at in range(3)))


def counted_columns(kind: Count, keys: Any, values: Any, numbers: Any) -> Counts:
    """Return the counts of one kind from columns of distinct pairs of key and value and their numbers."""
    arrays = [pa.array(column, each.type) for column, each in zip((keys, values, numbers), _SCHEMA, strict=True)]
    return Counts({kind: pa.Table.from_arrays(arrays, schema=_SCHEMA)})


def keep_counts(home: Home, counts: Counts, of: str) -> None:
    """Write the counts of a state of the tables; `of` is a hash of it."""
    rows = counts.as_table()
    rows = rows.replace_schema_metadata({"of": of})
    content = pa.BufferOutputStream()
    with pa.ipc.new_file(content, rows.schema) as file:
        file.write_table(rows)
    write_bytes(_path(home), content.getvalue().to_pybytes())


def kept_counts(home: Home, of: str) -> Counts | None:
    """Return the counts of a state of the tables; None if those of another one are kept, or none that can be read."""
    try:
        with pa.memory_map(str(_path(home))) as source:
            rows = pa.ipc.open_file(source).read_all()
            known = (rows.schema.metadata or {}).get(b"of") == of.encode()
            return Counts.from_table(rows) if known else None
    except (OSError, pa.ArrowInvalid):
        return None


def _path(home: Home) -> Path:
    return home.state / "graph_counts.arrow"
