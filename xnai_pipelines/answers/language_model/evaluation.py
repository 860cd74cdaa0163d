"""What a language model does on questions, beside quotes on the same questions, with paired 95 % intervals. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from xnai_pipelines.answers.answer import Sentence, State
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.evaluation import MEANINGS, KnownAnswers, judged, spoken
from xnai_pipelines.evaluation.intervals import Estimate, bootstrap_mean, paired_difference
from xnai_pipelines.evaluation.markdown import markdown_table
from xnai_pipelines.language_model.server import LEFT_ALONE
from xnai_pipelines.questions.question import Question
from xnai_pipelines.wording import counted

TryBoth: TypeAlias = Callable[[Question], "Tried"]
"""Answers a question with quotes and with the model, with and without the documents that answer it."""


@dataclass(frozen=True, slots=True)
class BothAnswers:
    """Both answers to one question.

    Attributes:
        quotes: The answer that quotes; none if it is refused.
        quotes_seconds: Time of that.
        written: What the model wrote; None if it was not asked, since the question is refused.
        seconds: Time of the answer with the model.
    """

    quotes: tuple[Sentence, ...]
    quotes_seconds: float
    written: Written | None
    seconds: float

    @property
    def shown(self) -> tuple[Sentence, ...]:
        """The answer that a user with the model gets: quotes if the model failed or wrote nothing proven."""
        return self.written.sentences if self.written and self.written.sentences else self.quotes

    @property
    def declined(self) -> bool:
        """Whether the question is refused, or the model replied and wrote nothing proven."""
        return not self.quotes or (self.written is not None and not self.written.failure and not self.written.sentences)


@dataclass(frozen=True, slots=True)
class Tried:
    """A question asked of the release, and of the release without the documents that answer it."""

    whole: BothAnswers
    removed: BothAnswers


@dataclass(frozen=True, slots=True)
class PairedFigure:
    """A figure of quotes and of the model on the same questions, and the paired difference: model - quotes."""

    quotes: Estimate
    model: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The figures of a language model on one set of questions.

    Attributes:
        release: Number of the release.
        model: Name of the model.
        questions: Number of questions.
        with_gold: Number of them whose answers are known; figures that need these are missing if it is 0.
        requests: Number of replies that the model was asked for.
        failures: How many of them failed, by reason.
        compared: Figures beside those of quotes, see `COMPARED`.
        model_alone: Figures that only a model has, see `ALONE`.
        p95_seconds: 95th percentile of the time of an answer with the model.
    """

    release: int
    model: str
    questions: int
    with_gold: int
    requests: int
    failures: Mapping[str, int]
    compared: Mapping[str, PairedFigure]
    model_alone: Mapping[str, Estimate]
    p95_seconds: float

    @property
    def server_was_away(self) -> bool:
        """Whether the server was left alone after failures, or no request had a reply: to be measured again."""
        return LEFT_ALONE in self.failures or 0 < self.requests == sum(self.failures.values())


COMPARED = {
    "answer_said": "the answer has the words of the known answer",
    **{
        name: MEANINGS[name]
        for name in (
            *("answer_in_first", "token_f1"),
            *("document_cited_first", "citation_precision", "citation_recall", "quotes_exact"),
        )
    },
    "wrongly_refused": "refused although a document answers; or the model wrote nothing proven, and quotes are shown",
    "rightly_refused": "the same once the documents that answer are taken away",
    "seconds": "time of an answer",
}
ALONE = {
    "answered": "share of its replies of which something is proven; else quotes are shown",
    "verbatim": "share of its sentences that quote",
    "supported": "share of its sentences that the evidence says in other words",
    "unsupported": "share of its sentences that nothing proves",
    "prompt_tokens": "tokens that a reply read, as the server counts",
    "reply_tokens": "tokens that a reply wrote",
}


