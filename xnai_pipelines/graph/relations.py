"""Rows of the table `relations`: what the text states, and what it mentions together more often than by chance. Pure.

Co-occurrence is counted in sentences. The title of a document and the last heading above a chunk belong to each of its
sentences. The number of sentences is rounded up to a power of two: an edit then changes the weights of the entities
that it mentions, not those of all others.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.graph.arrays import Bools, Floats, Ints, changes, encoded, flat, grouped, ints, position_in, taken
from xnai_pipelines.graph.fingerprints import fingerprints
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.rows import with_revision
from xnai_pipelines.graph.tables import RELATIONS

CO_OCCURS = "co_occurs"
IN_SENTENCE = 16  # entities of a sentence that are paired, the first ones
SENTENCES_KEPT = 8  # of a relation, the first ones
SURPRISE = 3.84  # likelihood ratio of a pair; chi-squared, one degree of freedom, p = .05


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The mentions as numbers, by chunk and place; ids are sorted, so that numbers and ids have one order.

    Attributes:
        entities: Ids of the entities.
        chunks: Ids of the chunks.
        entity, chunk, start, end, position: Of each mention, int64 [m].
        sentence_start, sentence_end: Range of its sentence, int64 [m].
        is_title, is_above: Whether it is a title; a title or a heading; [m].
        subject_of: Entity of the title of each chunk's document, by chunk, int64 [chunks]; -1 without a title.
        titles: Entity of the title by document id.
    """

    entities: list[str]
    chunks: list[str]
    entity: Ints
    chunk: Ints
    start: Ints
    end: Ints
    position: Ints
    sentence_start: Ints
    sentence_end: Ints
    is_title: Bools
    is_above: Bools
    subject_of: Ints
    titles: dict[str, int]


def columns_of(mentions: pa.Table) -> Columns:
    """Return the columns of the table `mentions`, whose rows may come in any order."""
    entity, entities = encoded(mentions["entity_id"])
    chunk, chunks = encoded(mentions["chunk_id"])
    start = ints(mentions["start"])
    order = np.lexsort((ints(mentions["position"]), start, chunk))
    rows = mentions.take(pa.array(order))
    entity, chunk = entity[order], chunk[order]
    is_title = _equal(rows["type"], Kind.TITLE)
    subject_of = np.full(len(chunks), -1, dtype=np.int64)
    subject_of[chunk[is_title]] = entity[is_title]
    titled = rows["document_id"].filter(pa.array(is_title)).to_pylist()
    return Columns(
        entities=entities,
        chunks=chunks,
        entity=entity,
        chunk=chunk,
        start=start[order],
        end=ints(rows["end"]),
        position=ints(rows["position"]),
        sentence_start=ints(rows["sentence_start"]),
        sentence_end=ints(rows["sentence_end"]),
        is_title=is_title,
        is_above=is_title | _equal(rows["type"], Kind.HEADING),
        subject_of=subject_of,
        titles=dict(zip(titled, entity[is_title].tolist(), strict=True)),
    )


