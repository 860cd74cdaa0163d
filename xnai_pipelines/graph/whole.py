"""Each table of the graph made whole: of all that was read, or of the tables before it; and which others it is made of.

`touched.py` makes the rows that an edit touches, by the same functions.
"""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from xnai_pipelines.graph.communities import OF_ENTITIES, communities_of, dividing, network_of
from xnai_pipelines.graph.counts import Counts
from xnai_pipelines.graph.division import graph_of, types_of
from xnai_pipelines.graph.documents import read_documents
from xnai_pipelines.graph.entities import entity_rows
from xnai_pipelines.graph.mentions import mention_rows
from xnai_pipelines.graph.occurrences import occurrence_rows, titles_of
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.record import PARTS
from xnai_pipelines.graph.relations import relation_rows
from xnai_pipelines.graph.resolution import resolve_and_count
from xnai_pipelines.graph.rows import revision_of
from xnai_pipelines.graph.summaries import central_members, chosen_sentences, community_grounds, community_rows
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, MENTIONS, OCCURRENCES, RELATIONS
from xnai_pipelines.graph.touched import (
    STATED,
    TableChange,
    texts_of,
    touched_communities,
    touched_entities,
    touched_relations,
)
from xnai_pipelines.state.schemas import CHUNKS, TableSpec
from xnai_pipelines.state.tables import Tables


def _all(tables: Tables, spec: TableSpec) -> pa.Table:
    return tables.read(spec, spec.schema.names)


def whole_mentions(tables: Tables, user: Overrides) -> tuple[TableChange, Counts]:
    """Return the table of mentions, of all that was read, and the counts of the corpus."""
    reading = reading_of(_all(tables, EXTRACTIONS))
    resolved, counts = resolve_and_count(reading, user)
    return TableChange.of_all(tables, MENTIONS, mention_rows(reading, resolved)), counts


def _entities(tables: Tables, user: Overrides) -> list[TableChange]:
    return [TableChange.of_all(tables, ENTITIES, entity_rows(_all(tables, MENTIONS), types_of(user)))]


def _relations(tables: Tables, _: Overrides) -> list[TableChange]:
    mentions, statements = _all(tables, MENTIONS), tables.read(EXTRACTIONS, STATED)
    titles = titles_of(mentions)
    occurrences = occurrence_rows(mentions, statements, titles)
    rows = relation_rows(mentions, statements, titles, occurrences)
    return [TableChange.of_all(tables, RELATIONS, rows), TableChange.of_all(tables, OCCURRENCES, occurrences)]


def _communities(tables: Tables, _: Overrides) -> list[TableChange]:
    rows = _divided(tables, _all(tables, RELATIONS), tables.read(ENTITIES, [*OF_ENTITIES, "form"]))
    return [TableChange.of_all(tables, COMMUNITIES, rows)]


def _divided(tables: Tables, relations: pa.Table, entities: pa.Table) -> pa.Table:
    relations = dividing(relations, entities)
    network = network_of(relations)
    communities = communities_of(network)
    central = central_members(communities, network)
    chosen = chosen_sentences(communities, central, network, relations)
    texts = texts_of(tables, {chunk for ranges in chosen for chunk, _, _ in ranges})
    forms = dict(zip(entities["entity_id"].to_pylist(), entities["form"].to_pylist(), strict=True))
    grounds = community_grounds(communities, central, network, relations, forms)
    return community_rows(communities, central, network, chosen, forms, texts, grounds)


# What each table is made by, whole or of what changed, and of which others; by name, since a schema has no hash.
WHOLE: Mapping[str, Callable[[Tables, Overrides], list[TableChange]]] = {
    ENTITIES.name: _entities,
    RELATIONS.name: _relations,
    COMMUNITIES.name: _communities,
}
TOUCHED: Mapping[str, Callable[[Tables, Overrides], list[TableChange] | None]] = {
    ENTITIES.name: lambda tables, user: touched_entities(tables, types_of(user)),
    RELATIONS.name: lambda tables, _: touched_relations(tables),
    COMMUNITIES.name: lambda tables, _: touched_communities(tables),
}
SOURCES: Mapping[str, tuple[str, ...]] = {
    ENTITIES.name: (MENTIONS.name,),
    RELATIONS.name: (MENTIONS.name,),
    COMMUNITIES.name: (ENTITIES.name, RELATIONS.name),
}
DERIVED = (ENTITIES, RELATIONS, COMMUNITIES)


def rebuilt(tables: Tables, user: Overrides, extractors: Sequence[str] = ()) -> dict[str, str]:
    """Return the revision that each table has if all documents are read again; nothing is written."""
    documents = sorted(tables.ids(CHUNKS, "document_id"))
    extractions = read_documents(tables, documents, extractors) if documents else EXTRACTIONS.schema.empty_table()
    mentions, entities, relations = graph_of(extractions, user)
    communities = _divided(tables, relations, entities)
    made = zip(PARTS, (mentions, entities, relations, communities), strict=True)
    return {name: revision_of(rows) for name, rows in made}
