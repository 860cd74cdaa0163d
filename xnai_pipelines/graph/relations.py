"""Rows of the table `relations`: what the text states, and what it mentions together more often than by chance. Pure.

Co-occurrence is counted in sentences. The title of a document and the heading of a chunk belong to each of its
sentences. The number of sentences is rounded up to a power of two: an edit then changes the weights of the entities that
it mentions, not those of all others.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.mentions import entity_id
from xnai_pipelines.graph.reading import Ints, Reading
from xnai_pipelines.graph.resolution import Resolved
from xnai_pipelines.graph.rows import digest, grouped, taken, with_revision
from xnai_pipelines.graph.tables import RELATIONS

CO_OCCURS = "co_occurs"
IN_SENTENCE = 16  # entities of a sentence that are paired, the first ones
SENTENCES_KEPT = 8  # of a relation, the first ones
SURPRISE = 3.84  # likelihood ratio of a pair; chi-squared, one degree of freedom, p = .05
STATED = 1.0  # weight of a stated relation for each doubling of its sentences

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Pieces of evidence for relations: entities, type, and the sentence as chunk and range. Each int64 [n]."""

    source: Ints
    target: Ints
    kind: Ints
    chunk: Ints
    start: Ints
    end: Ints


def relation_rows(reading: Reading, resolved: Resolved) -> pa.Table:
    """Return the relations between the entities, by id."""
    together, weights = _together(reading, resolved)
    stated = _stated(reading, resolved)
    kinds = [*reading.relations, CO_OCCURS]
    edges = Edges(
        *(
            np.concatenate([getattr(stated, name), getattr(together, name)])
            for name in ("source", "target", "kind", "chunk", "start", "end")
        )
    )
    return _rows(reading, resolved, edges, kinds, weights)


