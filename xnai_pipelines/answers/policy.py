"""Chooses when a release refuses, and keeps that under `state/`, a file per release, until its grounds change."""

from collections.abc import Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.ask import ANSWERS_VERSION, weigh
from xnai_pipelines.answers.confidence import Features
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.refusal import FEWEST, NO_POLICY, RefusalPolicy, choose_policy
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.evaluation.policy import questions_to_choose_on
from xnai_pipelines.questions.question import Origin, Question
from xnai_pipelines.search.make import index_content
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.manifest import Release
from xnai_pipelines.state.measured import content_hash
from xnai_pipelines.state.records import read_record, write_record


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """The policy, a hash of what it was chosen on, and the version of the answers that it was chosen for."""

    grounds: str
    policy: RefusalPolicy
    version: int = 0


def refusal_policy(home: Home, release: Release) -> RefusalPolicy:
    """Return the policy of a release; the default if it has none for answers of this version."""
    kept = read_record(home.refusal_policy(release.release), KeptPolicy)
    return kept.policy if kept and kept.version == ANSWERS_VERSION else NO_POLICY


def forget_refusal_policy(home: Home, release: int) -> None:
    """Remove the policy of a release that is no longer kept."""
    remove(home.refusal_policy(release))


def make_refusal_policy(context: StageContext, passages: Passages, questions: Sequence[Question]) -> RefusalPolicy:
    """Return the policy of the open release, chosen on the labelled train and validation questions.

    It is chosen again only if index, ranking or questions have changed. The test questions are not looked at.
    """
    release = passages.index.release
    asked = questions_to_choose_on(questions, Origin.LABELLED, release)
    content = index_content(context, release)
    grounds = content_hash(ANSWERS_VERSION, content, release.ranking, question_set(asked), release.release)
    path = context.home.refusal_policy(release.release)
    kept = read_record(path, KeptPolicy)
    if kept is None or kept.grounds != grounds:
        policy = RefusalPolicy(release=release.release)
        if len(asked) >= FEWEST:
            with context.progress.work("refusal policy", 2 * len(asked), "questions") as advance:
                answered, removed = [], []
                for question in asked:
                    answered.append(features(passages, question.question))
                    removed.append(features(passages, question.question, question.document_ids))
                    advance(2)
            policy = choose_policy(answered, removed, release.release)
        kept = KeptPolicy(grounds, policy, ANSWERS_VERSION)
        write_record(path, kept)
    return kept.policy


def features(passages: Passages, question: str, without: frozenset[str] = frozenset()) -> Features:
    """Return what tells whether the release answers the question, as if these documents were not there."""
    return weigh(passages.without(without), question).scored.features