def _equal(column: Any, kind: Kind) -> Bools:
    return np.asarray(pc.equal(column, kind.value).to_numpy(zero_copy_only=False), dtype=bool)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Pieces of evidence for relations: entities, type, and the sentence as chunk and range. Each int64 [n]."""

    source: Ints
    target: Ints
    kind: Ints
    chunk: Ints
    start: Ints
    end: Ints

    def __add__(self, other: "Edges") -> "Edges":
        return Edges(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in Edges.__slots__))

    def where(self, mask: Bools) -> "Edges":
        """Return those that the mask keeps."""
        return Edges(*(getattr(self, name)[mask] for name in Edges.__slots__))

    def distinct(self) -> "Edges":
        """Return each once, by source, target, kind and sentence."""
        names = Edges.__slots__
        order = np.lexsort([getattr(self, name) for name in reversed(names)])
        columns = [getattr(self, name)[order] for name in names]
        new = changes(*columns)
        return Edges(*(column[new] for column in columns))


def relation_rows(mentions: pa.Table, extractions: pa.Table) -> pa.Table:
    """Return the relations between the entities, by id.

    Args:
        mentions: Rows of the table `mentions`, in any order.
        extractions: Columns chunk_id and statements of the table `extractions`, in any order.
    """
    columns = columns_of(mentions)
    stated, kinds = _stated(columns, extractions)
    together, weights = _together(columns, len(kinds))
    return _rows(columns, (stated + together).distinct(), [*kinds, CO_OCCURS], weights)


def _together(columns: Columns, kind: int) -> tuple[Edges, Floats]:
    """Return the pairs of entities that sentences mention together more often than by chance, and a weight of each."""
    sentence, chunk, start, end, entity = _members(columns)
    size = max(1, len(columns.entities))
    key, at = _pairs(sentence, entity, size)
    pair, inverse, joint = np.unique(key, return_inverse=True, return_counts=True)
    alone = np.bincount(entity, minlength=size)
    sentences = int(sentence.max(initial=-1)) + 1
    total = 2 ** int(np.ceil(np.log2(max(2, sentences))))
    surprise, weight = _association(joint, alone[pair // size], alone[pair % size], total)
    kept = surprise >= SURPRISE
    mine = kept[inverse]
    key, at = key[mine], at[mine]
    kinds = np.full(len(key), kind, dtype=np.int64)
    return Edges(key // size, key % size, kinds, chunk[at], start[at], end[at]), np.round(weight[kept], 6)


def _members(columns: Columns) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return sentence, chunk, range and entity of each membership: each entity once, in order of its place."""
    inside = np.flatnonzero(~columns.is_above)
    width = int(columns.sentence_start.max(initial=0)) + 1
    sentences, sentence = np.unique(columns.chunk[inside] * width + columns.sentence_start[inside], return_inverse=True)
    of_chunk = sentences // width
    ends = np.zeros(len(sentences), dtype=np.int64)
    np.maximum.at(ends, sentence, columns.sentence_end[inside])
    heads = _heads(columns)
    by_chunk = np.searchsorted(columns.chunk[heads], of_chunk)
    number = np.searchsorted(columns.chunk[heads], of_chunk, side="right") - by_chunk
    within = np.arange(int(number.sum())) - np.repeat(np.cumsum(number) - number, number)
    members = heads[np.repeat(by_chunk, number) + within]
    unit = np.concatenate([np.repeat(np.arange(len(sentences)), number), sentence])
    place = np.concatenate([np.full(len(members), -1, dtype=np.int64), columns.start[inside]])
    entity = columns.entity[np.concatenate([members, inside])]
    order = np.lexsort((place, entity, unit))
    kept = order[changes(unit[order], entity[order])]
    kept = kept[np.lexsort((entity[kept], place[kept], unit[kept]))]
    unit = unit[kept]
    return unit, of_chunk[unit], (sentences % width)[unit], ends[unit], entity[kept]


def _heads(columns: Columns) -> Ints:
    """Return the mentions that each chunk stands under, by chunk: its title, and its last heading."""
    above = np.flatnonzero(columns.is_above)
    last: dict[tuple[int, bool], int] = {}
    for mention, chunk, is_title in zip(
        above.tolist(), columns.chunk[above].tolist(), columns.is_title[above].tolist(), strict=True
    ):
        last[chunk, is_title] = mention
    return np.array([mention for _, mention in sorted(last.items())], dtype=np.int64)


def _pairs(sentence: Ints, entity: Ints, size: int) -> tuple[Ints, Ints]:
    """Return the pairs of entities of each sentence, the lower times `size` plus the higher, and the place of one."""
    rank = np.arange(len(sentence)) - np.searchsorted(sentence, sentence)
    found = []
    for apart in range(1, IN_SENTENCE):
        at = np.flatnonzero((rank[apart:] >= apart) & (rank[apart:] < IN_SENTENCE))
        one, other = entity[at], entity[at + apart]
        found.append((np.minimum(one, other) * size + np.maximum(one, other), at))
    key, place = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return key, place


