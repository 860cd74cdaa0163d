"""The documents that a corpus as a whole is told by: of each large community, the one that is most about it. Pure."""

import numpy as np

from xnai_pipelines.graph.arrays import Bools, Ints, sum_by
from xnai_pipelines.graph.division import Division


def leading_documents(division: Division, document: Ints, allowed: Bools) -> list[int]:
    """Return a document of each community, that of the largest first; each document once.

    A passage is divided among the communities by what it mentions. The size of a community is its share of all
    passages. A document leads it by the passages that it gives to it, times the share that these are of its own.

    Args:
        division: The communities, over n passages.
        document: Document of each passage, counted from 0: int64 [n].
        allowed: The passages to look at: bool [n].
    """
    weights = division.incidence.weights
    row, group = weights.rows, division.community[weights.columns]
    share = weights.values / weights.sums()[row]
    kept = np.flatnonzero(allowed[row])
    of = sum_by(document[row[kept]], share[kept], len(document))
    kept = kept[group[kept] >= 0]
    width = max(1, len(document))
    pairs, inverse = np.unique(group[kept] * width + document[row[kept]], return_inverse=True)
    group, document = pairs // width, pairs % width
    given = sum_by(inverse, share[kept], len(pairs))
    size = sum_by(group, given, int(group.max(initial=-1)) + 1).round(9)
    leads = (given**2 / of[document]).round(9)
    found: dict[int, int] = {}
    taken = set[int]()
    for at in np.lexsort((document, -leads, group, -size[group])).tolist():
        community, one = int(group[at]), int(document[at])
        if community not in found and one not in taken:
            found[community] = one
            taken.add(one)
    return list(found.values())
