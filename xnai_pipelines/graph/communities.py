"""Rows of the table `communities`: groups of entities at several levels, with a title and verbatim sentences. Pure.

Leiden (Traag, Waltman, van Eck 2019) on the relations' weights. Nodes and edges are sorted and the seed is fixed, so
the partition does not depend on the order of the rows.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Floats, Ints, changes, encoded, sum_by

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
    ends, ids = encoded(pa.chunked_array([*relations["source_id"].chunks, *relations["target_id"].chunks], pa.string()))
    source, target = ends.reshape(2, -1)
    size = max(1, len(ids))
    pairs = np.minimum(source, target) * size + np.maximum(source, target)
    weights = relations["weight"].to_numpy()
    order = np.lexsort((weights, pairs))  # a fixed order: sums of floats depend on it
    new = changes(pairs[order])
    distinct = pairs[order][new]
    return Network(ids, distinct // size, distinct % size, sum_by(np.cumsum(new) - 1, weights[order], len(distinct)))


def communities_of(network: Network) -> list[Community]:
    """Return the communities, each after the one that it is part of."""
    from scipy.sparse import csr_array

    size = len(network.ids)
    ends = (np.concatenate([network.low, network.high]), np.concatenate([network.high, network.low]))
    whole = csr_array((np.concatenate([network.weight, network.weight]), ends), shape=(size, size))
    found: list[Community] = []
    waiting: deque[tuple[int, int | None, Ints, Any]] = deque([(0, None, np.arange(size), whole)])
    while waiting:
        level, parent, nodes, matrix = waiting.popleft()
        for places in _divided(matrix):
            if len(places) < SMALLEST or (len(places) == len(nodes) and parent is not None):
                continue  # too small to name, or it holds together
            members = nodes[places]
            found.append(Community(level, parent, tuple(members.tolist())))
            if len(members) > LARGEST:
                waiting.append((level + 1, len(found) - 1, members, matrix[places][:, places]))
    return found


def _divided(matrix: Any) -> list[Ints]:
    """Return the groups of the nodes of a sparse symmetric matrix of weights, by their smallest node."""
    from graspologic_native import leiden_csr

    group = -1 - np.arange(matrix.shape[0])  # a node without edges stays alone
    if matrix.nnz:
        matrix.sort_indices()
        starts, columns = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
        _, found = leiden_csr(starts, columns, matrix.data, len(group), seed=SEED)
        group[np.fromiter(found.keys(), np.int64, len(found))] = np.fromiter(found.values(), np.int64, len(found))
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    order = np.argsort(first[inverse], kind="stable")
    return np.split(order, np.flatnonzero(changes(first[inverse][order]))[1:])
