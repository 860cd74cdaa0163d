"""Proof that the stored graph is what a rebuild would make, and that nothing in it rests on chunks that are gone."""

import random
from dataclasses import dataclass

import pyarrow as pa

from xnai_pipelines.graph.arrays import flat
from xnai_pipelines.graph.make import read_documents, rebuilt
from xnai_pipelines.graph.record import PARTS, read_graph_record
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, MENTIONS, RELATIONS
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, TableSpec
from xnai_pipelines.state.tables import Tables, is_in

SAMPLE = 32  # documents that are read again
WHOLE_UP_TO = 500  # chunks up to which every table is made again


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was made again and compared: documents, tables; and what differs, by id or name."""

    documents: int
    tables: int
    different: tuple[str, ...]


def compare_with_rebuild(home: Home, tables: Tables) -> Comparison:
    """Return whether documents of a random sample, and all tables of a small graph, are made again the same."""
    stored = sorted(tables.ids(EXTRACTIONS, "document_id"))
    sample = random.sample(stored, min(SAMPLE, len(stored)))
    different = [f"document {document}" for document in sample if not _same(tables, document)] if sample else []
    parts = read_graph_record(home).parts
    whole = bool(parts) and tables.count(CHUNKS) <= WHOLE_UP_TO
    made = rebuilt(tables) if whole else {}
    different += [f"table {name}" for name in PARTS if name in made and parts[name].revision != made[name]]
    return Comparison(len(sample), len(made), tuple(different))


def _same(tables: Tables, document: str) -> bool:
    again = read_documents(tables, [document])
    stored = tables.read(EXTRACTIONS, EXTRACTIONS.schema.names, is_in("document_id", [document]))
    return bool(again.sort_by("chunk_id").equals(stored.sort_by("chunk_id")))


def orphans(tables: Tables) -> dict[str, int]:
    """Return the number of rows by table that name a chunk or an entity that is not stored."""
    chunks = tables.ids(CHUNKS)
    entities = tables.ids(ENTITIES)
    found = {}
    for spec, column in ((EXTRACTIONS, "chunk_id"), (MENTIONS, "chunk_id")):
        found[spec.name] = _unknown(tables.read(spec, [column])[column], chunks)
    found[MENTIONS.name] += _unknown(tables.read(MENTIONS, ["entity_id"])["entity_id"], entities)
    for spec in (ENTITIES, RELATIONS):
        found[spec.name] = _unknown_lists(tables, spec, "chunk_ids", chunks)
    for column in ("source_id", "target_id"):
        found[RELATIONS.name] += _unknown(tables.read(RELATIONS, [column])[column], entities)
    summaries = flat(tables.read(COMMUNITIES, ["summary"])["summary"])[0]
    found[COMMUNITIES.name] = _unknown(summaries.field("chunk_id"), chunks)
    found[COMMUNITIES.name] += _unknown_lists(tables, COMMUNITIES, "members", entities)
    return found


def _unknown(column: pa.ChunkedArray, known: set[str]) -> int:
    return sum(value not in known for value in column.to_pylist())


def _unknown_lists(tables: Tables, spec: TableSpec, column: str, known: set[str]) -> int:
    return _unknown(flat(tables.read(spec, [column])[column])[0], known)
