"""Whether the policy of a release still fits: what the weight that would be chosen now gains over the manifest's."""

from dataclasses import dataclass

from xnai_pipelines.evaluation.intervals import Estimate, paired_difference
from xnai_pipelines.evaluation.policy import (
    MIN_QUESTIONS,
    WEIGHTS,
    choose_weight,
    known_questions,
    last_policy,
    measured_by_weight,
    questions_to_choose_on,
)
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Origin
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.manifest import Release

_MAX_QUESTIONS = 200  # of those that choose: enough to see a gain that matters


@dataclass(frozen=True, slots=True)
class PolicyFit:
    """The weight of a release beside the one that its questions choose now.

    Attributes:
        questions: Number of questions.
        weight: Share of the vectors in the manifest.
        better: The share that would be chosen.
        gain: nDCG@10 of the better share over the manifest's, with its 95 % interval.
    """

    questions: int
    weight: float
    better: float
    gain: Estimate


def policy_fit(context: StageContext, release: Release, *, threads: int) -> PolicyFit | None:
    """Return how well the release's weight fits its labelled train and validation questions.

    A weight that they chose fits: it is chosen again whenever index or questions change. One that a user set is
    compared with the one that would be chosen. None below 30 questions: they could not choose.
    """
    chosen = last_policy(context.home)
    if chosen is not None and chosen.by_weight and chosen.policy == RankingPolicy.of(release):
        weight = chosen.policy.vector_weight
        return PolicyFit(chosen.policy.questions, weight, weight, Estimate(0.0, 0.0, 0.0))
    asked = questions_to_choose_on(read_questions(context.tables), Origin.LABELLED, release)[:_MAX_QUESTIONS]
    if len(asked) < MIN_QUESTIONS:
        return None
    index = SearchIndex.open(context.home.root, threads, release)
    asked = list(known_questions(index, asked))
    weight = index.policy.vector_weight
    measured = measured_by_weight(context, index, asked, {*WEIGHTS, weight})
    better = choose_weight({one: float(measured[one].mean()) for one in WEIGHTS})
    return PolicyFit(len(asked), weight, better, paired_difference(measured[weight], measured[better], seed=0))
