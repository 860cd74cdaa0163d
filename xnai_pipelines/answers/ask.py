"""One question to one release: evidence, then an answer in which every sentence is cited, or a refusal."""

import hashlib
import json
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from xnai_pipelines.answers.answer import Answer, Citation, Parameters, Refusal, Sentence, State
from xnai_pipelines.answers.asked_for import asked_for
from xnai_pipelines.answers.conversation import Rewriter, Turn, standalone
from xnai_pipelines.answers.evidence import BUDGET_TOKENS, Evidence, Extent, choose_evidence
from xnai_pipelines.answers.extractive import chosen_units, distinct, quoted, quotes, summed, tells
from xnai_pipelines.answers.overview import overview
from xnai_pipelines.answers.overview_questions import asks_for_overview
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.preferred import preferred
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.answers.scoring import Scored, score
from xnai_pipelines.answers.superlatives import is_superlative
from xnai_pipelines.answers.totals import asks_for_total
from xnai_pipelines.language_model.completion import Usage
from xnai_pipelines.search.query import NO_FILTERS, Filters
from xnai_pipelines.search.query import asked as taken_apart

ANSWERS_VERSION = 14  # raised when the same release and question give another answer
EXTRACTIVE = "extractive"
CARRIED = 0.5  # of the score for the question with what was carried over, beside 1 for what is asked now
NEAREST = 3  # passages that a refusal names
DOUBTFUL = "The documents may not answer this: what comes closest is quoted."


@dataclass(frozen=True, slots=True)
class Written:
    """What a language model made of the evidence.

    Attributes:
        answerer: Name of the model.
        sentences: What is shown of it; none if nothing is proven.
        notes: What a reader should know.
        usage: Tokens, None if they were not counted.
        failure: Why the reply broke off or never came; "" if it has an end.
        states: State of each sentence that it wrote, shown or not.
    """

    answerer: str
    sentences: tuple[Sentence, ...]
    notes: tuple[str, ...] = ()
    usage: Usage | None = None
    failure: str = ""
    states: tuple[State, ...] = ()


Answerer: TypeAlias = Callable[[str, Sequence[Evidence]], Generator[Sentence, None, Written]]
"""Yields the verified sentences of an answer from evidence. It never raises: a failure is in the notes."""


