"""What each weight would find: rankings of one question by the shares that vectors or the graph may have."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.ranking import FUSED_DEPTH, Estimates


def documents_by_weight(index: SearchIndex, question: str, weights: Sequence[float]) -> dict[float, list[str]]:
    """Return the documents of the best 200 passages, best first, for each weight that the vectors may have."""
    what = index.understood(question)
    scoring = index.scoring
    keyword = scoring.keyword.scores(what.text)
    fused = scoring.fusing(what, scoring.by_vector(what.text, keyword), keyword)
    policies = {weight: replace(scoring.policy, vector_weight=weight) for weight in weights}
    return {weight: _documents(index, fused(policy)) for weight, policy in policies.items()}


def documents_by_graph_weight(index: SearchIndex, question: str, weights: Sequence[float]) -> dict[float, list[str]]:
    """Return the documents of the best 200 passages, best first, for each weight that the graph may have.

    Raises:
        QueryError: There is no graph.
    """
    what = index.understood(question)
    scoring = index.scoring
    keyword = scoring.keyword.scores(what.text)
    totals = scoring.totals(what, scoring.by_vector(what.text, keyword), keyword)
    totals = totals.among(scoring.readable)
    added = index.graph.walked(what.text, totals).added
    return {weight: _documents(index, totals.plus(np.float32(weight) * added)) for weight in weights}


def _documents(index: SearchIndex, totals: Estimates) -> list[str]:
    return index.corpus.document_of(totals.among(index.scoring.readable).best(FUSED_DEPTH))
