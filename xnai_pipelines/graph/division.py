"""How entities are divided into the largest communities: as stored, or as if only some of the passages were there."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.graph.arrays import Ints, flat, position_in
from xnai_pipelines.graph.communities import communities_of, community_ids, dividing, network_of
from xnai_pipelines.graph.entities import entity_rows
from xnai_pipelines.graph.incidence import Incidence
from xnai_pipelines.graph.mentions import entity_id, mention_rows
from xnai_pipelines.graph.occurrences import occurrence_rows, titles_of
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.relations import relation_rows
from xnai_pipelines.graph.resolution import resolve
from xnai_pipelines.graph.tables import COMMUNITIES, EXTRACTIONS
from xnai_pipelines.state.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """n passages, m entities, and the largest communities.

    Attributes:
        incidence: Which passages name which entities.
        community: Community of each entity, int64 [m]; -1 if it is in none.
    """

    incidence: Incidence
    community: Ints

    @classmethod
    def stored(cls, tables: Tables, incidence: Incidence) -> Self:
        """Return the division that the home's table has."""
        rows = tables.read(COMMUNITIES, ["community_id", "members"], "level = 0").sort_by("community_id")
        members, of = flat(rows["members"])
        return cls(incidence, _by_entity(members, of, incidence))

    @classmethod
    def among(cls, tables: Tables, passages: pa.Table, readable: pa.Array) -> Self:
        """Return the division that a graph of the readable passages alone has.

        The stored one would tell of the others: they decide what belongs together. `graph.yaml` may name them too, so
        it is not applied.

        Args:
            tables: Tables of the home, for what was read of each passage.
            passages: Columns chunk_id and document_id; they give the order of the rows.
            readable: Which of these may be read: bool [n].
        """
        wanted = passages["chunk_id"].filter(readable).combine_chunks()
        extractions = tables.read(EXTRACTIONS, EXTRACTIONS.schema.names)
        extractions = extractions.filter(pc.is_in(extractions["chunk_id"], wanted))
        mentions, entities, relations = graph_of(extractions, Overrides())
        entities = entities.sort_by("entity_id")
        network = network_of(dividing(relations, entities))
        communities = communities_of(network)
        by_id = sorted(zip(community_ids(communities, network), communities, strict=True), key=lambda pair: pair[0])
        largest = [one for _, one in by_id if one.level == 0]  # in the order of the table, which decides ties
        members = pa.array([network.ids[node] for one in largest for node in one.members], pa.string())
        of = np.repeat(np.arange(len(largest)), [len(one.members) for one in largest])
        incidence = Incidence.of(passages, mentions, entities)
        return cls(incidence, _by_entity(members, of, incidence))


def graph_of(extractions: pa.Table, user: Overrides) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return mentions, entities and relations of some passages: rows of `extractions`, in any order."""
    reading = reading_of(extractions)
    mentions = mention_rows(reading, resolve(reading, user))
    titles = titles_of(mentions)
    occurrences = occurrence_rows(mentions, extractions, titles)
    relations = relation_rows(mentions, extractions, titles, occurrences)
    return mentions, entity_rows(mentions, types_of(user)), relations


def types_of(user: Overrides) -> dict[str, str]:
    """Return the types that the user gives to entities, by id."""
    return {entity_id(user.aliases.get(key, key)): kind for key, kind in user.types.items()}


def _by_entity(members: pa.Array, of: Ints, incidence: Incidence) -> Ints:
    community = np.full(len(incidence.entity_ids), -1, np.int64)
    place = position_in(members, incidence.entity_ids)
    community[place[place >= 0]] = of[place >= 0]
    return community
