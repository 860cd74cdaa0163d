"""Titles and summaries of communities: verbatim sentences that state most of what holds the members together. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Floats, Ints, changes, encoded, flat, grouped, ints, position_in, sum_by, taken
from xnai_pipelines.graph.communities import Network, NodeGroup, community_ids
from xnai_pipelines.graph.fingerprints import fingerprints, fingerprints_of_groups
from xnai_pipelines.graph.rows import with_revision
from xnai_pipelines.graph.tables import COMMUNITIES

IN_TITLE = 3  # entities
IN_SUMMARY = 5  # sentences
CANDIDATES = 15  # sentences, of which the first that are prose are taken
SHORTEST, LONGEST = 25, 300  # characters of a sentence in a summary
_LETTERS = 0.8  # of the characters of prose, with the blanks between words

Range = tuple[str, int, int]  # chunk id, start, end


def is_prose(text: str) -> bool:
    """Return whether a sentence is one to read: no heading, table or code."""
    letters = sum(letter.isalpha() or letter.isspace() for letter in text)
    return letters >= _LETTERS * len(text) and not text.startswith(("#", "|", "<", "```"))


def community_grounds(
    communities: Sequence[NodeGroup],
    central: Sequence[Sequence[int]],
    network: Network,
    relations: pa.Table,
    forms: Mapping[str, str],
) -> pa.Table:
    """Return id and grounds of the communities: of their members, and the relations between them.

    Args:
        communities: The communities, each after the one that it is part of.
        central: Central members of each.
        network: The graph that was divided.
        relations: Column revision of the relations that it was made of.
        forms: Form of each entity.
    """
    ids = community_ids(communities, network)
    members, of = _members(communities)
    related = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for _, group in _inside(communities, len(network.ids), network.source, network.target):
        at = np.flatnonzero(group >= 0)
        related[0].append(at)
        related[1].append(group[at])
    columns = (
        pa.array([each.level for each in communities], pa.int64()),
        pa.array([None if each.parent is None else ids[each.parent] for each in communities], pa.string()),
        pa.array(_titles(central, network, forms), pa.string()),
        pa.array([[network.ids[node] for node in nodes] for nodes in central], pa.list_(pa.string())),
        fingerprints_of_groups(taken(network.ids, members), of, len(ids)),
        fingerprints_of_groups(relations["revision"], np.concatenate(related[1]), len(ids), np.concatenate(related[0])),
    )
    return pa.table({"community_id": pa.array(ids, pa.string()), "grounds": fingerprints(columns)})


def _members(communities: Sequence[NodeGroup]) -> tuple[Ints, Ints]:
    """Return the nodes of all communities, and the community that each is listed in."""
    members = np.fromiter(chain.from_iterable(each.members for each in communities), np.int64)
    return members, np.repeat(np.arange(len(communities)), [len(each.members) for each in communities])


def central_members(communities: Sequence[NodeGroup], network: Network) -> list[list[int]]:
    """Return the nodes that each community is called by: much of what binds them is inside, and it is much.

    A node counts by the weight of its edges inside, times the share that this has of all its edges: what is everywhere,
    such as a nationality, is central to no group.
    """
    members, of = _members(communities)
    level = np.array([community.level for community in communities], dtype=np.int64)[of]
    strength, inner = network.strength, np.zeros(len(members))
    for each, group in _inside(communities, len(network.ids), network.low, network.high):
        mine = np.flatnonzero(group >= 0)
        ends = (sum_by(end[mine], network.weight[mine], len(network.ids)) for end in (network.low, network.high))
        inside = sum(ends, np.zeros(len(network.ids)))
        inner[level == each] = (inside**2 / strength)[members[level == each]]
    order = np.lexsort((members, -inner.round(6), of))
    central: list[list[int]] = [[] for _ in communities]
    for at in order[np.arange(len(order)) - np.searchsorted(of, of) < IN_TITLE].tolist():
        central[of[at]].append(int(members[at]))
    return central


def _titles(central: Sequence[Sequence[int]], network: Network, forms: Mapping[str, str]) -> list[str]:
    """Return the titles of communities: the forms of their central members."""
    return [", ".join(forms[network.ids[node]] for node in nodes) for nodes in central]


def _inside(communities: Sequence[NodeGroup], nodes: int, source: Ints, target: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield each level, and the community of it that has both ends of each relation, int64; -1 if none has."""
    members, of = _members(communities)
    level = np.array([community.level for community in communities], dtype=np.int64)[of]
    for each in np.unique(level).tolist():
        of_node = np.full(nodes, -1, dtype=np.int64)
        of_node[members[level == each]] = of[level == each]
        yield each, np.where(of_node[source] == of_node[target], of_node[source], -1)


