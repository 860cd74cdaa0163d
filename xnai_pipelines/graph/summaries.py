"""Titles and summaries of communities: verbatim sentences that state most of what holds the members together. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Floats, Ints, changes, encoded, flat, grouped, ints, position_in, sum_by, taken
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
    source, target = (position_in(relations[name], network.ids) for name in ("source_id", "target_id"))
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


def _heaviest(group: Ints, chunk: Ints, start: Ints, end: Ints, weight: Floats) -> list[list[int]]:
    """Return group and range of the heaviest sentences of each group, one of each chunk."""
    order = np.lexsort((weight, end, start, chunk, group))
    places = np.stack([group, chunk, start, end])[:, order]
    new = changes(*places)
    total = sum_by(np.cumsum(new) - 1, weight[order], int(new.sum())).round(6)
    group, chunk, start, end = places = places[:, new]
    order = np.lexsort((end, start, -total, chunk, group))
    of_chunk = order[changes(group[order], chunk[order])]
    best = of_chunk[np.lexsort((chunk[of_chunk], -total[of_chunk], group[of_chunk]))]
    shown = np.arange(len(best)) - np.searchsorted(group[best], group[best]) < IN_SUMMARY
    found: list[list[int]] = places[:, best[shown]].T.tolist()
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
    members = np.array([node for each in communities for node in each.members], dtype=np.int64)
    of = np.repeat(np.arange(len(communities)), [len(each.members) for each in communities])
    order = np.lexsort((members, -network.strength.round(6)[members], of))  # the central ones first
    central: list[list[str]] = [[] for _ in communities]
    for at in order[np.arange(len(order)) - np.searchsorted(of, of) < IN_TITLE].tolist():
        central[of[at]].append(forms[network.ids[members[at]]])
    names = grouped(taken(network.ids, members), of, len(communities))
    ids = [digest("community", each.level, network.ids[each.members[0]]) for each in communities]
    summaries = [
        [
            {"sentence": text[start - opens : end - opens], "chunk_id": chunk, "start": start, "end": end}
            for chunk, start, end in ranges
            if chunk in texts
            for opens, text in (texts[chunk],)
        ]
        for ranges in chosen
    ]
    columns: dict[str, Any] = {
        "community_id": ids,
        "level": pa.array([each.level for each in communities], pa.int64()),
        "parent": pa.array([None if each.parent is None else ids[each.parent] for each in communities], pa.string()),
        "members": names,
        "title": pa.array([", ".join(each) for each in central], pa.string()),
        "summary": pa.array(summaries, COMMUNITIES.schema.field("summary").type),
    }
    return with_revision(columns, COMMUNITIES.schema)
