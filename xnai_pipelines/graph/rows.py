"""Arrow columns of the graph's tables, and the revision of each row. Pure."""

import hashlib
from collections.abc import Iterable
from typing import Any

import pyarrow as pa


def digest(*parts: object) -> str:
    """Return an id, 32 hexadecimal digits."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def with_revision(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Return the columns as rows of the schema, in the order of the first column, with a hash of each row."""
    names = [name for name in schema.names if name != "revision"]
    bare = pa.table({name: columns[name] for name in names}).cast(pa.schema([schema.field(name) for name in names]))
    ordered = bare.sort_by(names[0])
    hashes = [digest(*row) for row in _tuples(ordered)]
    return ordered.append_column("revision", pa.array(hashes, pa.string())).select(schema.names)


def _tuples(rows: pa.Table) -> Iterable[tuple[object, ...]]:
    return zip(*(column.to_pylist() for column in rows.columns), strict=True)


def revision_of(rows: pa.Table) -> str:
    """Return a hash of rows that are sorted by their key."""
    hashes = "".join(rows["revision"].to_pylist())
    return hashlib.blake2b(hashes.encode(), digest_size=16).hexdigest()
