"""Whether a re-ranker earns its place: what it gains on the questions that choose the policy, and what it costs."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xnai_pipelines.evaluation.asking import judgement
from xnai_pipelines.evaluation.intervals import Estimate, paired_difference
from xnai_pipelines.evaluation.metrics import best_first, measure
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.ranking import FUSED_DEPTH, Candidate
from xnai_pipelines.search.reranking import CANDIDATES, Reranker, bonus, open_reranker
from xnai_pipelines.state.layout import Home

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RerankerTrial:
    """A re-ranker on the labelled train and validation questions.

    Attributes:
        name: The re-ranker as the policy names it.
        questions: Number of questions.
        ndcg_at_10: Mean over the questions' documents with it.
        gain: Difference to the same search without it, with its 95 % interval.
        p50_ms: Median time it adds to a search.
        p95_ms: 95th percentile of that time.
    """

    name: str
    questions: int
    ndcg_at_10: float
    gain: Estimate
    p50_ms: float
    p95_ms: float

    def refusal(self, max_ms: float) -> str | None:
        """Return why it is not used, None if it earns its place."""
        if self.gain.low <= 0:
            return "no gain beyond chance"
        if self.p95_ms > max_ms:
            return f"takes {self.p95_ms:.0f} ms (95th percentile); the limit is {max_ms:g} ms"
        return None


def chosen_reranker(trials: Iterable[RerankerTrial], max_ms: float) -> str | None:
    """Return the re-ranker with the largest mean gain among those that earn their place, None if none does."""
    earning = [trial for trial in trials if trial.refusal(max_ms) is None]
    return max(earning, key=lambda trial: trial.gain.mean).name if earning else None


def try_rerankers(
    index: SearchIndex,
    home: Home,
    names: Sequence[str],
    asked: Sequence[Question],
    advance: Callable[[], object],
) -> tuple[RerankerTrial, ...]:
    """Return how each re-ranker does on the questions, as it would rank in a search.

    Args:
        index: Release, ranked without a re-ranker.
        home: Where the re-rankers are.
        names: The re-rankers.
        asked: Questions that choose the policy.
        advance: Called after each question.
    """
    rerankers = {name: open_reranker(name, home, corpus=index.corpus, encoder=index.encoder) for name in names}
    plain: list[list[str]] = []
    rankings: dict[str, list[list[str]]] = {name: [] for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    for question in asked:
        what = index.understood(question.question)
        found = index.rank(what, FUSED_DEPTH)
        plain.append(_documents(found))
        for name, reranker in rerankers.items():
            started = time.perf_counter()
            again = _again(found, what.text, reranker)
            times[name].append(1000 * (time.perf_counter() - started))
            rankings[name].append(_documents(again))
        advance()
    grades = [judgement(question, Level.DOCUMENT) or {} for question in asked]
    before = measure(plain, grades)["ndcg_at_10"]
    return tuple(
        _trial(name, before, measure(rankings[name], grades)["ndcg_at_10"], np.array(times[name])) for name in names
    )


def _again(found: Sequence[Candidate], text: str, reranker: Reranker) -> list[Candidate]:
    candidates = found[:CANDIDATES]
    added = bonus(reranker.scores(text, [one.row for one in candidates]))
    totals = np.array([one.score for one in candidates]) + added
    return [*(candidates[place] for place in np.argsort(-totals, kind="stable")), *found[CANDIDATES:]]


def _documents(found: Iterable[Candidate]) -> list[str]:
    return best_first(one.document_id for one in found)


def _trial(name: str, before: Values, after: Values, times: Values) -> RerankerTrial:
    p50, p95 = np.percentile(times, [50, 95])
    gain = paired_difference(before, after, seed=0)
    return RerankerTrial(name, len(after), float(after.mean()), gain, round(float(p50), 2), round(float(p95), 2))
