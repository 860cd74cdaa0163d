"""The shortest way between two entities over relations. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import position_in
from xnai_pipelines.graph.relations import CO_OCCURS

_LONG_WAY = 4.0  # what a relation that is only counted costs, at the least; one that the text states costs 1


@dataclass(frozen=True, slots=True)
class Step:
    """A relation to the next entity of a way; `outward` if the entity before is its source."""

    relation_id: str
    entity_id: str
    outward: bool


def shortest(relations: pa.Table, entities: Sequence[str], start: str, end: str) -> list[Step] | None:
    """Return the steps of the shortest way, None if there is none.

    Args:
        relations: Columns relation_id, source_id, target_id, type and weight.
        entities: Ids of all entities, sorted; relations of others are left out.
        start: Id of the first entity.
        end: Id of the last one.
    """
    from scipy import sparse
    from scipy.sparse import csgraph

    ends = [position_in(relations[name], list(entities)) for name in ("source_id", "target_id")]
    known = (ends[0] >= 0) & (ends[1] >= 0)  # a run may be writing the tables
    rows, source, target = relations.filter(pa.array(known)), ends[0][known], ends[1][known]
    stated = np.array([kind != CO_OCCURS for kind in rows["type"].to_pylist()], bool)
    cost = np.where(stated, 1.0, _LONG_WAY + 1 / np.maximum(rows["weight"].to_numpy(), 1e-3))
    order = np.argsort(-cost, kind="stable")  # of several relations between two, the cheapest is written last
    best = dict(zip(zip(source[order].tolist(), target[order].tolist(), strict=True), order.tolist(), strict=True))
    pairs = np.array(list(best), dtype=np.int64).reshape(-1, 2)
    size = (len(entities), len(entities))
    network = sparse.csr_array((cost[list(best.values())], (pairs[:, 0], pairs[:, 1])), shape=size)
    begin, goal = position_in(pa.array([start, end]), list(entities)).tolist()
    _, before = csgraph.dijkstra(network, directed=False, indices=begin, return_predecessors=True)
    if begin != goal and before[goal] < 0:
        return None
    way = [goal]
    while way[-1] != begin:
        way.append(int(before[way[-1]]))
    steps = []
    for here, there in pairwise(way[::-1]):
        outward = best.get((here, there))
        at = min((one for one in (outward, best.get((there, here))) if one is not None), key=lambda one: cost[one])
        steps.append(Step(rows["relation_id"][at].as_py(), entities[there], at == outward))
    return steps
