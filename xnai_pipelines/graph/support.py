"""On which chunks the rows of the graph's tables rest."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.graph.arrays import Ints, flat
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, OCCURRENCES, RELATIONS
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

SUPPORTED = (ENTITIES, RELATIONS, OCCURRENCES, COMMUNITIES)  # tables that are made of those of each document


def chunks_of(tables: Tables, documents: Collection[str]) -> frozenset[str]:
    """Return the ids of the chunks of these documents that the graph has read."""
    rows = tables.read(EXTRACTIONS, ["chunk_id"], is_in("document_id", documents))
    return frozenset(rows["chunk_id"].to_pylist())


def resting_on(tables: Tables, spec: TableSpec, chunks: Collection[str]) -> int:
    """Return the number of rows of a table that rest on one of the chunks."""
    named, row = _named(tables, spec)
    mine = pc.is_in(named, pa.array(sorted(chunks), pa.string())).to_numpy(zero_copy_only=False)
    return len(np.unique(row[mine]))


def supporting_chunks(tables: Tables, spec: TableSpec) -> Any:
    """Return the chunk that each row, or each item of a row's list, names."""
    return _named(tables, spec)[0]


def _named(tables: Tables, spec: TableSpec) -> tuple[Any, Ints]:
    """Return the chunks that the rows name, and the row of each."""
    if "chunk_id" in spec.schema.names:
        column = tables.read(spec, ["chunk_id"])["chunk_id"].combine_chunks()
        return column, np.arange(len(column))
    name = "summary" if spec is COMMUNITIES else "chunk_ids"
    items, row = flat(tables.read(spec, [name])[name])
    return (items.field("chunk_id") if spec is COMMUNITIES else items), row
