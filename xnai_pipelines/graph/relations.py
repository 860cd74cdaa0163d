"""Rows of the table `relations`: what the text states, and what it mentions together more often than by chance. Pure.

Co-occurrence is counted in sentences. The number of sentences is rounded up to a power of two: an edit then changes the
weights of the entities that it mentions, not those of all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Bools, Floats, Ints, changes, encoded, flat, grouped, ints, position_in, taken
from xnai_pipelines.graph.fingerprints import fingerprints
from xnai_pipelines.graph.occurrences import Columns, columns_of, counts_in, links_of, members_of
from xnai_pipelines.graph.rows import with_revision
from xnai_pipelines.graph.tables import RELATIONS

CO_OCCURS = "co_occurs"
IN_SENTENCE = 16  # entities of a sentence that are paired, the first ones
SENTENCES_KEPT = 8  # of a relation, the first ones
SURPRISE = 3.84  # likelihood ratio of a pair; chi-squared, one degree of freedom, p = .05


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


def relation_rows(
    mentions: pa.Table,
    extractions: pa.Table,
    titles: Mapping[str, str],
    occurrences: pa.Table,
    among: pa.Array | None = None,
) -> pa.Table:
    """Return the relations between the entities, by id.

    Args:
        mentions: Rows of the table `mentions`, in any order.
        extractions: Columns chunk_id and statements of the same chunks, in any order.
        titles: Entity of each document's title.
        occurrences: Rows of the table `occurrences`, of all chunks.
        among: Only the relations with an end among these entities, whose chunks are all given.
    """
    statements, row = flat(extractions["statements"])
    links = links_of(statements, titles)
    columns = columns_of(mentions, links)
    wanted = np.ones(len(columns.entities), dtype=bool)
    if among is not None:
        wanted = position_in(pa.array(columns.entities, pa.string()), among.to_pylist()) >= 0
    linked = np.full(len(statements), -1, dtype=np.int64)
    linked[links.at] = position_in(pa.array(links.entity_ids, pa.string()), columns.entities)
    chunk = position_in(extractions["chunk_id"], columns.chunks)[row]
    stated, kinds = _stated(columns, statements, chunk, linked)
    together, weights = _together(columns, occurrences, wanted, len(kinds))
    edges = stated.where(wanted[stated.source] | wanted[stated.target]) + together
    return _rows(columns, edges.distinct(), [*kinds, CO_OCCURS], weights)


def rounded_up(sentences: int) -> int:
    """Return the number of sentences that surprise is counted by."""
    return 1 << max(1, (sentences - 1).bit_length())


def _together(columns: Columns, occurrences: pa.Table, wanted: Bools, kind: int) -> tuple[Edges, Floats]:
    """Return the pairs of entities that sentences mention together more often than by chance, and a weight of each."""
    members = members_of(columns)
    size = max(1, len(columns.entities))
    key, at = _pairs(members.sentence, members.entity, size)
    if not wanted.all():
        mine = wanted[key // size] | wanted[key % size]
        key, at = key[mine], at[mine]
    pair, inverse, joint = np.unique(key, return_inverse=True, return_counts=True)
    alone, sentences = counts_in(occurrences, columns.entities)
    surprise, weight = _association(joint, alone[pair // size], alone[pair % size], rounded_up(sentences))
    kept = surprise >= SURPRISE
    mine = kept[inverse]
    key, at = key[mine], at[mine]
    kinds = np.full(len(key), kind, dtype=np.int64)
    edges = Edges(key // size, key % size, kinds, members.chunk[at], members.start[at], members.end[at])
    return edges, np.round(weight[kept], 6)


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


def _stated(columns: Columns, statements: Any, chunk: Ints, linked: Ints) -> tuple[Edges, list[str]]:
    """Return the relations that the texts state, and their types; a subject that is no name is the document's."""
    kind, kinds = encoded(statements.field("type"))
    width = int(columns.position.max(initial=0)) + 1
    places = columns.chunk * width + columns.position
    order = np.argsort(places, kind="stable")

    def entity_at(position: Ints) -> Ints:
        wanted = np.where((position >= 0) & (position < width) & (chunk >= 0), chunk * width + position, -1)
        found = np.minimum(np.searchsorted(places[order], wanted), max(0, len(order) - 1))
        if not len(order):
            return np.full(len(position), -1, dtype=np.int64)
        return np.where(places[order][found] == wanted, columns.entity[order][found], -1)

    named = entity_at(ints(statements.field("subject")))
    titles = columns.subject_of[chunk] if len(columns.chunks) else named
    source = np.where(named >= 0, named, np.where(chunk >= 0, titles, -1))
    is_link = statements.field("target").is_valid().to_numpy(zero_copy_only=False)
    target = np.where(is_link, linked, entity_at(ints(statements.field("object"))))
    edges = Edges(source, target, kind, chunk, ints(statements.field("start")), ints(statements.field("end")))
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
