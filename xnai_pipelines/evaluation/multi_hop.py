"""What the knowledge graph is worth: every search mode by the number of documents that a question needs.

A question with one relevant document takes one hop, one with several takes several: all of them have to be found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from xnai_pipelines.evaluation.asking import judgement
from xnai_pipelines.evaluation.intervals import Estimate, bootstrap_mean, paired_difference
from xnai_pipelines.evaluation.metrics import Grades, best_first, measure
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.index import FUSED_DEPTH, SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.layout import Home

ROUTED = "routed"  # hybrid search with the weight that the ranking policy gives the graph
ALL = "all"
METRICS = ("recall_at_5", "all_support_at_10", "ndcg_at_10")
_SEVERAL = 3  # documents, from which on questions are counted together

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HopFigure:
    """A metric of a mode on the questions of some hops.

    Attributes:
        hops: "1", "2", "3+", or "all".
        questions: Number of questions.
        mode: vector, keyword, hybrid (without the graph), graph, or routed.
        metric: recall_at_5, ndcg_at_10, or all_support_at_10: the share of questions whose documents are all found.
        value: Its mean with the 95 % interval.
        gain: Its difference to hybrid, paired by question; None for hybrid.
    """

    hops: str
    questions: int
    mode: str
    metric: str
    value: Estimate
    gain: Estimate | None


def figures_by_hops(
    index: SearchIndex, home: Home, questions: Sequence[Question], advance: Callable[[], object] = lambda: None
) -> tuple[HopFigure, ...]:
    """Return the figures of all modes that can be asked, by hops.

    Args:
        index: Release, ranked by its policy.
        home: Its home.
        questions: Questions with relevant documents.
        advance: Called after each question.
    """
    plain = index.ranked_by(replace(index.policy, graph_weight=0.0), home)
    asked = {str(mode): (plain, mode) for mode in index.modes} | {ROUTED: (index, Mode.HYBRID)}
    rankings: dict[str, list[list[str]]] = {name: [] for name in asked}
    for question in questions:
        for name, (how, mode) in asked.items():
            found = how.rank(question.question, FUSED_DEPTH, mode)
            rankings[name].append(best_first(one.document_id for one in found))
        advance()
    grades = [judgement(question, Level.DOCUMENT) or {} for question in questions]
    values = {name: _values(found, grades) for name, found in rankings.items()}
    hops = np.array([min(_SEVERAL, len(one)) for one in grades])
    groups = {ALL: np.ones(len(hops), bool)} | {_label(count): hops == count for count in np.unique(hops).tolist()}
    return tuple(
        _figure(group, name, metric, values[name][metric][chosen], values[Mode.HYBRID][metric][chosen])
        for group, chosen in groups.items()
        for name in asked
        for metric in METRICS
    )


def all_support_at(depth: int, rankings: Sequence[Sequence[str]], judgements: Sequence[Grades]) -> Values:
    """Return for each question 1 if its relevant documents are all among the best, else 0: float64 [n]."""
    relevant = ({name for name, grade in grades.items() if grade > 0} for grades in judgements)
    return np.array([float(wanted <= set(found[:depth])) for found, wanted in zip(rankings, relevant, strict=True)])


def _values(rankings: Sequence[Sequence[str]], grades: Sequence[Grades]) -> dict[str, Values]:
    return {**measure(rankings, grades), "all_support_at_10": all_support_at(10, rankings, grades)}


def _label(hops: int) -> str:
    return f"{hops}+" if hops == _SEVERAL else str(hops)


def _figure(hops: str, mode: str, metric: str, values: Values, hybrid: Values) -> HopFigure:
    gain = None if mode == Mode.HYBRID else paired_difference(hybrid, values, seed=0)
    return HopFigure(hops, len(values), mode, metric, bootstrap_mean(values, seed=0), gain)
