"""Whether the knowledge graph helps hybrid search: what it gains on the questions that choose the ranking policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xnai_pipelines.evaluation.asking import judgement
from xnai_pipelines.evaluation.intervals import Estimate, paired_difference
from xnai_pipelines.evaluation.metrics import best_first, measure
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.by_graph import FULL_WEIGHT
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.weights import documents_by_graph_weight

WITHOUT = 0.0
WEIGHTS = (WITHOUT, 0.5, 1.0, 2.0, FULL_WEIGHT)


@dataclass(frozen=True, slots=True)
class GraphTrial:
    """The knowledge graph on the labelled train and validation questions.

    Attributes:
        questions: Number of questions.
        by_weight: Mean nDCG@10 of the questions' documents by the graph's weight in hybrid search.
        weight: The best of these, of equal ones the lowest.
        gain: Its difference to the search without the graph, with its 95 % interval.
    """

    questions: int
    by_weight: Mapping[float, float]
    weight: float
    gain: Estimate

    @property
    def chosen(self) -> float:
        """The weight that the policy gives the graph: 0 without a gain beyond chance."""
        return self.weight if self.gain.low > 0 else WITHOUT


def try_graph(index: SearchIndex, asked: Sequence[Question], advance: Callable[[], object]) -> GraphTrial:
    """Return how hybrid search does on the questions with each weight of the graph.

    Args:
        index: Release with a graph, ranked without a re-ranker.
        asked: Questions that choose the policy.
        advance: Called after each question.
    """
    rankings: dict[float, list[list[str]]] = {weight: [] for weight in WEIGHTS}
    for question in asked:
        for weight, documents in documents_by_graph_weight(index, question.question, WEIGHTS).items():
            rankings[weight].append(best_first(documents))
        advance()
    grades = [judgement(question, Level.DOCUMENT) or {} for question in asked]
    ndcg = {weight: measure(found, grades)["ndcg_at_10"] for weight, found in rankings.items()}
    means = {weight: float(values.mean()) for weight, values in ndcg.items()}
    best = max(WEIGHTS, key=lambda weight: means[weight])
    return GraphTrial(len(asked), means, best, paired_difference(ndcg[WITHOUT], ndcg[best], seed=0))
