"""Which entities stand in which sentences, and the rows of the table `occurrences`: what relations are made of. Pure.

The title of a document and the last heading above a chunk belong to each of its sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.graph.arrays import Bools, Ints, changes, encoded, flat, grouped, ints, position_in, taken
from xnai_pipelines.graph.fingerprints import fingerprints, fingerprints_of_groups
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.rows import with_revision
from xnai_pipelines.graph.tables import NAMED_BY_CHUNK, OCCURRENCES


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The mentions as numbers, by chunk and place; ids are sorted, so that numbers and ids have one order.

    Attributes:
        entities: Ids of the entities, with those that are only linked to.
        chunks: Ids of the chunks.
        entity, chunk, start, end, position: Of each mention, int64 [m].
        sentence_start, sentence_end: Range of its sentence, int64 [m].
        is_title, is_above: Whether it is a title; a title or a heading; [m].
        subject_of: Entity of the title of each chunk's document, by chunk, int64 [chunks]; -1 without a title.
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


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """What stands in each sentence: each entity once, in order of its place. Each int64 [n].

    Attributes:
        sentence: Number of the sentence, from 0.
        chunk, start, end: Chunk and range of the sentence.
        entity: The entity.
    """

    sentence: Ints
    chunk: Ints
    start: Ints
    end: Ints
    entity: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Statements that lead to the entity of another document's title: place of the statement, and the entity."""

    at: Ints
    entity_ids: list[str]


def titles_of(mentions: pa.Table) -> dict[str, str]:
    """Return the entity of each document's title; `mentions` has the columns document_id, entity_id and type."""
    rows = mentions.filter(pc.equal(mentions["type"], Kind.TITLE.value)).select(["document_id", "entity_id"])
    pairs = rows.group_by(["document_id"]).aggregate([("entity_id", "min")])
    return dict(zip(pairs["document_id"].to_pylist(), pairs["entity_id_min"].to_pylist(), strict=True))


def links_of(statements: Any, titles: Mapping[str, str]) -> Links:
    """Return the links among statements whose document has a title."""
    target = statements.field("target")
    linked = np.flatnonzero(target.is_valid().to_numpy(zero_copy_only=False))
    sources = target.take(pa.array(linked)).to_pylist()
    found = [(at, titles.get(document_id(source))) for at, source in zip(linked.tolist(), sources, strict=True)]
    known = [(at, entity) for at, entity in found if entity is not None]
    return Links(np.array([at for at, _ in known], dtype=np.int64), [entity for _, entity in known])


def columns_of(mentions: pa.Table, links: Links) -> Columns:
    """Return the columns of mentions, whose rows may come in any order, and of what their chunks link to."""
    linked = pa.array(links.entity_ids, pa.string())
    entity, entities = encoded(pa.chunked_array([*mentions["entity_id"].chunks, linked], pa.string()))
    entity = entity[: len(mentions)]
    chunk, chunks = encoded(mentions["chunk_id"])
    start = ints(mentions["start"])
    order = np.lexsort((ints(mentions["position"]), start, chunk))
    rows = mentions.take(pa.array(order))
    entity, chunk = entity[order], chunk[order]
    is_title = _equal(rows["type"], Kind.TITLE)
    subject_of = np.full(len(chunks), -1, dtype=np.int64)
    subject_of[chunk[is_title]] = entity[is_title]
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
    )


def _equal(column: Any, kind: Kind) -> Bools:
    return np.asarray(pc.equal(column, kind.value).to_numpy(zero_copy_only=False), dtype=bool)


def members_of(columns: Columns) -> Members:
    """Return what stands in each sentence that mentions something."""
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
    above = heads[np.repeat(by_chunk, number) + within]
    unit = np.concatenate([np.repeat(np.arange(len(sentences)), number), sentence])
    place = np.concatenate([np.full(len(above), -1, dtype=np.int64), columns.start[inside]])
    entity = columns.entity[np.concatenate([above, inside])]
    order = np.lexsort((place, entity, unit))
    kept = order[changes(unit[order], entity[order])]
    kept = kept[np.lexsort((entity[kept], place[kept], unit[kept]))]
    unit = unit[kept]
    return Members(unit, of_chunk[unit], (sentences % width)[unit], ends[unit], entity[kept])


