"""One question to one release: evidence, then an answer in which every sentence is cited, or a refusal."""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from xnai_pipelines.answers.answer import Answer, Citation, Refusal, Sentence, Usage
from xnai_pipelines.answers.evidence import BUDGET_TOKENS, Evidence, choose_evidence
from xnai_pipelines.answers.extractive import chosen_units, citation_of, quoted
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.refusal import NO_POLICY, RefusalPolicy
from xnai_pipelines.answers.scoring import Scored, score
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.search.query import NO_FILTERS, Filters

ANSWERS_VERSION = 1  # raised when the same release and question give another answer
EXTRACTIVE = "extractive"
NEAREST = 3  # passages that a refusal names


@dataclass(frozen=True, slots=True)
class Written:
    """How a language model's answer ended: who wrote it, what failed or was left out, and what it cost."""

    answerer: str
    notes: tuple[str, ...] = ()
    usage: Usage | None = None


Answerer: TypeAlias = Callable[[str, Sequence[Evidence]], Generator[Sentence, None, Written]]
"""Yields the verified sentences of an answer from evidence. It never raises: a failure is in the notes."""


def ask(
    passages: Passages,
    question: str,
    *,
    policy: RefusalPolicy = NO_POLICY,
    answerer: Answerer | None = None,
    filters: Filters = NO_FILTERS,
    budget_tokens: int = BUDGET_TOKENS,
) -> Answer:
    """Return the answer of a release, as `stream` does when it has ended."""
    return Streamed(
        stream(passages, question, policy=policy, answerer=answerer, filters=filters, budget_tokens=budget_tokens)
    ).drained()


def stream(
    passages: Passages,
    question: str,
    *,
    policy: RefusalPolicy = NO_POLICY,
    answerer: Answerer | None = None,
    filters: Filters = NO_FILTERS,
    budget_tokens: int = BUDGET_TOKENS,
) -> Generator[Sentence, None, Answer]:
    """Yield the sentences of an answer as soon as each is verified; return the whole answer.

    It quotes the documents unless an answerer writes it. A refusal has no sentences. Closing the generator stops the
    answerer.

    Whether to refuse is decided before anything is written, from the evidence alone. If the answerer writes nothing,
    the answer quotes the documents and says why.

    Args:
        passages: The release.
        question: What a person asks; search operators work.
        policy: How sure the release has to be.
        answerer: Writes the answer; None quotes the documents.
        filters: Which documents may answer.
        budget_tokens: Max tokens of the evidence, estimated.

    Raises:
        QueryError: The question is empty, too long or has no word.
    """
    started = time.perf_counter()
    weighed = weigh(passages, question, filters=filters, budget_tokens=budget_tokens)
    answer = Answer("", question, passages.index.release.release, EXTRACTIVE)
    if not weighed.scored.units or weighed.scored.confidence < policy.threshold:
        answer = replace(answer, refusal=refused(weighed.evidence))
    else:
        sentences: list[Sentence] = []
        if answerer:
            merged = choose_evidence(passages, question, budget_tokens=budget_tokens, filters=filters)
            written = Streamed(answerer(question, merged))
            for sentence in written:
                sentences.append(sentence)
                yield sentence
            ended = written.result
            answer = replace(answer, notes=ended.notes, usage=ended.usage)
            if sentences:
                answer = replace(answer, answerer=ended.answerer)
        if not sentences:
            sentences += weighed.sentences()
            yield from sentences
        answer = replace(answer, sentences=tuple(sentences))
    parameters = {"version": ANSWERS_VERSION, "threshold": policy.threshold, "budget_tokens": budget_tokens}
    return replace(answer, answer_id=answer_digest(answer, parameters), seconds=round(time.perf_counter() - started, 4))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The evidence for a question and how well its parts answer; `question` is what was understood."""

    question: str
    evidence: Sequence[Evidence]
    scored: Scored

    def sentences(self) -> tuple[Sentence, ...]:
        """Return the answer in the documents' own words."""
        return tuple(quoted(unit, self.evidence) for unit in chosen_units(self.question, self.scored.units))

    def best(self, most: int) -> tuple[Citation, ...]:
        """Return the citations of the parts that answer best."""
        return tuple(
            citation_of(self.evidence[unit.evidence], unit.start, unit.end) for unit in self.scored.units[:most]
        )


def weigh(
    passages: Passages,
    question: str,
    *,
    filters: Filters = NO_FILTERS,
    budget_tokens: int = BUDGET_TOKENS,
    without: Collection[str] = (),
) -> Weighed:
    """Return the evidence for a question and how well its parts answer.

    Args:
        passages: The release.
        question: What a person asks.
        filters: Which documents may answer.
        budget_tokens: Max tokens of the evidence, estimated.
        without: Documents that may not be used, as if they were not there.

    Raises:
        QueryError: The question is empty, too long or has no word.
    """
    evidence = choose_evidence(
        passages, question, budget_tokens=budget_tokens, filters=filters, without=without, merge=False
    )
    understood = passages.index.understood(question, filters).text
    return Weighed(understood, evidence, score(passages, understood, evidence))


def refused(evidence: Sequence[Evidence]) -> Refusal:
    """Return the refusal that names the nearest passages."""
    if not evidence:
        return Refusal("There are no documents to answer from.", ())
    nearest: dict[tuple[str, float], Evidence] = {}
    for one in evidence:  # a short passage and the neighbours that it took in have one score: one of them is named
        nearest.setdefault((one.document_id, one.score), one)
    named = [citation_of(one, one.start, one.end) for one in nearest.values()]
    return Refusal("The documents do not answer this.", tuple(named[:NEAREST]))


def answer_digest(answer: Answer, parameters: Mapping[str, object]) -> str:
    """Return the digest of an answer's question, release, answerer, parameters and content: 32 hexadecimal digits."""
    content = asdict(replace(answer, answer_id="", usage=None, seconds=0.0))
    text = json.dumps([content, parameters], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def context_block(passages: Passages, question: str, *, budget_tokens: int, filters: Filters = NO_FILTERS) -> str:
    """Return the evidence as numbered text for another system's prompt; each piece has its source before it."""
    evidence = choose_evidence(passages, question, budget_tokens=budget_tokens, filters=filters)
    return "\n\n".join(f"[{at}] {_named(one)}\n{one.text}" for at, one in enumerate(evidence, start=1))


def _named(one: Evidence) -> str:
    headings = " > ".join(one.heading_path)
    page = f", {one.page}" if one.page else ""
    return f"{one.source}{f' ({headings})' if headings else ''}{page}"
