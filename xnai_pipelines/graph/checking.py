"""Proof that the stored graph is what a rebuild would make, and that nothing in it rests on chunks that are gone."""

import random
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from xnai_pipelines.graph.arrays import flat
from xnai_pipelines.graph.counts import kept_counts
from xnai_pipelines.graph.documents import read_documents
from xnai_pipelines.graph.make import overrides_of
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.record import PARTS, read_graph_record
from xnai_pipelines.graph.resolution import resolve_and_count
from xnai_pipelines.graph.support import supporting_chunks
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, GRAPH_TABLES, MENTIONS, RELATIONS
from xnai_pipelines.graph.whole import rebuilt
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

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
    record = read_graph_record(home)
    parts, extractors = record.parts, record.extractors
    different = [f"document {document}" for document in _read_otherwise(tables, sample, extractors)] if sample else []
    whole = bool(parts) and tables.count(CHUNKS) <= WHOLE_UP_TO
    made = rebuilt(tables, overrides_of(home), extractors) if whole else {}
    different += [f"table {name}" for name in PARTS if name in made and parts[name].revision != made[name]]
    if whole and not _counts_are_sound(home, tables):
        different.append("counts")
    return Deviations(len(sample), len(made), tuple(different))


def _read_otherwise(tables: Tables, documents: list[str], extractors: tuple[str, ...]) -> list[str]:
    """Return the documents of which something else is read than is stored."""
    stored = tables.read(EXTRACTIONS, EXTRACTIONS.schema.names, is_in("document_id", documents))
    both = [rows.sort_by("chunk_id") for rows in (read_documents(tables, documents, extractors), stored)]
    of_document = ([rows.filter(pc.equal(rows["document_id"], one)) for rows in both] for one in documents)
    return [one for one, (again, before) in zip(documents, of_document, strict=True) if not again.equals(before)]


def _counts_are_sound(home: Home, tables: Tables) -> bool:
    """Return whether the counts that are kept, if any are, are those of all that was read."""
    made = read_graph_record(home).parts.get(MENTIONS.name)
    kept = kept_counts(home, made.input) if made else None
    if kept is None:
        return True
    reading = reading_of(tables.read(EXTRACTIONS, EXTRACTIONS.schema.names))
    again = resolve_and_count(reading, overrides_of(home))[1]
    order = [(name, "ascending") for name in ("kind", "key", "value")]
    return bool(kept.as_table().sort_by(order).equals(again.as_table().sort_by(order)))


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