def _heads(columns: Columns) -> Ints:
    """Return the mentions that each chunk stands under, by chunk: its title, and its last heading."""
    above = np.flatnonzero(columns.is_above)
    last: dict[tuple[int, bool], int] = {}
    for mention, chunk, is_title in zip(
        above.tolist(), columns.chunk[above].tolist(), columns.is_title[above].tolist(), strict=True
    ):
        last[chunk, is_title] = mention
    return np.array([mention for _, mention in sorted(last.items())], dtype=np.int64)


def occurrence_rows(mentions: pa.Table, extractions: pa.Table, titles: Mapping[str, str]) -> pa.Table:
    """Return what each chunk names and links to, and in how many of its sentences; by chunk.

    Args:
        mentions: Rows of the table `mentions` of the chunks, in any order.
        extractions: Columns chunk_id and statements of these chunks, in any order.
        titles: Entity of each document's title.
    """
    statements, row = flat(extractions["statements"])
    links = links_of(statements, titles)
    columns = columns_of(mentions, links)
    members = members_of(columns)
    linking = position_in(extractions["chunk_id"], columns.chunks)[row[links.at]]
    linked = position_in(pa.array(links.entity_ids, pa.string()), columns.entities)
    known = linking >= 0
    size = max(1, len(columns.entities))
    named = [members.chunk * size + members.entity, columns.chunk * size + columns.entity]
    pairs, inverse = np.unique(np.concatenate([*named, (linking * size + linked)[known]]), return_inverse=True)
    counts = np.bincount(inverse[: len(members.entity)], minlength=len(pairs))
    entities = pa.StructArray.from_arrays(
        [taken(columns.entities, pairs % size), pa.array(counts, pa.int64())], fields=list(NAMED_BY_CHUNK)
    )
    of_sentence = members.chunk[changes(members.sentence)] if len(members.sentence) else members.chunk
    grounds = chunk_grounds(mentions, extractions, titles)
    rows: dict[str, Any] = {
        "chunk_id": columns.chunks,
        "sentences": np.bincount(of_sentence, minlength=len(columns.chunks)),
        "entities": grouped(entities, pairs // size, len(columns.chunks)),
        "grounds": grounds["grounds"],
    }
    return with_revision(rows, OCCURRENCES.schema)


def chunk_grounds(mentions: pa.Table, extractions: pa.Table, titles: Mapping[str, str]) -> pa.Table:
    """Return id and grounds of the chunks that name something: their mentions, statements, and what they link to.

    Args:
        mentions: Columns chunk_id and revision of the table `mentions`, in any order.
        extractions: Columns chunk_id and statements, in any order.
        titles: Entity of each document's title.
    """
    chunk, chunks = encoded(mentions["chunk_id"])
    place = position_in(pa.array(chunks, pa.string()), extractions["chunk_id"].to_pylist())
    stated = extractions["statements"].combine_chunks().take(pa.array(place, mask=place < 0))
    statements, row = flat(pa.chunked_array([stated]))
    links = links_of(statements, titles)
    linked = grouped(pa.array(links.entity_ids, pa.string()), row[links.at], len(chunks))
    read = fingerprints_of_groups(mentions["revision"], chunk, len(chunks))
    return pa.table({"chunk_id": pa.array(chunks, pa.string()), "grounds": fingerprints((read, stated, linked))})


def counts_in(occurrences: pa.Table, entities: list[str]) -> tuple[Ints, int]:
    """Return in how many sentences each of the entities stands, int64 [entities], and the number of all sentences."""
    named, _ = flat(occurrences["entities"])
    at = position_in(named.field("entity_id"), entities)
    known = at >= 0
    counts = np.bincount(at[known], weights=ints(named.field("sentences"))[known], minlength=len(entities))
    return counts.astype(np.int64), int(ints(occurrences["sentences"]).sum())