def evaluate_model(
    known: KnownAnswers, attempt: TryBoth, release: int, model: str, advance: Callable[[], object]
) -> ModelReport:
    """Return the figures of answers as users get them: a refusal is no answer, and after a failure quotes are shown.

    Args:
        known: The questions and their answers.
        attempt: Answers a question.
        release: Number of the release that answers.
        model: Name of the model.
        advance: Called after each question.
    """
    quotes: dict[str, list[float]] = defaultdict(list)
    with_model: dict[str, list[float]] = defaultdict(list)
    replies: list[Written] = []
    for question in known.questions:
        tried = attempt(question)
        for name, value in _figures(tried.whole.quotes, question, known).items():
            quotes[name].append(value)
        for name, value in _figures(tried.whole.shown, question, known).items():
            with_model[name].append(value)
        for name, one in (("wrongly_refused", tried.whole), ("rightly_refused", tried.removed)):
            quotes[name].append(float(not one.quotes))
            with_model[name].append(float(one.declined))
        quotes["seconds"].append(tried.whole.quotes_seconds)
        with_model["seconds"].append(tried.whole.seconds)
        replies += [one.written for one in (tried.whole, tried.removed) if one.written]
        advance()
    return ModelReport(
        release=release,
        model=model,
        questions=len(known.questions),
        with_gold=known.with_gold,
        requests=len(replies),
        failures=dict(Counter(reply.failure for reply in replies if reply.failure)),
        compared={name: _compared(quotes[name], with_model[name]) for name in COMPARED if name in quotes},
        model_alone={name: bootstrap_mean(each, seed=0) for name, each in _alone(replies).items() if each},
        p95_seconds=round(float(np.percentile(with_model["seconds"], 95)), 3),
    )


def _figures(sentences: Sequence[Sentence], question: Question, known: KnownAnswers) -> dict[str, float]:
    found = judged(sentences, question, known)
    if gold := known.of(question):
        said = _spaced(sentence.text for sentence in sentences)
        found["answer_said"] = float(any(_spaced([answer.text]) in said for answer in gold))
    return found


def _spaced(texts: Iterable[str]) -> str:
    """Return the words, each between spaces, so that runs of whole words are found in one another."""
    return f" {' '.join(word for text in texts for word in spoken(text))} "


def _compared(quotes: Sequence[float], model: Sequence[float]) -> PairedFigure:
    return PairedFigure(bootstrap_mean(quotes, 0), bootstrap_mean(model, 0), paired_difference(quotes, model, 0))


def _alone(replies: Sequence[Written]) -> dict[str, list[float]]:
    """Return the values of each figure by reply: a reply that failed counts for none but its sentences and tokens."""
    wrote = [reply.states for reply in replies if reply.states]
    usages = [reply.usage for reply in replies if reply.usage]
    return {
        "answered": [float(bool(reply.sentences)) for reply in replies if not reply.failure],
        **{str(state): [float(np.mean([one is state for one in states])) for states in wrote] for state in State},
        "prompt_tokens": [float(usage.prompt_tokens) for usage in usages],
        "reply_tokens": [float(usage.reply_tokens) for usage in usages],
    }


def model_sentence(report: ModelReport) -> str:
    """Return in a sentence what was asked, and what failed."""
    failed = ", ".join(f"{number} {reason}" for reason, number in report.failures.items())
    return (
        f"{report.model} was asked {counted(report.requests, 'time')} about "
        f"{counted(report.questions, 'test question')}; failed: {failed or 'none'}."
    )


def model_tables(report: ModelReport) -> tuple[tuple[list[str], list[list[str]]], tuple[list[str], list[list[str]]]]:
    """Return columns and rows of the figures beside those of quotes, and of those that only a model has."""
    beside = [
        [
            _label(name),
            f"{found.quotes.mean:.3f}",
            f"{found.model.mean:.3f}",
            f"{found.difference.mean:+.3f}",
            f"{found.difference.low:+.3f} to {found.difference.high:+.3f}",
        ]
        for name, found in report.compared.items()
    ]
    alone = [
        [_label(name), f"{found.mean:,.3f}", f"{found.low:,.3f} to {found.high:,.3f}"]
        for name, found in report.model_alone.items()
    ]
    return (
        (["figure", "quotes", "with the model", "difference", "95 % CI, paired"], beside),
        (["figure", "value", "95 % CI"], alone),
    )


def model_markdown(report: ModelReport) -> str:
    """Return the figures as tables with what they mean, and what failed."""
    parts = [model_sentence(report)]
    for (columns, rows), meanings in zip(model_tables(report), (COMPARED, ALONE), strict=True):
        by_label = {_label(name): meaning for name, meaning in meanings.items()}
        parts.append(markdown_table([*columns, "meaning"], [[*row, by_label[row[0]]] for row in rows]))
    return "\n\n".join(parts)


def _label(name: str) -> str:
    return name.replace("_", " ")
