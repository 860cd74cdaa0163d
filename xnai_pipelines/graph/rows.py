"""Rows of the graph's tables: their ids and revisions. Pure."""

import hashlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

ROWS_AT_ONCE = 65_536  # bounds the memory that their texts take

_PARTS, _ITEMS = "\x1f", "\x1e"


def digest(*parts: object) -> str:
    """Return an id, 32 hexadecimal digits."""
    return _hash(_PARTS.join(map(str, parts)))


def digests(kind: str, *columns: Any) -> list[str]:
    """Return an id for each row, as `digest` returns it for the kind and the row's values."""
    texts = [pa.array(column).cast(pa.string()) if not _is_text(column) else column for column in columns]
    joined = pc.binary_join_element_wise(kind, *texts, _PARTS)
    return [_hash(row) for row in joined.to_pylist()]


def with_revision(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Return the columns as rows of the schema, in the order of the first column, with a hash of each row."""
    names = [name for name in schema.names if name != "revision"]
    bare = pa.table({name: columns[name] for name in names}).cast(pa.schema([schema.field(name) for name in names]))
    ordered = bare.sort_by(names[0]).combine_chunks()
    hashes: list[str] = []
    for batch in ordered.to_batches(max_chunksize=ROWS_AT_ONCE):
        joined = pc.binary_join_element_wise(*(_text(batch[name]) for name in names), _PARTS)
        hashes += map(_hash, joined.to_pylist())
    return ordered.append_column("revision", pa.array(hashes, pa.string())).select(schema.names)


def revision_of(rows: pa.Table) -> str:
    """Return a hash of rows that are sorted by their key."""
    return _hash("".join(rows["revision"].to_pylist()))


def _text(column: Any) -> Any:
    """Return each value of a column as one string; values of two kinds never have the same."""
    if pa.types.is_list(column.type):
        items = column.flatten()
        fields = items.flatten() if pa.types.is_struct(items.type) else [items]
        lists = [pa.ListArray.from_arrays(_offsets(column), _text(field)) for field in fields]
        return pc.binary_join_element_wise(*(pc.binary_join(each, _ITEMS) for each in lists), _ITEMS * 2)
    return pc.fill_null(column.cast(pa.string()), "")


def _offsets(column: Any) -> Any:
    """Return the offsets of a column of lists in its own items."""
    return pc.subtract(column.offsets, column.offsets[0])


def _is_text(column: Any) -> bool:
    return isinstance(column, pa.Array | pa.ChunkedArray) and pa.types.is_string(column.type)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
