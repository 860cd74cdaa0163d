"""What the stored graph answers with: entities, their neighbours, communities, and ranges of documents. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A range of a document that serves as evidence: `text == document.text[start:end]`."""

    source: str
    document_id: str
    chunk_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A relation of an entity as seen from it; `outward` if the entity is its source."""

    relation_id: str
    type: str
    entity_id: str
    form: str
    weight: float
    outward: bool
    evidence: Excerpt | None


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity: its forms, mentions, neighbours (strongest first) and a defining sentence.

    Attributes:
        entity_id: Its id.
        form: How it is written.
        type: What it is.
        aliases: All forms that the documents use.
        mentions: Number of mentions.
        documents: Number of documents with a mention.
        definition: The first sentence of the document about it, else of its first mention.
        neighbours: Relations, those that the text states before those that are counted.
        communities: Titles of the communities that it is in, from the largest.
        first_seen, last_seen: When its earliest and latest documents were modified; None if unknown.
    """

    entity_id: str
    form: str
    type: str
    aliases: tuple[str, ...]
    mentions: int
    documents: int
    definition: Excerpt | None
    neighbours: tuple[Neighbour, ...]
    communities: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Community:
    """A group of entities: its title, the number of its members, and verbatim sentences about them."""

    community_id: str
    level: int
    parent: str | None
    title: str
    members: int
    sentences: tuple[Excerpt, ...]
