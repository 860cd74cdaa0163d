"""Titles and summaries of communities: verbatim sentences that state most of what holds the members together. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Floats, Ints, changes, encoded, flat, ints, sum_by
from xnai_pipelines.graph.communities import Community, Network
from xnai_pipelines.graph.rows import digest, with_revision
from xnai_pipelines.graph.tables import COMMUNITIES

IN_TITLE = 3  # entities
IN_SUMMARY = 5  # sentences
SHORTEST, LONGEST = 25, 600  # characters of a sentence in a summary

Range = tuple[str, int, int]  # chunk id, start, end


def chosen_sentences(communities: Sequence[Community], network: Network, relations: pa.Table) -> list[list[Range]]:
    """Return the sentences of each community's summary: those with most weight of relations between its members.

    One of each chunk; in the order of their weight.
    """
    ranges, relation = flat(relations["sentences"])
    chunk, chunks = encoded(ranges.field("chunk_id"))
    start, end = ints(ranges.field("start")), ints(ranges.field("end"))
    fits = (end - start >= SHORTEST) & (end - start <= LONGEST)
    rank = {identity: at for at, identity in enumerate(network.ids)}
    source = np.array([rank[each] for each in relations["source_id"].to_pylist()], dtype=np.int64)
    target = np.array([rank[each] for each in relations["target_id"].to_pylist()], dtype=np.int64)
    weight = relations["weight"].to_numpy()
    chosen: list[list[Range]] = [[] for _ in communities]
    for level in sorted({community.level for community in communities}):
        of_node = np.full(len(network.ids), -1, dtype=np.int64)
        for at, community in enumerate(communities):
            if community.level == level:
                of_node[list(community.members)] = at
        inside = of_node[source] == of_node[target]
        of_relation = np.where(inside, of_node[source], -1)
        group = of_relation[relation]
        mine = (group >= 0) & fits
        for at, *place in _heaviest(group[mine], chunk[mine], start[mine], end[mine], weight[relation][mine]):
            chosen[at].append((chunks[place[0]], place[1], place[2]))
    return chosen


def _heaviest(group: Ints, chunk: Ints, start: Ints, end: Ints, weight: Floats) -> list[tuple[int, int, int, int]]:
    """Return group and range of the heaviest sentences of each group, one of each chunk."""
    order = np.lexsort((weight, end, start, chunk, group))
    places = np.stack([group, chunk, start, end])[:, order]
    new = changes(*places)
    total = sum_by(np.cumsum(new) - 1, weight[order], int(new.sum())).round(6)
    places = places[:, new]
    best = np.lexsort((places[2], places[1], -total, places[0]))
    found: list[tuple[int, int, int, int]] = []
    seen: set[tuple[int, int]] = set()
    count: dict[int, int] = {}
    for a_group, a_chunk, a_start, an_end in places[:, best].T.tolist():
        if count.get(a_group, 0) < IN_SUMMARY and (a_group, a_chunk) not in seen:
            seen.add((a_group, a_chunk))
            count[a_group] = count.get(a_group, 0) + 1
            found.append((a_group, a_chunk, a_start, an_end))
    return found


def community_rows(
    communities: Sequence[Community],
    network: Network,
    chosen: Sequence[Sequence[Range]],
    forms: Mapping[str, str],
    texts: Mapping[str, tuple[int, str]],
) -> pa.Table:
    """Return the communities, by id.

    Args:
        communities: The communities, each after the one that it is part of.
        network: The graph that was divided.
        chosen: Sentences of each summary.
        forms: Form of each entity.
        texts: Start and text of each chunk that a summary quotes; one that is gone by now is not quoted.
    """
    strength = network.strength.round(6)
    ids = [digest("community", each.level, *(network.ids[node] for node in each.members)) for each in communities]
    rows: list[dict[str, Any]] = []
    for at, community in enumerate(communities):
        central = sorted(community.members, key=lambda node: (-strength[node], node))[:IN_TITLE]
        rows.append(
            {
                "community_id": ids[at],
                "level": community.level,
                "parent": None if community.parent is None else ids[community.parent],
                "members": [network.ids[node] for node in community.members],
                "title": ", ".join(forms[network.ids[node]] for node in central),
                "summary": [
                    {
                        "sentence": texts[chunk][1][start - texts[chunk][0] : end - texts[chunk][0]],
                        "chunk_id": chunk,
                        "start": start,
                        "end": end,
                    }
                    for chunk, start, end in chosen[at]
                    if chunk in texts
                ],
            }
        )
    names = [name for name in COMMUNITIES.schema.names if name != "revision"]
    schema = pa.schema([COMMUNITIES.schema.field(name) for name in names])
    bare = pa.Table.from_pylist(rows, schema=schema)
    return with_revision({name: bare[name] for name in names}, COMMUNITIES.schema)
