"""Which rows of a table an edit touches: those whose grounds have changed. The others are as a rebuild would make them.

A table is made in part by the functions that make it whole, of the rows that the touched ones are made of.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.graph.arrays import flat, ints
from xnai_pipelines.graph.communities import OF_ENTITIES, communities_of, dividing, network_of
from xnai_pipelines.graph.counts import Count, Counts
from xnai_pipelines.graph.entities import entity_grounds, entity_rows
from xnai_pipelines.graph.everywhere import Naming
from xnai_pipelines.graph.evidence import Spelling, spelling_counts
from xnai_pipelines.graph.forms import folded
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.mentions import mention_rows
from xnai_pipelines.graph.occurrences import chunk_grounds, occurrence_rows, titles_of
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.relations import relation_rows, rounded_up
from xnai_pipelines.graph.resolution import resolve_by
from xnai_pipelines.graph.summaries import central_members, chosen_sentences, community_grounds, community_rows
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, MENTIONS, OCCURRENCES, RELATIONS
from xnai_pipelines.graph.within import DocumentForms, naming_counts
from xnai_pipelines.graph.written import forms_of, written_forms
from xnai_pipelines.state.schemas import CHUNKS, TableSpec
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

MOST = 4_000  # ids of a query; if more are touched, the table is made whole
STATED = ("chunk_id", "statements")


@dataclass(frozen=True, slots=True)
class TableChange:
    """A part of a table as it should be, and key and revision of the stored rows that it takes the place of."""

    spec: TableSpec
    wanted: pa.Table
    stored: pa.Table

    @classmethod
    def of_all(cls, tables: Tables, spec: TableSpec, wanted: pa.Table) -> "TableChange":
        """Return the change of a table that is made whole."""
        return cls(spec, wanted, tables.read(spec, [spec.key, "revision"]))


@dataclass(frozen=True, slots=True, eq=False)
class DocumentEdits:
    """Documents that change, what was read of them before, and the counts of the corpus then."""

    documents: frozenset[str]
    before: pa.Table
    counts: Counts


def touched_mentions(tables: Tables, user: Overrides, edits: DocumentEdits) -> tuple[TableChange, Counts] | None:
    """Return the mentions of the documents in which names mean something else, and the counts; None if too many do.

    These are the documents that changed, those with a word or form that the corpus now spells otherwise, and those with
    a form that now means something else.
    """
    old = edits.counts
    after = extractions_of(tables, edits.documents)
    spelt = [spelling_counts(reading, forms_of(reading)) for reading in map(reading_of, (edits.before, after))]
    new = old.with_changes(*spelt)
    keys = {key for each in spelt for kind in (Count.READ, Count.SMALL) for key in each.keys(kind)}
    was, now = (Spelling.of(each, keys) for each in (old, new))
    respelt = {key for key in keys if was.said_of(key) != now.said_of(key)}
    documents = edits.documents | _reading(tables, new.values(Count.READ, respelt))
    documents |= _mentioning(tables, old.values(Count.FORM, was.by_case ^ now.by_case))
    if len(documents) > MOST:
        return None
    others = extractions_of(tables, documents - edits.documents)
    gone, come = (
        naming_counts(written, DocumentForms.of(written))
        for rows, each in ((edits.before, old), (after, new))
        for written in (written_forms(reading_of(pa.concat_tables([rows, others])), each, user),)
    )
    new = new.with_changes(gone, come)
    naming = Naming.of(new, now.by_case)
    renamed = _renamed(Naming.of(old, was.by_case), naming, gone, come)
    documents |= _mentioning(tables, new.values(Count.FORM, {*renamed, *map(folded, renamed)}))
    if len(documents) > MOST:
        return None
    written = written_forms(reading_of(extractions_of(tables, documents)), new, user)
    ambiguous = filter(naming.is_ambiguous, set(written.keys))
    compared = {document for key in ambiguous for document in naming.compared(key)} - documents
    if compared:
        written = written_forms(reading_of(extractions_of(tables, documents | compared)), new, user)
    resolved = resolve_by(written, DocumentForms.of(written), naming, user)
    mine = np.array([document in documents for document in written.reading.document_ids], dtype=bool)
    rows = mention_rows(written.reading, resolved.where(mine[written.reading.document]))
    stored = tables.having(MENTIONS, [MENTIONS.key, "revision"], "document_id", sorted(documents))
    return TableChange(MENTIONS, rows, stored), new


def _renamed(was: Naming, now: Naming, gone: Counts, come: Counts) -> set[str]:
    """Return the keys of forms that mean something else, by what documents no longer say, and by what they say now."""
    counted = {kind: gone.keys(kind) | come.keys(kind) for kind in (Count.TITLE, Count.FACT, Count.LAST, Count.FIRST)}
    keys = was.aliases.keys() | now.aliases.keys() | set().union(*counted.values())
    # which of several documents a title means is decided by the names that these have
    ambiguous = {key for key in counted[Count.TITLE] | counted[Count.FACT] if now.is_ambiguous(key)}
    return ambiguous | {key for key in keys if was.said_of(key) != now.said_of(key)}


def extractions_of(tables: Tables, documents: Set[str]) -> pa.Table:
    """Return what was read of some documents."""
    return tables.having(EXTRACTIONS, EXTRACTIONS.schema.names, "document_id", sorted(documents))


def _reading(tables: Tables, surfaces: set[str]) -> set[str]:
    """Return the documents of which one of the surfaces was read."""
    if not surfaces:
        return set()
    rows = tables.read(EXTRACTIONS, ["document_id", "mentions"])
    mentions, row = flat(rows["mentions"])
    mine = pc.is_in(mentions.field("surface"), pa.array(list(surfaces), pa.string())).to_numpy(zero_copy_only=False)
    return set(rows["document_id"].take(pa.array(np.unique(row[mine]))).to_pylist())


def _mentioning(tables: Tables, surfaces: set[str]) -> set[str]:
    """Return the documents that mention one of the surfaces."""
    if not surfaces:
        return set()
    rows = tables.read(MENTIONS, ["document_id", "surface"])
    return set(rows["document_id"].filter(pc.is_in(rows["surface"], pa.array(list(surfaces), pa.string()))).to_pylist())


def touched_entities(tables: Tables, types: Mapping[str, str]) -> list[TableChange] | None:
    """Return the entities whose mentions changed; None if too many did."""
    wanted = entity_grounds(tables.read(MENTIONS, ["entity_id", "revision"]))
    stored = tables.read(ENTITIES, ["entity_id", "revision", "grounds"])
    ids = _differing(wanted, stored, "entity_id")
    if len(ids) > MOST:
        return None
    mentions = tables.having(MENTIONS, MENTIONS.schema.names, "entity_id", ids)
    return [TableChange(ENTITIES, entity_rows(mentions, types), _among(stored, "entity_id", ids))]


def touched_relations(tables: Tables) -> list[TableChange] | None:
    """Return the relations of the entities that changed chunks name; None if too many are touched.

    The relations come before what they were made of, so that a run that is killed between them does not forget any.
    """
    titles = document_titles(tables)
    named = tables.read(MENTIONS, ["chunk_id", "revision"])
    stored = tables.read(OCCURRENCES, OCCURRENCES.schema.names)
    changed = _differing(chunk_grounds(named, tables.read(EXTRACTIONS, STATED), titles), stored, "chunk_id")
    if len(changed) > MOST:
        return None
    mentions = tables.having(MENTIONS, MENTIONS.schema.names, "chunk_id", changed)
    made = occurrence_rows(mentions, tables.having(EXTRACTIONS, STATED, "chunk_id", changed), titles)
    before = _among(stored, "chunk_id", changed)
    kept = stored.filter(pc.invert(pc.is_in(stored["chunk_id"], pa.array(changed, pa.string()))))
    occurrences = pa.concat_tables([kept, made])
    entities = sorted({*_entities(before), *_entities(made)})
    chunks = _naming(occurrences, entities)
    sentences = (rounded_up(int(ints(rows["sentences"]).sum())) for rows in (stored, occurrences))
    if max(len(entities), len(chunks)) > MOST or len(set(sentences)) > 1:
        return None
    relations = relation_rows(
        tables.having(MENTIONS, MENTIONS.schema.names, "chunk_id", chunks),
        tables.having(EXTRACTIONS, STATED, "chunk_id", chunks),
        titles,
        occurrences,
        pa.array(entities, pa.string()),
    )
    ends = " OR ".join(is_in(end, entities) for end in ("source_id", "target_id"))
    present = tables.read(RELATIONS, ["relation_id", "revision"], ends if entities else "false")
    return [TableChange(RELATIONS, relations, present), TableChange(OCCURRENCES, made, before)]


def touched_communities(tables: Tables) -> list[TableChange]:
    """Return the communities whose members, or relations between them, changed."""
    entities = tables.read(ENTITIES, [*OF_ENTITIES, "form"])
    forms = dict(zip(entities["entity_id"].to_pylist(), entities["form"].to_pylist(), strict=True))
    relations = dividing(tables.read(RELATIONS, ["source_id", "target_id", "weight", "revision"]), entities)
    network = network_of(relations)
    communities = communities_of(network)
    central = central_members(communities, network)
    wanted = community_grounds(communities, central, network, relations, forms)
    stored = tables.read(COMMUNITIES, ["community_id", "revision", "grounds"])
    ids = _differing(wanted, stored, "community_id")
    mine = _among(wanted, "community_id", ids)
    positions = ints(pc.index_in(mine["community_id"], wanted["community_id"].combine_chunks()))
    members = sorted({network.ids[node] for at in positions.tolist() for node in communities[at].members})
    columns = ["source_id", "target_id", "weight", "sentences"]
    few = len(members) <= MOST
    between = tables.having(RELATIONS, columns, "source_id", members) if few else tables.read(RELATIONS, columns)
    chosen = chosen_sentences(communities, central, network, dividing(between, entities))
    texts = texts_of(tables, {chunk for at in positions.tolist() for chunk, _, _ in chosen[at]})
    rows = community_rows(communities, central, network, chosen, forms, texts, mine)
    return [TableChange(COMMUNITIES, rows, _among(stored, "community_id", ids))]


def document_titles(tables: Tables) -> dict[str, str]:
    """Return the entity of each document's title."""
    columns = ["document_id", "entity_id", "type"]
    return titles_of(tables.read(MENTIONS, columns, f"type = '{Kind.TITLE.value}'"))


