"""How good a release's answers are: each figure is a mean over questions with its 95 % interval. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from xnai_pipelines.answers.answer import Citation, Sentence, State
from xnai_pipelines.answers.ask import EXTRACTIVE
from xnai_pipelines.answers.confidence import Features
from xnai_pipelines.answers.gold import GoldAnswer, StoredTexts
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.evaluation.intervals import Estimate, bootstrap_mean
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.words import words

Try: TypeAlias = Callable[[Question], "Trial"]
"""Answers a question, and says how sure the release is with and without the documents that answer it."""


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """What answers are judged by.

    Attributes:
        questions: At least one question.
        gold: Known answers by question_id.
        texts: Returns stored documents.
    """

    questions: Sequence[Question]
    gold: Mapping[str, Sequence[GoldAnswer]]
    texts: StoredTexts

    @property
    def with_gold(self) -> int:
        """The number of questions whose answers are known."""
        return sum(question.question_id in self.gold for question in self.questions)

    def of(self, question: Question) -> Sequence[GoldAnswer]:
        """Return the known answers to a question."""
        return self.gold.get(question.question_id, ())

    def quoted(self, citations: Sequence[Citation]) -> bool:
        """Return whether every quote equals the stored document's text."""
        stored = self.texts({one.document_id for one in citations})
        return all(
            one.document_id in stored and stored[one.document_id].text[one.start : one.end] == one.quote
            for one in citations
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """What a release makes of one question.

    Attributes:
        sentences: Its answer if nothing is refused.
        ranked: Citations of the three parts of the evidence that answer best, whether the answer has them or not.
        features: What tells how sure it is that the documents answer.
        removed: The same without those that do.
        seconds: Time of the answer.
    """

    sentences: tuple[Sentence, ...]
    ranked: tuple[Citation, ...]
    features: Features
    removed: Features
    seconds: float


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """The figures of a release's answers to one set of questions.

    Attributes:
        release: Number of the release.
        answerer: "extractive" or the name of the language model.
        questions: Number of questions.
        with_gold: Number of them whose answers are known; figures that need these are missing if it is 0.
        policy: The refusal policy that answered.
        figures: Means with intervals by name, see `MEANINGS`.
        p50_ms: Median latency of an answer.
        p95_ms: 95th percentile.
    """

    release: int
    answerer: str
    questions: int
    with_gold: int
    policy: RefusalPolicy
    figures: Mapping[str, Estimate]
    p50_ms: float
    p95_ms: float


MEANINGS = {
    "document_cited_first": "the first citation is in a document that answers",
    "citation_precision": "share of an answer's citations that are in a document that answers",
    "citation_recall": "share of the documents that answer that are cited",
    "answer_in_first": "the first citation holds the known answer",
    "answer_in_three": "one of the first three citations holds the known answer",
    "exact_match": "what the first sentence marks, or all of it, is the known answer",
    "token_f1": "words that this shares with the known answer, F1",
    "quotes_exact": "every quote equals the stored document's text",
    "unsupported": "share of sentences that nothing proves",
    "wrongly_refused": "refused although a document answers",
    "rightly_refused": "refused once the documents that answer are taken away",
}


def evaluate_answers(
    known: KnownAnswers,
    attempt: Try,
    release: int,
    policy: RefusalPolicy,
    advance: Callable[[], object],
) -> AnswerReport:
    """Return the figures of the answers. Citations are judged as if nothing were refused; refusals are judged apart.

    Args:
        known: The questions and their answers.
        attempt: Answers a question.
        release: Number of the release that answers.
        policy: When to refuse.
        advance: Called after each question.
    """
    values: dict[str, list[float]] = {name: [] for name in MEANINGS}
    trials = []
    for question in known.questions:
        trial = attempt(question)
        trials.append(trial)
        for name, value in judged(trial.sentences, question, known).items():
            values[name].append(value)
        if gold := known.of(question):
            values["answer_in_three"].append(float(any(_holds(one, gold) for one in trial.ranked)))
        values["wrongly_refused"].append(float(policy.refuses(trial.features)))
        values["rightly_refused"].append(float(policy.refuses(trial.removed)))
        advance()
    p50, p95 = np.percentile([trial.seconds for trial in trials], [50, 95])
    return AnswerReport(
        release=release,
        answerer=EXTRACTIVE,
        questions=len(known.questions),
        with_gold=known.with_gold,
        policy=policy,
        figures={name: bootstrap_mean(each, seed=0) for name, each in values.items() if each},
        p50_ms=round(1000 * float(p50), 2),
        p95_ms=round(1000 * float(p95), 2),
    )


def judged(sentences: Sequence[Sentence], question: Question, known: KnownAnswers) -> dict[str, float]:
    """Return figures of an answer by name, see `MEANINGS`; those that need known answers only if there are some.

    Args:
        sentences: The answer; none is wrong.
        question: The question.
        known: The questions and their answers.
    """
    cited = [citation for sentence in sentences for citation in sentence.citations]
    right = [citation.document_id in question.document_ids for citation in cited]
    found = {
        "document_cited_first": float(any(right[:1])),
        "citation_precision": float(np.mean(right)) if right else 0.0,
        "citation_recall": len({one.document_id for one in cited} & question.document_ids) / len(question.document_ids),
        "quotes_exact": float(known.quoted(cited)),
        "unsupported": float(np.mean([one.state is State.UNSUPPORTED for one in sentences])) if sentences else 0.0,
    }
    if gold := known.of(question):
        first = sentences[0].answering if sentences else ""
        found |= {
            "answer_in_first": float(any(_holds(one, gold) for one in cited[:1])),
            "exact_match": float(any(spoken(first) == spoken(answer.text) for answer in gold)),
            "token_f1": max(token_f1(first, answer.text) for answer in gold),
        }
    return found


def _holds(citation: Citation, gold: Sequence[GoldAnswer]) -> bool:
    """Return whether the quote has one of the known answers in it, at its place."""
    return any(
        citation.document_id == known.document_id and citation.start <= known.start and known.end <= citation.end
        for known in gold
    )


def token_f1(answer: str, known: str) -> float:
    """Return the F1 of the words of an answer against those of the known one, as SQuAD's (Rajpurkar et al., 2016)."""
    said, wanted = Counter(spoken(answer)), Counter(spoken(known))
    common = sum((said & wanted).values())
    return 2 * common / (sum(said.values()) + sum(wanted.values())) if common else 0.0


def spoken(text: str) -> list[str]:
    """Return the words of a text, folded, in order."""
    return [word.text for word in words(text)]
