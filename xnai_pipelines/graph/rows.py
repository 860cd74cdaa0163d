"""Rows of the graph's tables: their ids and revisions. Pure."""

import hashlib
from typing import Any

import pyarrow as pa

from xnai_pipelines.graph.fingerprints import fingerprint_of_all, fingerprints


def digest(*parts: object) -> str:
    """Return an id, 32 hexadecimal digits."""
    text = "\x1f".join(map(str, parts))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def with_revision(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Return the columns as rows of the schema, with a hash of each row."""
    names = [name for name in schema.names if name != "revision"]
    bare = pa.table({name: columns[name] for name in names}).cast(pa.schema([schema.field(name) for name in names]))
    bare = bare.combine_chunks()
    return bare.append_column("revision", fingerprints(bare.columns)).select(schema.names)


def revision_of(rows: pa.Table) -> str:
    """Return a hash of rows, whose order does not matter."""
    return fingerprint_of_all(rows["revision"])