def _together(reading: Reading, resolved: Resolved) -> tuple[Edges, dict[tuple[int, int], float]]:
    """Return the pairs of entities that sentences mention together more often than by chance, and their weights."""
    sentence, chunk, start, end, entity = _members(reading, resolved)
    first, last, at = _pairs(sentence, entity)
    low, high = np.minimum(first, last), np.maximum(first, last)
    size = max(1, len(resolved.keys))
    pair, inverse, joint = np.unique(low * size + high, return_inverse=True, return_counts=True)
    alone = np.bincount(entity, minlength=size)
    total = 2 ** int(np.ceil(np.log2(max(2, len(np.unique(sentence))))))
    surprise, weight = _association(joint, alone[pair // size], alone[pair % size], total)
    kept = surprise >= SURPRISE
    weights = {
        (int(one) // size, int(one) % size): float(value)
        for one, value in zip(pair[kept].tolist(), np.round(weight[kept], 6).tolist(), strict=True)
    }
    mine = kept[inverse]
    kind = np.full(int(mine.sum()), len(reading.relations), dtype=np.int64)
    return Edges(low[mine], high[mine], kind, chunk[at][mine], start[at][mine], end[at][mine]), weights


def _members(reading: Reading, resolved: Resolved) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return sentence, chunk, range and entity of each membership, distinct, by sentence and place."""
    above = [at for at, kind in enumerate(reading.kinds) if kind in (Kind.TITLE, Kind.HEADING)]
    at = np.flatnonzero(resolved.kept)
    is_above = np.isin(reading.kind[at], above)
    inside = at[~is_above]
    key = np.stack([reading.chunk[inside], reading.sentence_start[inside]])
    sentences, sentence = np.unique(key, axis=1, return_inverse=True) if len(inside) else (key, inside)
    ends = np.zeros(sentences.shape[1], dtype=np.int64)
    np.maximum.at(ends, sentence, reading.sentence_end[inside])
    heads = _heads(reading, at[is_above])
    # each sentence of a chunk has the heads of the chunk
    by_chunk = np.searchsorted(reading.chunk[heads], sentences[0])
    upto = np.searchsorted(reading.chunk[heads], sentences[0], side="right")
    repeats = upto - by_chunk
    of_heads = np.repeat(np.arange(sentences.shape[1]), repeats)
    within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    members = heads[np.repeat(by_chunk, repeats) + within]
    sentence = np.concatenate([of_heads, sentence])
    mention = np.concatenate([members, inside])
    place = np.concatenate([np.full(len(members), -1, dtype=np.int64), reading.start[inside]])
    entity = resolved.entity[mention]
    order = np.lexsort((place, entity, sentence))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (sentence[order][1:] != sentence[order][:-1]) | (entity[order][1:] != entity[order][:-1])
    kept = order[first]
    kept = kept[np.lexsort((entity[kept], place[kept], sentence[kept]))]
    unit = sentence[kept]
    return unit, sentences[0][unit], sentences[1][unit], ends[unit], entity[kept]


def _heads(reading: Reading, above: Ints) -> Ints:
    """Return the mentions that each chunk stands under: its title and its last heading, by chunk."""
    kept = {}
    is_title = {at for at, kind in enumerate(reading.kinds) if kind is Kind.TITLE}
    for mention in above[np.lexsort((reading.start[above], reading.chunk[above]))].tolist():
        kept[int(reading.chunk[mention]), int(reading.kind[mention]) in is_title] = mention
    return np.array(sorted(kept.values(), key=lambda mention: (reading.chunk[mention], mention)), dtype=np.int64)


def _pairs(sentence: Ints, entity: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the pairs of entities of each sentence, and the position of the first of each pair."""
    firsts, lasts, places = [], [], []
    starts = np.searchsorted(sentence, sentence)
    rank = np.arange(len(sentence)) - starts
    for apart in range(1, IN_SENTENCE):
        at = np.flatnonzero(rank[apart:] >= apart)
        at = at[rank[apart:][at] < IN_SENTENCE]
        firsts.append(entity[at])
        lasts.append(entity[at + apart])
        places.append(at)
    return np.concatenate(firsts), np.concatenate(lasts), np.concatenate(places)


def _association(joint: Ints, one: Ints, other: Ints, total: int) -> tuple[Floats, Floats]:
    """Return Dunning's likelihood ratio, 0 for what is rarer than by chance, and normalised pointwise information.

    The information is between 0 and 1, and less for pairs seen once: n / (n + 1) of it.
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


def _stated(reading: Reading, resolved: Resolved) -> Edges:
    """Return the relations that the text states; a subject that is no name is the document's."""
    document = reading.document_of[reading.stated_chunk]
    known = np.maximum(reading.subject, 0)
    of_mention = np.where(reading.subject >= 0, _at(resolved.entity, known), -1)
    source = np.where(of_mention >= 0, of_mention, _at(resolved.subject_of, document))
    target = _at(resolved.entity, reading.object)
    places = {identity: at for at, identity in enumerate(reading.document_ids)}
    for at in [at for at, name in enumerate(reading.target) if name]:
        linked = places.get(document_id(reading.target[at]))
        target[at] = -1 if linked is None else resolved.subject_of[linked]
    kept = (source >= 0) & (target >= 0) & (source != target)
    return Edges(
        source[kept],
        target[kept],
        reading.relation[kept],
        reading.stated_chunk[kept],
        reading.stated_start[kept],
        reading.stated_end[kept],
    )


def _at(values: Ints, indices: Ints) -> Ints:
    return values[indices] if len(values) else np.full(len(indices), -1, dtype=np.int64)


def _rows(
    reading: Reading,
    resolved: Resolved,
    edges: Edges,
    kinds: list[str],
    weights: dict[tuple[int, int], float],
) -> pa.Table:
    order = np.lexsort((edges.end, edges.start, edges.chunk, edges.kind, edges.target, edges.source))
    columns = np.stack(
        [getattr(edges, name)[order] for name in ("source", "target", "kind", "chunk", "start", "end")]
    )
    new = np.ones(columns.shape[1], dtype=bool)
    new[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    source, target, kind, chunk, start, end = columns[:, new]
    opens = np.ones(len(source), dtype=bool)
    opens[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1]) | (kind[1:] != kind[:-1])
    relation = np.cumsum(opens) - 1
    size = int(opens.sum())
    ids = [entity_id(key) for key in resolved.keys]
    first = np.flatnonzero(opens)
    triples = list(zip(source[first].tolist(), target[first].tolist(), kind[first].tolist(), strict=True))
    counts = np.bincount(relation, minlength=size)
    rank = np.arange(len(relation)) - first[relation] if len(relation) else relation
    shown = rank < SENTENCES_KEPT
    ranges = pa.StructArray.from_arrays(
        [taken(reading.chunk_ids, chunk[shown]), pa.array(start[shown]), pa.array(end[shown])],
        fields=list(RELATIONS.schema.field("sentences").type.value_type),
    )
    ranked = np.argsort(np.array(reading.chunk_ids, dtype=object), kind="stable")
    by_id = np.empty(len(ranked), dtype=np.int64)
    by_id[ranked] = np.arange(len(ranked))
    pairs = np.unique(relation * max(1, len(ranked)) + by_id[chunk]) if len(relation) else relation
    sorted_ids = [reading.chunk_ids[at] for at in ranked.tolist()]
    table: dict[str, Any] = {
        "relation_id": [digest("relation", ids[a], ids[b], kinds[c]) for a, b, c in triples],
        "source_id": taken(ids, source[first]),
        "target_id": taken(ids, target[first]),
        "type": taken(kinds, kind[first]),
        "weight": [
            weights[a, b] if kinds[c] == CO_OCCURS else STATED * float(np.round(np.log2(1 + n), 6))
            for (a, b, c), n in zip(triples, counts.tolist(), strict=True)
        ],
        "sentence_count": counts,
        "chunk_ids": grouped(taken(sorted_ids, pairs % max(1, len(ranked))), pairs // max(1, len(ranked)), size),
        "sentences": grouped(ranges, relation[shown], size),
    }
    return with_revision(table, RELATIONS.schema)
