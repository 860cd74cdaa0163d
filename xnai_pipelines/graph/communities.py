"""Rows of the table `communities`: groups of entities at several levels, with a title and verbatim sentences. Pure.

Leiden (Traag, Waltman, van Eck 2019) on the relations' weights. Nodes and edges are sorted and the seed is fixed, so
the partition does not depend on the order of the rows.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.graph.arrays import Floats, Ints, sum_by

LARGEST = 40  # members of a community that is not divided
SMALLEST = 3  # members of a community that is kept
SEED = 0


@dataclass(frozen=True, slots=True)
class Community:
    """A group of nodes at a level, 0 for the largest groups, and the position of the group that it is part of."""

    level: int
    parent: int | None
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """An undirected weighted graph: nodes in order of their ids, each edge once, its lower node first.

    Attributes:
        ids: Entity ids, sorted.
        low, high: Nodes of each edge, int64 [e].
        weight: Weights, float64 [e].
    """

    ids: list[str]
    low: Ints
    high: Ints
    weight: Floats

    @property
    def strength(self) -> Floats:
        """Sum of the weights at each node, float64 [n]."""
        size = len(self.ids)
        return sum_by(self.low, self.weight, size) + sum_by(self.high, self.weight, size)


def network_of(relations: pa.Table) -> Network:
    """Return the graph of the relations, whose rows may come in any order; parallel relations add up."""
    ids = sorted({*relations["source_id"].to_pylist(), *relations["target_id"].to_pylist()})
    known = pa.array(ids, pa.string())
    source = pc.index_in(relations["source_id"], known).to_numpy().astype(np.int64)
    target = pc.index_in(relations["target_id"], known).to_numpy().astype(np.int64)
    pairs = np.minimum(source, target) * max(1, len(ids)) + np.maximum(source, target)
    order = np.lexsort((relations["weight"].to_numpy(), pairs))  # a fixed order: sums of floats depend on it
    distinct, inverse = np.unique(pairs[order], return_inverse=True)
    weight = sum_by(inverse, relations["weight"].to_numpy()[order], len(distinct))
    return Network(ids, distinct // max(1, len(ids)), distinct % max(1, len(ids)), weight)


def communities_of(network: Network) -> list[Community]:
    """Return the communities, each after the one that it is part of."""
    found: list[Community] = []
    waiting: list[tuple[int, int | None, Ints]] = [(0, None, np.arange(len(network.ids)))]
    while waiting:
        level, parent, nodes = waiting.pop(0)
        for members in _divided(network, nodes):
            if len(members) == len(nodes) and parent is not None:
                continue  # it holds together
            if len(members) < SMALLEST:
                continue
            found.append(Community(level, parent, tuple(members.tolist())))
            if len(members) > LARGEST:
                waiting.append((level + 1, len(found) - 1, members))
    return found


def _divided(network: Network, nodes: Ints) -> list[Ints]:
    """Return the groups of some nodes, by their smallest member."""
    from graspologic_native import leiden_csr
    from scipy.sparse import csr_matrix

    place = np.full(len(network.ids), -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    low, high = place[network.low], place[network.high]
    mine = (low >= 0) & (high >= 0)
    if not mine.any():
        return [nodes[at : at + 1] for at in range(len(nodes))]
    weight = network.weight[mine]
    ends = (np.concatenate([low[mine], high[mine]]), np.concatenate([high[mine], low[mine]]))
    matrix = csr_matrix((np.concatenate([weight, weight]), ends), shape=(len(nodes), len(nodes)))
    matrix.sort_indices()
    _, group = leiden_csr(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data,
        len(nodes),
        seed=SEED,
    )
    groups: dict[int, list[int]] = {}
    for node in range(len(nodes)):
        groups.setdefault(group.get(node, -1 - node), []).append(node)
    return [nodes[np.array(members)] for members in groups.values()]