def texts_of(tables: Tables, wanted: set[str]) -> dict[str, tuple[int, str]]:
    """Return start and text of these chunks."""
    columns, known = ["chunk_id", "start", "text"], sorted(wanted)
    few = len(known) <= MOST
    batches = [tables.having(CHUNKS, columns, "chunk_id", known)] if few else tables.stream(CHUNKS, columns)
    mine = (batch.filter(pc.is_in(batch["chunk_id"], pa.array(known, pa.string()))) for batch in batches)
    return {row["chunk_id"]: (row["start"], row["text"]) for rows in mine for row in rows.to_pylist()}


def _differing(wanted: pa.Table, stored: pa.Table, key: str) -> list[str]:
    """Return the keys whose grounds differ, that are new, or gone."""
    before = pc.take(stored["grounds"], pc.index_in(wanted[key], stored[key].combine_chunks()))
    changed = wanted[key].filter(pc.fill_null(pc.not_equal(wanted["grounds"], before), True))
    gone = stored[key].filter(pc.invert(pc.is_in(stored[key], wanted[key].combine_chunks())))
    return sorted({*changed.to_pylist(), *gone.to_pylist()})


def _among(rows: pa.Table, key: str, ids: list[str]) -> pa.Table:
    return rows.filter(pc.is_in(rows[key], pa.array(ids, pa.string())))


def _entities(occurrences: pa.Table) -> list[str]:
    found: list[str] = flat(occurrences["entities"])[0].field("entity_id").unique().to_pylist()
    return found


def _naming(occurrences: pa.Table, entities: list[str]) -> list[str]:
    """Return the chunks that name, or link to, one of the entities."""
    named, row = flat(occurrences["entities"])
    mine: Any = pc.is_in(named.field("entity_id"), pa.array(entities, pa.string()))
    rows = np.unique(row[mine.to_numpy(zero_copy_only=False)])
    found: list[str] = occurrences["chunk_id"].take(pa.array(rows)).to_pylist()
    return found
