"""Chooses the ranking policy on the train and validation questions, and records it in the release's manifest."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xnai_pipelines.evaluation.asking import judgement
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.evaluation.graph_share import GraphTrial, try_graph
from xnai_pipelines.evaluation.intervals import Estimate, paired_difference
from xnai_pipelines.evaluation.knowledge import LANGUAGES, known_languages
from xnai_pipelines.evaluation.metrics import best_first, measure
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.evaluation.reranking import RerankerTrial, chosen_reranker, try_rerankers
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.search.index import RANKING_VERSION, SearchIndex
from xnai_pipelines.search.make import index_content
from xnai_pipelines.search.policy import DEFAULT_WEIGHT, RankingPolicy
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.reranking import TOKENS
from xnai_pipelines.search.weights import documents_by_weight
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.measured import content_hash
from xnai_pipelines.state.records import read_record, write_record

WEIGHTS = tuple(round(0.05 * step, 2) for step in range(21))
MIN_QUESTIONS = 30
CHOICE_VERSION = 8  # raised when the same rankings lead to another choice
KNOWN = 0.25  # familiarity of the encoder with a question's language, from which on the question counts
MAX_QUESTIONS = 500  # of the train and validation questions: more do not change the choice
# A weight far from the default has to be better by so much nDCG@10: chance finds such gains among 21 weights.
CAUTION = 0.02

PerQuestion = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """The policy of the current release, why it is so, and mean nDCG@10 of the questions by weight.

    `gain` is the chosen weight's over the default with its 95 % interval; None if nothing was measured. `rerankers` are
    those that were tried with that weight, `graph` the trial of the knowledge graph, None without one. `changed` says
    whether this run changed the manifest. `grounds` is a hash of all that the choice depends on: it is made again only
    if that changes.
    """

    grounds: str
    policy: RankingPolicy
    reason: str
    by_weight: Mapping[float, float]
    gain: Estimate | None
    rerankers: tuple[RerankerTrial, ...] = ()
    graph: GraphTrial | None = None
    changed: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """What a user decides about the policy.

    Attributes:
        weight: The vectors' share; None to choose it.
        correct_typos: Whether misspelt words of a question are corrected.
        rerankers: Re-rankers to try; the policy has one of them only for a gain.
        max_rerank_ms: Max 95th percentile of the time that one adds to a search.
    """

    weight: float | None = None
    correct_typos: bool = True
    rerankers: tuple[str, ...] = (TOKENS,)
    max_rerank_ms: float = 60.0


def make_policy(context: StageContext, options: PolicyOptions, *, threads: int) -> PolicyReport:
    """Choose the policy of the current release and write it into the manifest.

    Questions of the test split are not looked at. Only labelled questions choose: generated ones reuse the documents'
    wording, so keyword search looks better on them than on what people ask.

    Args:
        context: Stage context.
        options: What the user decides.
        threads: CPU threads of the encoder.

    Raises:
        ReleaseError: Nothing is released yet.
    """
    with stage(context, "ranking_policy") as watch:
        releases = Releases(context.home.releases)
        release = releases.require()
        asked = questions_to_choose_on(read_questions(context.tables), Origin.LABELLED, release)
        content = [CHOICE_VERSION, RANKING_VERSION, index_content(context, release), question_set(asked)]
        grounds = content_hash(*content, asdict(options))
        kept = last_policy(context.home)
        if kept is None or kept.grounds != grounds:
            kept = replace(_chosen(context, release, asked, options=options, threads=threads), grounds=grounds)
            watch.items = len(asked)
        changed = RankingPolicy.of(release) != kept.policy
        if changed:
            releases.set_ranking(release.release, asdict(kept.policy))
    report = replace(kept, changed=changed, seconds=watch.seconds)
    write_record(_record_path(context.home), report)
    return report


def _chosen(
    context: StageContext, release: Release, asked: Sequence[Question], *, options: PolicyOptions, threads: int
) -> PolicyReport:
    """Return the policy that the questions choose within the options."""
    index = SearchIndex.open(context.home.root, threads, release)
    with context.progress.work("languages", LANGUAGES, "languages") as advance:
        languages = known_languages(index, advance)
    if len(asked) < MIN_QUESTIONS:
        policy, reason, gain = choose_policy(options.weight, {}, len(asked))
        if release.adapter and options.weight is None and RankingPolicy.of(release).questions:
            policy = RankingPolicy.of(release)
            reason = f"as before its adapter: {len(asked)} labelled validation questions, fewer than {MIN_QUESTIONS}"
        policy = replace(policy, correct_typos=options.correct_typos, languages=languages)
        return PolicyReport("", policy, reason, {}, gain)
    index = index.ranked_by(RankingPolicy(correct_typos=options.correct_typos, languages=languages), context.home)
    asked = known_questions(index, asked)
    by_weight = measured_by_weight(context, index, asked, WEIGHTS) if options.weight is None else {}
    policy, reason, gain = choose_policy(options.weight, by_weight, len(asked))
    policy = replace(policy, correct_typos=options.correct_typos, languages=languages)
    graph = _tried_graph(context, index.ranked_by(policy, context.home), asked)
    policy = replace(policy, graph_weight=graph.chosen if graph else 0.0)
    trials = _tried(context, index.ranked_by(policy, context.home), options.rerankers, asked)
    policy = replace(policy, reranker=chosen_reranker(trials, options.max_rerank_ms))
    means = {weight: float(values.mean()) for weight, values in by_weight.items()}
    return PolicyReport("", policy, reason, means, gain, trials, graph)


def _tried_graph(context: StageContext, index: SearchIndex, asked: Sequence[Question]) -> GraphTrial | None:
    if Mode.GRAPH not in index.modes:
        return None
    with context.progress.work("knowledge graph", len(asked), "questions") as advance:
        return try_graph(index, asked, advance)


def _tried(
    context: StageContext, index: SearchIndex, rerankers: Sequence[str], asked: Sequence[Question]
) -> tuple[RerankerTrial, ...]:
    if not rerankers:
        return ()
    with context.progress.work("re-rankers", len(asked), "questions") as advance:
        return try_rerankers(index, context.home, rerankers, asked, advance)


def last_policy(home: Home) -> PolicyReport | None:
    """Return the last report, None if no policy was chosen yet."""
    return read_record(_record_path(home), PolicyReport)


def _record_path(home: Home) -> Path:
    return home.state / "ranking_policy.json"


def policy_for(context: StageContext, challenger: Release, *, threads: int) -> RankingPolicy:
    """Return the policy for a challenger: chosen as the champion's was, which it has so far; or as set by the user."""
    policy = RankingPolicy.of(challenger)
    asked = questions_to_choose_on(read_questions(context.tables), Origin.LABELLED, challenger)
    if not policy.questions or len(asked) < MIN_QUESTIONS:
        index = SearchIndex.open(context.home.root, threads, challenger)
        return replace(policy, languages=known_languages(index))
    rerankers = (policy.reranker,) if policy.reranker else ()
    # the champion's was fast enough, and the gate compares the latency of whole searches
    options = PolicyOptions(correct_typos=policy.correct_typos, rerankers=rerankers, max_rerank_ms=math.inf)
    return _chosen(context, challenger, asked, options=options, threads=threads).policy


