"""The stored graph, asked: an entity and its neighbours, a path between two, communities, and why anything is in it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from xnai_pipelines.errors import GraphQueryError
from xnai_pipelines.graph.answers import Community, Entity, Excerpt, Neighbour
from xnai_pipelines.graph.known_forms import KnownForms
from xnai_pipelines.graph.recogniser import Recognition, ground_of, recognitions_of
from xnai_pipelines.graph.relations import CO_OCCURS
from xnai_pipelines.graph.shortest import shortest
from xnai_pipelines.graph.summaries import is_prose
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, MENTIONS, RECOGNISED, RELATIONS
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.table_place import place_of
from xnai_pipelines.state.table_reading import is_in, quoted
from xnai_pipelines.state.tables import Tables

_SENTENCES = 3  # of a community's summary, in a list of communities
_READ = 20  # mentions, of which the first in a sentence of prose says what an entity is
_NO_GRAPH = "There is no knowledge graph yet. `xnai run` builds it."


class KnowledgeGraph:
    """The graph of a home, read from its tables at each question."""

    def __init__(self, tables: Tables) -> None:
        """`tables` are those of the home.

        Raises:
            GraphQueryError: There is no graph.
        """
        self._tables = tables
        self._read: KnownForms | None = None
        if not tables.count(ENTITIES):
            raise GraphQueryError(_NO_GRAPH)

    @classmethod
    def of(cls, home: Home) -> Self:
        """Return the graph of a home; a folder that is not a home stays unchanged.

        Raises:
            GraphQueryError: There is no graph.
        """
        place = place_of(home)
        if isinstance(place, Path) and not place.is_dir():
            raise GraphQueryError(_NO_GRAPH)
        return cls(Tables.of(home))

    def entity(self, name: str, neighbours: int = 20) -> Entity:
        """Return the entity with this name, in any of its forms, or with this id.

        Raises:
            GraphQueryError: There is none, or several have the name; the message names them.
        """
        row = self._row(self.find(name))
        entity_id = row["entity_id"]
        belongs = self._communities_of(entity_id)
        mentions = self.mentions_of(entity_id)
        seen = self._modified({one["document_id"] for one in mentions})
        return Entity(
            entity_id=entity_id,
            form=row["form"],
            type=row["type"],
            aliases=tuple(row["aliases"]),
            mentions=row["mention_count"],
            documents=row["document_count"],
            definition=self._definition(row, mentions),
            neighbours=self._neighbours(entity_id, neighbours),
            communities=tuple(one["title"] for one in belongs),
            first_seen=min(seen, default=None),
            last_seen=max(seen, default=None),
        )

    def find(self, name: str) -> str:
        """Return the id of the entity with this name or id.

        Raises:
            GraphQueryError: There is none, or several have the name; the message names them.
        """
        return self._forms().find(name)

    def path(self, first: str, second: str) -> tuple[Neighbour, ...]:
        """Return the shortest path between two entities over relations, each with a supporting sentence.

        Relations that the text states are shorter than those that are counted, and these are shorter with more weight.

        Raises:
            GraphQueryError: An entity is not known, or no path connects them.
        """
        start, end = self.find(first), self.find(second)
        forms = self._forms().of
        rows = self._tables.read(RELATIONS, ["relation_id", "source_id", "target_id", "type", "weight"])
        steps = shortest(rows, sorted(forms), start, end)
        if steps is None:
            raise GraphQueryError(f"No relations lead from {forms[start]!r} to {forms[end]!r}.")
        found = self._relations_by_id(step.relation_id for step in steps)
        return self._as_neighbours([(found[step.relation_id], step.entity_id, step.outward) for step in steps])

    def communities(self, level: int = 0) -> list[Community]:
        """Return the communities of a level, 0 for the largest groups, by the number of their members.

        Raises:
            GraphQueryError: There are communities, but none of this level.
        """
        rows = self._tables.read(COMMUNITIES, COMMUNITIES.schema.names, f"level = {int(level)}").to_pylist()
        if not rows and level and (levels := self._tables.read(COMMUNITIES, ["level"])["level"].to_pylist()):
            raise GraphQueryError(f"No communities have level {level}: their levels are 0 to {max(levels)}.")
        rows.sort(key=lambda row: (-len(row["members"]), row["community_id"]))
        chunks = self._chunks(one["chunk_id"] for row in rows for one in row["summary"][:_SENTENCES])
        return [
            Community(
                community_id=row["community_id"],
                level=row["level"],
                parent=row["parent"],
                title=row["title"],
                members=len(row["members"]),
                sentences=_kept(chunks, row["summary"][:_SENTENCES]),
            )
            for row in rows
        ]

    def around(self, name: str, limit: int = 40) -> tuple[Entity, tuple[tuple[str, str], ...]]:
        """Return an entity with its strongest neighbours, and which of these are related to each other, by id."""
        middle = self.entity(name, neighbours=limit)
        known = sorted({middle.entity_id, *(one.entity_id for one in middle.neighbours)})
        where = f"{is_in('source_id', known)} AND {is_in('target_id', known)}"
        rows = self._tables.read(RELATIONS, ["source_id", "target_id"], where).to_pylist()
        return middle, tuple(sorted({(row["source_id"], row["target_id"]) for row in rows}))

    def form(self, entity_id: str) -> str:
        """Return how an entity is written."""
        return self._forms().of.get(entity_id, entity_id)

    def mentions_of(self, entity_id: str) -> list[dict[str, Any]]:
        """Return the mentions of an entity, by document and place."""
        rows = self._tables.read(MENTIONS, MENTIONS.schema.names, f"entity_id = {quoted(entity_id)}").to_pylist()
        return sorted(rows, key=lambda row: (row["document_id"], row["start"], row["mention_id"]))

    def relation(self, relation_id: str) -> dict[str, Any] | None:
        """Return the row of a relation, None if there is none."""
        return self._relations_by_id([relation_id]).get(relation_id)

    def community(self, community_id: str) -> dict[str, Any] | None:
        """Return the row of a community, None if there is none."""
        where = f"community_id = {quoted(community_id)}"
        found = self._tables.read(COMMUNITIES, COMMUNITIES.schema.names, where).to_pylist()
        return found[0] if found else None

    def evidence_of(self, mentions: Sequence[dict[str, Any]]) -> list[Excerpt]:
        """Return where mentions stand; those whose chunk is gone are left out."""
        chunks = self._chunks(one["chunk_id"] for one in mentions)
        return [
            Excerpt(chunk["source"], one["document_id"], one["chunk_id"], one["start"], one["end"], one["surface"])
            for one in mentions
            if (chunk := chunks.get(one["chunk_id"]))
        ]

    def evidence(self, ranges: Sequence[dict[str, Any]]) -> list[Excerpt]:
        """Return the texts of ranges of chunks; those whose chunk is gone are left out."""
        chunks = self._chunks(one["chunk_id"] for one in ranges)
        return list(_kept(chunks, ranges))

    def recognitions(self, chunk_ids: Iterable[str]) -> list[Recognition]:
        """Return what recognisers found in chunks, as far as the graph is made of it."""
        chunks = self._chunks(chunk_ids)
        where = is_in("chunk_id", chunks) if chunks else "false"
        rows = self._tables.read(RECOGNISED, RECOGNISED.schema.names, where).to_pylist()
        read = self._tables.read(EXTRACTIONS, ["chunk_id", "extraction"], where if rows else "false").to_pylist()
        made_of = {row["chunk_id"]: row["extraction"].split() for row in read}
        used = (row for row in rows if ground_of(row) in made_of.get(row["chunk_id"], ()))
        return [found for row in used for found in recognitions_of(row, chunks[row["chunk_id"]]["start"])]

    def _forms(self) -> KnownForms:
        """Return the forms of all entities, read again if a run has changed the table."""
        version = self._tables.version(ENTITIES)
        if self._read is None or self._read.version != version:
            rows = self._tables.read(ENTITIES, ["entity_id", "form", "aliases"]).sort_by("entity_id")
            self._read = KnownForms.of_rows(version, rows.to_pylist())
        return self._read

    def _row(self, entity_id: str) -> dict[str, Any]:
        rows = self._tables.read(ENTITIES, ENTITIES.schema.names, f"entity_id = {quoted(entity_id)}").to_pylist()
        row: dict[str, Any] = rows[0]
        return row

    def _relations_by_id(self, relation_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        wanted = sorted(set(relation_ids))
        where = is_in("relation_id", wanted)
        rows = self._tables.read(RELATIONS, RELATIONS.schema.names, where).to_pylist() if wanted else []
        return {row["relation_id"]: row for row in rows}

    def _modified(self, documents: set[str]) -> list[datetime]:
        rows = self._tables.read(DOCUMENTS, ["modified_at"], is_in("document_id", sorted(documents)))
        return [at for at in rows["modified_at"].to_pylist() if at is not None]

    def _definition(self, row: dict[str, Any], mentions: list[dict[str, Any]]) -> Excerpt | None:
        about = set(row["titled_documents"])
        # a title stands alone in its sentence: the first sentence of its document that goes on says what it is
        own = [one for one in mentions if one["document_id"] in about and one["sentence_end"] > one["end"] + 1]
        asked = own or [one for one in mentions if one["sentence_end"] > one["end"] + 1] or mentions
        places = [
            {"chunk_id": one["chunk_id"], "start": one["sentence_start"], "end": one["sentence_end"]}
            for one in asked[:_READ]
        ]
        return min(self.evidence(places), key=lambda one: not is_prose(one.text), default=None)

    def _neighbours(self, entity_id: str, limit: int) -> tuple[Neighbour, ...]:
        where = f"source_id = {quoted(entity_id)} OR target_id = {quoted(entity_id)}"
        rows = self._tables.read(RELATIONS, RELATIONS.schema.names, where).to_pylist()
        rows.sort(key=lambda row: (row["type"] == CO_OCCURS, -row["weight"], row["relation_id"]))
        outward = [row["source_id"] == entity_id for row in rows[:limit]]
        others = [row["target_id"] if out else row["source_id"] for row, out in zip(rows, outward, strict=False)]
        return self._as_neighbours(list(zip(rows[:limit], others, outward, strict=True)))

    def _as_neighbours(self, steps: Sequence[tuple[dict[str, Any], str, bool]]) -> tuple[Neighbour, ...]:
        chunks = self._chunks(one["chunk_id"] for row, _, _ in steps for one in row["sentences"][:1])
        forms = self._forms().of
        found = []
        for row, other, outward in steps:
            if other in forms:  # not so while a run writes the tables one after the other
                shown = next(iter(_kept(chunks, row["sentences"][:1])), None)
                found.append(
                    Neighbour(row["relation_id"], row["type"], other, forms[other], row["weight"], outward, shown)
                )
        return tuple(found)

    def _communities_of(self, entity_id: str) -> list[dict[str, Any]]:
        where = f"array_has(members, {quoted(entity_id)})"
        rows = self._tables.read(COMMUNITIES, ["community_id", "level", "title"], where).to_pylist()
        return sorted(rows, key=lambda row: (row["level"], row["community_id"]))

    def _chunks(self, chunk_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        wanted = sorted(set(chunk_ids))
        if not wanted:
            return {}
        columns = ["chunk_id", "document_id", "source", "start", "text"]
        rows = self._tables.read(CHUNKS, columns, is_in("chunk_id", wanted)).to_pylist()
        return {row["chunk_id"]: row for row in rows}


def _kept(chunks: dict[str, dict[str, Any]], places: Sequence[dict[str, Any]]) -> tuple[Excerpt, ...]:
    """Return the ranges with their texts; a heading above a chunk is not in its text."""
    found = (_evidence(chunks, place) for place in places if place["chunk_id"] in chunks)
    return tuple(one for one in found if len(one.text) == one.end - one.start)


def _evidence(chunks: dict[str, dict[str, Any]], place: dict[str, Any]) -> Excerpt:
    chunk = chunks[place["chunk_id"]]
    start, end = place["start"], place["end"]
    text = chunk["text"][start - chunk["start"] : end - chunk["start"]] if start >= chunk["start"] else ""
    return Excerpt(chunk["source"], chunk["document_id"], chunk["chunk_id"], start, end, text)
