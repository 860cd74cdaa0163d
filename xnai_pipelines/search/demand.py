"""Demand: on which documents the questions land in the current release, and which find nothing."""

from collections import defaultdict
from collections.abc import Iterable

from xnai_pipelines.documents.health.demand import Demand
from xnai_pipelines.errors import QueryError
from xnai_pipelines.questions.feedback import FeedbackFolder
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode

DEPTH = 3  # results that a reader looks at
MAX_QUESTIONS = 1_000


def measure_demand(index: SearchIndex, questions: Iterable[str], feedback: FeedbackFolder) -> Demand:
    """Return where the questions land.

    A question is unanswered if keyword search finds none of its words, or if people judged documents for it and found
    none of them right.

    Args:
        index: Current release.
        questions: Questions; the first 1,000 in alphabetical order are searched for.
        feedback: Judgements of people. Their questions are searched for too.
    """
    judged: dict[str, bool] = {}
    for judgement in feedback.judgements:
        judged[judgement.question] = judged.get(judgement.question, False) or judgement.right
    asked = sorted({*questions, *judged})[:MAX_QUESTIONS]
    landings: defaultdict[str, float] = defaultdict(float)
    unanswered = []
    for question in asked:
        try:
            hits = index.rank(question, DEPTH, by_document=True)
            known = bool(index.rank(question, 1, Mode.KEYWORD))
        except QueryError:
            continue
        if not known or judged.get(question) is False:
            unanswered.append(question)
        if known:
            for rank, hit in enumerate(hits, start=1):
                landings[hit.document_id] += 1 / rank
    return Demand(len(asked), dict(landings), tuple(unanswered))