def choose_weight(means: Mapping[float, float]) -> float:
    """Return the weight from the mean nDCG@10 by weight.

    Each mean is averaged with its neighbours', since a true best weight is better around it too. Weights far from the
    default have to be clearly better.
    """
    weights = sorted(means)
    smooth = np.convolve([means[weight] for weight in weights], np.ones(3) / 3, mode="same")
    smooth[[0, -1]] = [np.mean([means[w] for w in weights[:2]]), np.mean([means[w] for w in weights[-2:]])]
    merits = smooth - CAUTION * np.abs(np.array(weights) - DEFAULT_WEIGHT)
    return weights[int(np.argmax(merits))]


def choose_policy(
    given: float | None, by_weight: Mapping[float, PerQuestion], questions: int
) -> tuple[RankingPolicy, str, Estimate | None]:
    """Return the policy, why it is so, and the chosen weight's gain over the default.

    Args:
        given: The vectors' share as set by the user; None to choose it.
        by_weight: nDCG@10 of each question by weight; empty if there are too few questions.
        questions: Number of questions.
    """
    if given is not None:
        return RankingPolicy(given), "set by XNAI_VECTOR_WEIGHT", None
    if not by_weight:
        reason = f"the default: {questions} labelled train and validation questions, fewer than {MIN_QUESTIONS}"
        return RankingPolicy(), reason, None
    weight = choose_weight({weight: float(values.mean()) for weight, values in by_weight.items()})
    gain = paired_difference(by_weight[DEFAULT_WEIGHT], by_weight[weight], seed=0)
    return RankingPolicy(weight, questions), f"best on {questions} labelled questions that are not tested on", gain


def questions_to_choose_on(questions: Iterable[Question], origin: Origin, release: Release) -> list[Question]:
    """Return the questions of this origin that may choose for a release: at most 500 of those not tested on.

    An adapter knows the answers of the train questions by heart: on them vectors look better than they are. For a
    release with one, the validation questions choose alone.
    """
    splits = (Split.VALIDATION,) if release.adapter else (Split.TRAIN, Split.VALIDATION)
    asked = [one for one in questions if one.origin is origin and one.split in splits]
    return sorted(asked, key=lambda question: question.question_id)[:MAX_QUESTIONS]


def known_questions(index: SearchIndex, asked: Sequence[Question]) -> Sequence[Question]:
    """Return the questions in a language that the encoder knows, all if these are too few.

    The weight of the others is lowered anyway, and whatever is best for them would be worse for all others.
    """
    familiarity = index.scoring.familiarity
    known = [question for question in asked if familiarity(index.understood(question.question).text) >= KNOWN]
    return known if len(known) >= MIN_QUESTIONS else asked


def measured_by_weight(
    context: StageContext, index: SearchIndex, asked: Sequence[Question], weights: Collection[float]
) -> dict[float, PerQuestion]:
    """Return nDCG@10 of each question's documents by weight."""
    rankings: dict[float, list[list[str]]] = {weight: [] for weight in weights}
    with context.progress.work("ranking policy", len(asked), "questions") as advance:
        for question in asked:
            for weight, documents in documents_by_weight(index, question.question, sorted(weights)).items():
                rankings[weight].append(best_first(documents))
            advance()
    grades = [judgement(question, Level.DOCUMENT) or {} for question in asked]
    return {weight: measure(found, grades)["ndcg_at_10"] for weight, found in rankings.items()}
