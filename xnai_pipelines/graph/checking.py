"""Proof that the stored graph is what a rebuild would make, and that nothing in it rests on chunks that are gone."""

import random
from dataclasses import dataclass
from typing import Any

from xnai_pipelines.graph.arrays import flat
from xnai_pipelines.graph.documents import read_documents
from xnai_pipelines.graph.make import overrides_of, rebuilt
from xnai_pipelines.graph.record import PARTS, read_graph_record
from xnai_pipelines.graph.support import supporting_chunks
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, GRAPH_TABLES, MENTIONS, RELATIONS
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS
from xnai_pipelines.state.tables import Tables, is_in

SAMPLE = 32  # documents that are read again
WHOLE_UP_TO = 500  # chunks up to which every table is made again


@dataclass(frozen=True, slots=True)
class Deviations:
    """What was made again and compared: documents, tables; and what differs, by id or name."""

    documents: int
    tables: int
    different: tuple[str, ...]


def compare_with_rebuild(home: Home, tables: Tables) -> Deviations:
    """Return whether documents of a random sample, and all tables of a small graph, are made again the same."""
    stored = sorted(tables.ids(EXTRACTIONS, "document_id"))
    sample = random.sample(stored, min(SAMPLE, len(stored)))
    different = [f"document {document}" for document in sample if not _same(tables, document)] if sample else []
    parts = read_graph_record(home).parts
    whole = bool(parts) and tables.count(CHUNKS) <= WHOLE_UP_TO
    made = rebuilt(tables, overrides_of(home)) if whole else {}
    different += [f"table {name}" for name in PARTS if name in made and parts[name].revision != made[name]]
    return Deviations(len(sample), len(made), tuple(different))


def _same(tables: Tables, document: str) -> bool:
    again = read_documents(tables, [document])
    stored = tables.read(EXTRACTIONS, EXTRACTIONS.schema.names, is_in("document_id", [document]))
    return bool(again.sort_by("chunk_id").equals(stored.sort_by("chunk_id")))


def orphans(tables: Tables) -> dict[str, int]:
    """Return the number of names by table, of chunks and of entities, that are not stored."""
    chunks, entities = tables.ids(CHUNKS), tables.ids(ENTITIES)
    found = {spec.name: _unknown(supporting_chunks(tables, spec), chunks) for spec in GRAPH_TABLES}
    for spec, column in ((MENTIONS, "entity_id"), (RELATIONS, "source_id"), (RELATIONS, "target_id")):
        found[spec.name] += _unknown(tables.read(spec, [column])[column], entities)
    found[COMMUNITIES.name] += _unknown(flat(tables.read(COMMUNITIES, ["members"])["members"])[0], entities)
    return found


def _unknown(column: Any, known: set[str]) -> int:
    return sum(value not in known for value in column.to_pylist())
