"""The stored graph, asked: an entity and its neighbours, a path between two, communities, and why anything is in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import numpy as np
import pyarrow as pa

from xnai_pipelines.errors import GraphQueryError
from xnai_pipelines.graph.arrays import position_in
from xnai_pipelines.graph.forms import form_of
from xnai_pipelines.graph.recogniser import Recognition, ground_of, recognitions_of
from xnai_pipelines.graph.relations import CO_OCCURS
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, EXTRACTIONS, MENTIONS, RECOGNISED, RELATIONS
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.table_reading import is_in, quoted
from xnai_pipelines.state.tables import Tables

_SENTENCES = 3  # of a community's summary, in a list of communities
SUGGESTED = 5  # names like one that is not there
LIKE = 70  # percent that two spellings have in common
_LONG_WAY = 4.0  # what a relation that is only counted costs on a path, at the least; one that the text states costs 1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A range of a document that something rests on: `text == document.text[start:end]`."""

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
    """An entity: its forms, what names it, its neighbours (the strongest first) and a sentence that says what it is.

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
        first_seen, last_seen: When the earliest and the latest of its documents was modified; None if unknown.
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


class KnowledgeGraph:
    """The graph of a home, read from its tables at each question."""

    def __init__(self, tables: Tables) -> None:
        """`tables` are those of the home.

        Raises:
            GraphQueryError: There is no graph.
        """
        self._tables = tables
        self._read: _Forms | None = None
        if not tables.count(ENTITIES):
            raise GraphQueryError("There is no knowledge graph yet. `xnai run` builds it.")

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
        known = self._forms()
        if name in known.of:
            return name
        form = form_of(name)
        for key in (form.qualified, form.key):
            found = known.by_key.get(key, ())
            exact = [entity for entity in found if form_of(known.of[entity]).qualified == key]
            chosen = found if len(found) == 1 else exact
            if len(chosen) == 1:
                return chosen[0]
            if found:
                forms = "; ".join(sorted(f"{known.of[entity]} ({entity})" for entity in found)[:SUGGESTED])
                raise GraphQueryError(f"{name!r} names {len(found)} entities: {forms}. Give one of these names or ids.")
        raise GraphQueryError(f"No entity is called {name!r}.{known.like(name)}")

    def path(self, first: str, second: str) -> tuple[Neighbour, ...]:
        """Return the shortest way between two entities over relations, each with a sentence that it rests on.

        Relations that the text states are shorter than those that are counted, and these are shorter with more weight.

        Raises:
            GraphQueryError: An entity is not known, or no way connects them.
        """
        from scipy import sparse
        from scipy.sparse import csgraph

        start, end = self.find(first), self.find(second)
        rows = self._tables.read(RELATIONS, ["relation_id", "source_id", "target_id", "type", "weight"])
        forms = self._forms().of
        nodes = sorted(forms)
        source, target = (position_in(rows[name], nodes) for name in ("source_id", "target_id"))
        rows = rows.filter(pa.array((source >= 0) & (target >= 0)))  # a run may be writing the tables
        source, target = (position_in(rows[name], nodes) for name in ("source_id", "target_id"))
        stated = np.array([kind != CO_OCCURS for kind in rows["type"].to_pylist()], bool)
        cost = np.where(stated, 1.0, _LONG_WAY + 1 / np.maximum(rows["weight"].to_numpy(), 1e-3))
        order = np.argsort(-cost, kind="stable")  # of several relations between two, the cheapest is written last
        best = dict(zip(zip(source[order].tolist(), target[order].tolist(), strict=True), order.tolist(), strict=True))
        pairs = np.array(list(best), dtype=np.int64).reshape(-1, 2)
        network = sparse.csr_array(
            (cost[list(best.values())], (pairs[:, 0], pairs[:, 1])), shape=(len(nodes), len(nodes))
        )
        begin, goal = position_in(pa.array([start, end]), nodes).tolist()
        _, before = csgraph.dijkstra(network, directed=False, indices=begin, return_predecessors=True)
        if begin != goal and before[goal] < 0:
            raise GraphQueryError(f"No relations lead from {forms[start]!r} to {forms[end]!r}.")
        way = [goal]
        while way[-1] != begin:
            way.append(int(before[way[-1]]))
        steps = []
        for here, there in zip(way[::-1], way[::-1][1:], strict=False):
            outward = best.get((here, there))
            inward = best.get((there, here))
            at = min((one for one in (outward, inward) if one is not None), key=lambda one: cost[one])
            steps.append((rows["relation_id"][at].as_py(), nodes[there], at == outward))
        found = self._relations_by_id(relation_id for relation_id, _, _ in steps)
        return self._as_neighbours([(found[relation_id], there, outward) for relation_id, there, outward in steps])

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

    def _forms(self) -> "_Forms":
        """Return the forms of all entities, read again if a run has changed the table."""
        version = self._tables.version(ENTITIES)
        if self._read is None or self._read.version != version:
            rows = self._tables.read(ENTITIES, ["entity_id", "form", "aliases"]).sort_by("entity_id")
            self._read = _Forms.of_rows(version, rows.to_pylist())
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
        first = (own or [one for one in mentions if one["sentence_end"] > one["end"] + 1] or mentions)[0]
        place = {"chunk_id": first["chunk_id"], "start": first["sentence_start"], "end": first["sentence_end"]}
        return next(iter(self.evidence([place])), None)

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


@dataclass(frozen=True, slots=True)
class _Forms:
    """A version of the table of entities: how each is written, and the entities of each form's key."""

    version: int | None
    of: dict[str, str]
    by_key: dict[str, tuple[str, ...]]

    @classmethod
    def of_rows(cls, version: int | None, rows: Iterable[dict[str, Any]]) -> Self:
        forms: dict[str, str] = {}
        found: dict[str, dict[str, None]] = {}
        for row in rows:
            forms[row["entity_id"]] = row["form"]
            for form in map(form_of, row["aliases"]):
                for key in {form.key, form.qualified}:
                    found.setdefault(key, {})[row["entity_id"]] = None
        return cls(version, forms, {key: tuple(entities) for key, entities in found.items()})

    def like(self, name: str) -> str:
        """Return a question for the names that are like this one or its last part, else where all names are."""
        from rapidfuzz import fuzz, process

        last = form_of(name.rpartition(".")[2]).key  # of module.function
        close = process.extract(
            form_of(name).key, list(self.by_key), scorer=fuzz.ratio, limit=SUGGESTED, score_cutoff=LIKE
        )
        found = [*([last] if last in self.by_key else []), *(key for key, _, _ in close)]
        names = list(dict.fromkeys(self.of[self.by_key[key][0]] for key in found))[:SUGGESTED]
        if not names:
            return " `xnai graph export` writes all names."
        return f" Do you mean {', '.join(map(repr, names))}?"


def _kept(chunks: dict[str, dict[str, Any]], places: Sequence[dict[str, Any]]) -> tuple[Excerpt, ...]:
    """Return the ranges with their texts; a heading above a chunk is not in its text."""
    found = (_evidence(chunks, place) for place in places if place["chunk_id"] in chunks)
    return tuple(one for one in found if len(one.text) == one.end - one.start)


def _evidence(chunks: dict[str, dict[str, Any]], place: dict[str, Any]) -> Excerpt:
    chunk = chunks[place["chunk_id"]]
    start, end = place["start"], place["end"]
    text = chunk["text"][start - chunk["start"] : end - chunk["start"]] if start >= chunk["start"] else ""
    return Excerpt(chunk["source"], chunk["document_id"], chunk["chunk_id"], start, end, text)