def _association(joint: Ints, one: Ints, other: Ints, total: int) -> tuple[Floats, Floats]:
    """Return Dunning's likelihood ratio, 0 for what is rarer than by chance, and normalised pointwise information.

    The information is between 0 and 1, and n / (n + 1) of that for a pair that n sentences have.
    """
    observed = np.stack([joint, one - joint, other - joint, total - one - other + joint]).astype(np.float64)
    rows = np.stack([one, one, total - one, total - one]).astype(np.float64)
    columns = np.stack([other, total - other, other, total - other]).astype(np.float64)
    expected = rows * columns / total
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(observed > 0, observed * np.log(observed / expected), 0.0)
        information = np.log(joint * total / (one.astype(np.float64) * other)) / -np.log(joint / total)
    surprise = np.where(joint > expected[0], 2 * terms.sum(axis=0), 0.0)
    return surprise, np.clip(information, 0, 1) * joint / (joint + 1)


def _stated(columns: Columns, extractions: pa.Table) -> tuple[Edges, list[str]]:
    """Return the relations that the texts state, and their types; a subject that is no name is the document's."""
    rows, row = flat(extractions["statements"])
    chunk = position_in(extractions["chunk_id"], columns.chunks)[row]
    kind, kinds = encoded(rows.field("type"))
    width = int(columns.position.max(initial=0)) + 1
    places = columns.chunk * width + columns.position
    order = np.argsort(places, kind="stable")

    def entity_at(position: Ints) -> Ints:
        wanted = np.where((position >= 0) & (position < width) & (chunk >= 0), chunk * width + position, -1)
        found = np.minimum(np.searchsorted(places[order], wanted), max(0, len(order) - 1))
        if not len(order):
            return np.full(len(position), -1, dtype=np.int64)
        return np.where(places[order][found] == wanted, columns.entity[order][found], -1)

    named = entity_at(ints(rows.field("subject")))
    titles = columns.subject_of[chunk] if len(columns.chunks) else named
    source = np.where(named >= 0, named, np.where(chunk >= 0, titles, -1))
    target = entity_at(ints(rows.field("object")))
    for at, linked in enumerate(rows.field("target").to_pylist()):
        if linked is not None:
            target[at] = columns.titles.get(document_id(linked), -1)
    edges = Edges(source, target, kind, chunk, ints(rows.field("start")), ints(rows.field("end")))
    return edges.where((source >= 0) & (target >= 0) & (source != target)), kinds


def _rows(columns: Columns, edges: Edges, kinds: list[str], weights: Floats) -> pa.Table:
    opens = changes(edges.source, edges.target, edges.kind)
    relation = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    size = len(first)
    counts = np.bincount(relation, minlength=size)
    shown = np.arange(len(relation)) - first[relation] < SENTENCES_KEPT
    ranges = pa.StructArray.from_arrays(
        [taken(columns.chunks, edges.chunk[shown]), pa.array(edges.start[shown]), pa.array(edges.end[shown])],
        fields=list(RELATIONS.schema.field("sentences").type.value_type),
    )
    pairs = np.unique(relation * max(1, len(columns.chunks)) + edges.chunk)
    source, target = taken(columns.entities, edges.source[first]), taken(columns.entities, edges.target[first])
    kind = taken(kinds, edges.kind[first])
    weight = np.log2(1 + counts).round(6)
    # edges are sorted by source and target, as the pairs are, so the weights have the order of the pairs
    weight[edges.kind[first] == len(kinds) - 1] = weights
    table: dict[str, Any] = {
        "relation_id": fingerprints((source, target, kind)),
        "source_id": source,
        "target_id": target,
        "type": kind,
        "weight": weight,
        "sentence_count": counts,
        "chunk_ids": grouped(
            taken(columns.chunks, pairs % max(1, len(columns.chunks))), pairs // max(1, len(columns.chunks)), size
        ),
        "sentences": grouped(ranges, relation[shown], size),
    }
    return with_revision(table, RELATIONS.schema)