def stream(prepared: "Prepared", answerer: Answerer | None, started: float) -> Generator[Sentence, None, Answer]:
    """Yield the sentences of an answer as soon as each is verified, none of a refusal; return the whole answer.

    If the answerer writes nothing, the answer quotes the documents and says why. Closing the generator stops it.

    Args:
        prepared: The answer that quotes or refuses, and the evidence.
        answerer: Writes the answer; None quotes the documents.
        started: When the question was asked, by `time.perf_counter`.
    """
    written = None
    if answerer and prepared.evidence:
        written = yield from answerer(prepared.quoting.asked, prepared.evidence)
    if not written or not written.sentences:
        yield from prepared.quoting.sentences
    return prepared.answered(written, time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The answer that quotes the documents or refuses, and what another answerer may write from.

    Attributes:
        quoting: The answer, without its id.
        evidence: What an answerer writes from; empty for a refusal, or if nobody writes.
    """

    quoting: Answer
    evidence: tuple[Evidence, ...]

    def answered(self, written: Written | None, seconds: float) -> Answer:
        """Return the answer with its id: the sentences that an answerer wrote, else those that quote.

        Args:
            written: What an answerer made of the evidence, None if nobody wrote.
            seconds: Time that it all took.
        """
        answer = self.quoting
        if written:
            answer = replace(answer, notes=answer.notes + written.notes, usage=written.usage)
            if written.sentences:
                answer = replace(answer, answerer=written.answerer, sentences=written.sentences)
        return replace(answer, answer_id=answer_digest(answer), seconds=round(seconds, 4))


def prepare(
    passages: Passages,
    question: str,
    *,
    policy: RefusalPolicy,
    filters: Filters,
    history: Sequence[Turn],
    rewriter: Rewriter | None = None,
    to_write: bool,
) -> Prepared:
    """Return the answer that quotes or refuses, and with `to_write` the evidence for another answerer.

    Whether to refuse is decided before anything is written, from the evidence alone.

    Args:
        passages: The release.
        question: What a person asks; search operators work.
        policy: How sure the release has to be.
        filters: Which documents may answer.
        history: What was asked before, the oldest first.
        rewriter: Completes a question that means something said before; None carries words over.
        to_write: Whether an answerer will write.

    Raises:
        QueryError: The question is empty, too long or has no word.
    """
    asked = standalone(question, history, passages.telling_words, rewriter)
    parameters = Parameters(ANSWERS_VERSION, policy, BUDGET_TOKENS, filters)
    answer = Answer("", question, asked, passages.index.release.release, EXTRACTIVE, parameters)
    return prepare_again(passages, answer, to_write=to_write)


def prepare_again(passages: Passages, answer: Answer, *, to_write: bool) -> Prepared:
    """Return what `prepare` does for the question and parameters of an answer, whose content is not looked at."""
    asked, how = answer.asked, answer.parameters
    empty = replace(answer, answer_id="", answerer=EXTRACTIVE, sentences=(), refusal=None, notes=(), signature=None)
    if asks_for_overview((what := taken_apart(asked, how.filters)).text):
        themes, told = overview(passages, what)
        if themes:
            sentences = tuple(quoted(theme, told) for theme in themes)
            return Prepared(replace(empty, sentences=sentences), tuple(told) if to_write else ())
    own = answer.question if asked != answer.question and passages.telling_words(answer.question) else None
    weighed = weigh(passages, asked, own, filters=how.filters, budget_tokens=how.budget_tokens)
    scored = weighed.scored
    sentences = () if not scored.units or how.policy.refuses(scored.features) else weighed.sentences()
    if not sentences:
        return Prepared(replace(empty, refusal=refused(weighed.evidence)), ())
    notes = (DOUBTFUL,) if how.policy.doubts(scored.features) or not tells(weighed.question, sentences) else ()
    evidence: Sequence[Evidence] = ()
    if to_write:
        evidence = choose_evidence(passages, asked, budget_tokens=how.budget_tokens, filters=how.filters)
    return Prepared(replace(empty, sentences=sentences, notes=notes), tuple(evidence))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The evidence for a question and how well its parts answer; `question` is what was understood."""

    question: str
    evidence: Sequence[Evidence]
    scored: Scored

    def sentences(self) -> tuple[Sentence, ...]:
        """Return the answer in the documents' own words; none if it is a total that no rows surely add up to."""
        chosen = chosen_units(self.question, self.scored.units, self.evidence)
        if asks_for_total(self.question) and chosen and chosen[0].names:
            found = summed(self.question, self.scored.units, self.evidence)
            return (found,) if found else ()
        return quotes(self.question, chosen, self.evidence)

    def best(self, most: int) -> tuple[Citation, ...]:
        """Return the citations of the parts that answer best."""
        return tuple(
            self.evidence[unit.evidence].cite(unit.start, unit.end)
            for unit in distinct(self.scored.units, self.evidence, most)
        )


def weigh(
    passages: Passages,
    question: str,
    own: str | None = None,
    *,
    filters: Filters = NO_FILTERS,
    budget_tokens: int = BUDGET_TOKENS,
) -> Weighed:
    """Return the evidence for a question and how well its parts answer.

    Args:
        passages: The release.
        question: What a person asks.
        own: The same without what was carried over from questions before: that would outweigh what is asked now when
            the parts of passages are compared, so it counts less. None if nothing was.
        filters: Which documents may answer.
        budget_tokens: Max tokens of the evidence, estimated.

    Raises:
        QueryError: The question is empty, too long or has no word.
    """
    # every row of a table may be the largest, and is a part of the sum
    whole = is_superlative(question) or asks_for_total(question)
    extent = Extent.WHOLE_TABLES if whole else Extent.PASSAGES
    evidence = choose_evidence(passages, question, budget_tokens=budget_tokens, filters=filters, extent=extent)
    understood = passages.index.understood(question, filters).text
    scored = score(passages, understood, evidence)
    if own is not None:
        units = score(passages, own, evidence).units
        carried = {(unit.evidence, unit.start): CARRIED * unit.score for unit in scored.units}
        both = (replace(unit, score=unit.score + carried[unit.evidence, unit.start]) for unit in units)
        scored = replace(scored, units=tuple(sorted(both, key=lambda unit: -unit.score)))
    asked = taken_apart(question, filters).text
    told = asked if asked_for(asked) else understood  # "born" may be corrected to a word that the documents have
    return Weighed(told, evidence, replace(scored, units=tuple(preferred(told, scored.units, evidence))))


def refused(evidence: Sequence[Evidence]) -> Refusal:
    """Return the refusal that names the nearest passages."""
    if not evidence:
        return Refusal("There are no documents to answer from.", ())
    nearest: dict[tuple[str, float], Evidence] = {}
    for one in evidence:  # a short passage and the neighbours that it took in have one score: one of them is named
        nearest.setdefault((one.document_id, one.score), one)
    named = [one.cite(one.start, one.end) for one in nearest.values()]
    return Refusal("The documents do not answer this.", tuple(named[:NEAREST]))


def answer_digest(answer: Answer) -> str:
    """Return the digest of all of an answer but notes, cost, time and signature: 32 hexadecimal digits."""
    content = asdict(replace(answer, answer_id="", notes=(), usage=None, seconds=0.0, signature=None))
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def context_block(passages: Passages, question: str, *, budget_tokens: int, filters: Filters) -> str:
    """Return the evidence as numbered text for another system's prompt; each piece has its source before it."""
    evidence = choose_evidence(passages, question, budget_tokens=budget_tokens, filters=filters)
    return "\n\n".join(f"[{at}] {_named(one)}\n{one.text}" for at, one in enumerate(evidence, start=1))


def _named(one: Evidence) -> str:
    headings = " > ".join(one.heading_path)
    page = f", {one.page}" if one.page else ""
    return f"{one.source}{f' ({headings})' if headings else ''}{page}"
