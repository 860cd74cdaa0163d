"""Graphs of a few small documents for tests: read, resolved and divided without a home."""

import random
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from xnai_pipelines.chunks.passage import passage
from xnai_pipelines.documents.identity import chunk_id, document_id
from xnai_pipelines.graph.communities import communities_of, dividing, network_of
from xnai_pipelines.graph.entities import entity_rows
from xnai_pipelines.graph.extraction import read_document
from xnai_pipelines.graph.mentions import mention_rows
from xnai_pipelines.graph.occurrences import occurrence_rows, titles_of
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.relations import relation_rows
from xnai_pipelines.graph.resolution import resolve
from xnai_pipelines.graph.rows import digest
from xnai_pipelines.graph.summaries import central_members, chosen_sentences, community_grounds, community_rows
from xnai_pipelines.graph.tables import EXTRACTIONS

Row = dict[str, Any]


def read(source: str, text: str, *, title: str = "", language: str = "en", media_type: str = "") -> list[Row]:
    """Return the extractions of a document whose paragraphs are its chunks; a title is its first line."""
    text = f"{title}\n\n{text}" if title else text
    headings = [{"start": 0, "level": 1, "title": title}] if title else []
    chunks, at = [], 0
    for ordinal, paragraph in enumerate(text.split("\n\n\n")):
        start = text.index(paragraph, at)
        at = start + len(paragraph)
        identity = chunk_id(document_id(source), start, at, paragraph)
        chunks.append({"chunk_id": identity, "ordinal": ordinal, "start": start, "end": at, "text": paragraph})
    document = {
        "document_id": document_id(source),
        "source": source,
        "title": title,
        "headings": headings,
        "language": language,
        "revision": digest(title, text, language),
        "media_type": media_type,
        "text": text,
    }
    assert passage(title, [], text)
    return read_document(document, chunks)


def extractions(documents: Mapping[str, list[Row]], shuffled: random.Random | None = None) -> pa.Table:
    """Return the rows of all documents as the table stores them, in any order."""
    rows = [row for each in documents.values() for row in each]
    if shuffled:
        shuffled.shuffle(rows)
    return pa.Table.from_pylist(rows, schema=EXTRACTIONS.schema)


def surfaces(rows: list[Row], kind: str | None = None) -> list[str]:
    """Return the surfaces of a document's mentions, as they were read."""
    return [one["surface"] for row in rows for one in row["mentions"] if kind in (None, one["type"])]


def stated(rows: list[Row]) -> set[tuple[str, str, str]]:
    """Return the relations that a document states: subject ("" for the document's), type, object."""
    return {
        (
            row["mentions"][one["subject"]]["surface"] if one["subject"] >= 0 else "",
            one["type"],
            row["mentions"][one["object"]]["surface"],
        )
        for row in rows
        for one in row["statements"]
    }


def mentions(*documents: list[Row]) -> pa.Table:
    """Return the rows of the table `mentions` for these documents."""
    reading = reading_of(extractions({str(at): rows for at, rows in enumerate(documents)}))
    return mention_rows(reading, resolve(reading))


def named(*documents: list[Row]) -> dict[str, set[tuple[str, str]]]:
    """Return the forms of each entity, by its canonical form: each surface with the rule that says so."""
    entities = entity_rows(mentions(*documents), {}).to_pylist()
    return {row["form"]: {(one["surface"], one["rule"]) for one in row["merges"]} for row in entities}


def whole(read_rows: pa.Table, texts: Mapping[str, tuple[int, str]]) -> dict[str, pa.Table]:
    """Return all tables of the graph."""
    reading = reading_of(read_rows)
    found = mention_rows(reading, resolve(reading))
    titles = titles_of(found)
    occurrences = occurrence_rows(found, read_rows, titles)
    entities, relations = entity_rows(found, {}), relation_rows(found, read_rows, titles, occurrences)
    bonds = dividing(relations, entities)
    network = network_of(bonds)
    communities = communities_of(network)
    central = central_members(communities, network)
    chosen = chosen_sentences(communities, central, network, bonds)
    forms = dict(zip(entities["entity_id"].to_pylist(), entities["form"].to_pylist(), strict=True))
    grounds = community_grounds(communities, central, network, bonds, forms)
    divided = community_rows(communities, central, network, chosen, forms, texts, grounds)
    return {"mentions": found, "entities": entities, "relations": relations, "communities": divided}