def chosen_sentences(
    communities: Sequence[NodeGroup], central: Sequence[Sequence[int]], network: Network, relations: pa.Table
) -> list[list[Range]]:
    """Return the sentences that a community's summary is taken of: those that relate its central members most.

    One of each chunk; in the order of the weight of these relations. All pairs of members would prefer lists of names.
    """
    ranges, relation = flat(relations["sentences"])
    chunk, chunks = encoded(ranges.field("chunk_id"))
    start, end = ints(ranges.field("start")), ints(ranges.field("end"))
    fits = (end - start >= SHORTEST) & (end - start <= LONGEST)
    weight = relations["weight"].to_numpy()
    chosen: list[list[Range]] = [[] for _ in communities]
    source, target = (position_in(relations[name], network.ids) for name in ("source_id", "target_id"))
    of_level = np.array([community.level for community in communities], dtype=np.int64)
    for level, of_relation in _inside(communities, len(network.ids), source, target):
        is_central = np.zeros(len(network.ids), dtype=bool)
        is_central[[node for at in np.flatnonzero(of_level == level).tolist() for node in central[at]]] = True
        group = np.where(is_central[source] | is_central[target], of_relation, -1)[relation]
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
    shown = np.arange(len(best)) - np.searchsorted(group[best], group[best]) < CANDIDATES
    found: list[list[int]] = places[:, best[shown]].T.tolist()
    return found


def community_rows(
    communities: Sequence[NodeGroup],
    central: Sequence[Sequence[int]],
    network: Network,
    chosen: Sequence[Sequence[Range]],
    forms: Mapping[str, str],
    texts: Mapping[str, tuple[int, str]],
    grounds: pa.Table,
) -> pa.Table:
    """Return the communities that grounds are given of, by id.

    Args:
        communities: All communities, each after the one that it is part of.
        central: Central members of each.
        network: The graph that was divided.
        chosen: Sentences that each summary is taken of.
        forms: Form of each entity.
        texts: Start and text of each chunk that a summary quotes; one that is gone by now is not quoted.
        grounds: Id and grounds of the communities to return.
    """
    ids = community_ids(communities, network)
    wanted = position_in(grounds["community_id"], ids).tolist()
    mine = [communities[at] for at in wanted]
    members, of = _members(mine)
    summaries = [
        sorted(_quoted(chosen[at], texts), key=lambda one: not is_prose(one["sentence"]))[:IN_SUMMARY] for at in wanted
    ]
    columns: dict[str, Any] = {
        "community_id": grounds["community_id"],
        "level": pa.array([each.level for each in mine], pa.int64()),
        "parent": pa.array([None if each.parent is None else ids[each.parent] for each in mine], pa.string()),
        "members": grouped(taken(network.ids, members), of, len(mine)),
        "title": pa.array(_titles([central[at] for at in wanted], network, forms), pa.string()),
        "summary": pa.array(summaries, COMMUNITIES.schema.field("summary").type),
        "grounds": grounds["grounds"],
    }
    return with_revision(columns, COMMUNITIES.schema)


def _quoted(ranges: Sequence[Range], texts: Mapping[str, tuple[int, str]]) -> list[dict[str, Any]]:
    """Return the sentences of ranges; those whose chunk is gone are left out."""
    return [
        {"sentence": text[start - opens : end - opens], "chunk_id": chunk, "start": start, "end": end}
        for chunk, start, end in ranges
        if chunk in texts
        for opens, text in (texts[chunk],)
    ]
