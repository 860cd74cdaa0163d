"""The best passages for a question: the parts that a mode names, the graph, the re-ranker, one of each group."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from xnai_pipelines.search.by_graph import GraphSearch, Walked
from xnai_pipelines.search.query import Asked, Mode
from xnai_pipelines.search.ranking import Rows, Scores, first_per_group
from xnai_pipelines.search.reranking import Reranker, reranked
from xnai_pipelines.search.scoring import Scoring

PASSAGES_PER_GROUP = 5  # ranked at first for each requested document or text

Groups = Callable[[Rows], Sequence[Hashable]]  # the group of each row


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The best passages and what each part says of them; None if a part was not asked.

    Attributes:
        rows: Their rows, best first: int64 [m].
        scores: What they are ranked by: float32 [m].
        vector: Cosine similarities, or None.
        keyword: BM25 scores, or None.
        totals: What all passages are ranked by, -inf for those that are not found: float32 [n].
        walked: What the knowledge graph added, None if it was not asked.
    """

    rows: Rows
    scores: Scores
    vector: Scores | None
    keyword: Scores | None
    totals: Scores
    walked: Walked | None


def best_passages(
    scoring: Scoring,
    what: Asked,
    k: int,
    mode: Mode,
    *,
    groups: Groups | None,
    graph: tuple[GraphSearch, float] | None,
    reranker: Reranker | None,
) -> Ranking:
    """Return the best k passages.

    Args:
        scoring: The scores of each part.
        what: The question.
        k: Number of passages.
        mode: Parts to use.
        groups: Only the best passage of a group is returned. None: all are.
        graph: The knowledge graph and its weight; None without it.
        reranker: What compares the best passages again; None for nothing.

    Raises:
        ValueError: `k` is below 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}; it has to be at least 1.")
    allowed = scoring.keyword.allowed(what)
    vector = walked = None
    keyword = None if mode is Mode.VECTOR else scoring.keyword.scores(what.text)
    if mode is not Mode.KEYWORD:
        vector = totals = scoring.by_vector(what.text, keyword, exact=allowed is not None)
    if keyword is not None:
        totals = scoring.totals(what, vector, keyword)
    if allowed is not None:
        totals.scores[~allowed] = -np.inf
    if graph is not None:
        search, weight = graph
        walked = search.walked(what.text, totals)
        totals = totals.plus(np.float32(weight) * walked.added)
    if reranker is not None:
        totals = reranked(totals, what.text, reranker)
    best, depth = np.empty(0, np.int64), k
    while True:
        depth *= PASSAGES_PER_GROUP if groups else 1
        ranked = totals.best(depth)
        best = first_per_group(ranked, groups(ranked))[:k] if groups else ranked
        if len(best) == k or len(ranked) < depth:
            break
    return Ranking(
        best,
        totals.scores[best],
        None if vector is None else vector.at(best),
        None if keyword is None else keyword[best],
        totals.scores,
        walked,
    )
