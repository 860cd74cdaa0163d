"""Measures encoders on the home's corpus and questions."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from xnai_pipelines.encoders.cache import VectorCache, passage_vectors
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.specification import read_encoder_file
from xnai_pipelines.encoders.spread import Spread
from xnai_pipelines.errors import CardError, NothingToEvaluateError
from xnai_pipelines.evaluation.intervals import Estimate, bootstrap_mean, paired_difference
from xnai_pipelines.evaluation.policy import MIN_QUESTIONS, WEIGHTS, choose_policy, questions_to_choose_on
from xnai_pipelines.models.card.measure import questions_to_judge
from xnai_pipelines.models.card.ranking import AskedPool, EncodedPool, PerQuestion, hybrid_ndcg, vector_ndcg
from xnai_pipelines.models.card.searched import search_pool
from xnai_pipelines.models.encoder_comparison.candidates import ComparedEncoder, build_candidates
from xnai_pipelines.models.encoder_comparison.card import EncoderCard, EncoderFigures
from xnai_pipelines.models.encoder_comparison.markdown import card_markdown
from xnai_pipelines.questions.make import read_questions, why_untested
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.context import Advance, StageContext, stage
from xnai_pipelines.state.layout import Home, write_bytes
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import DOCUMENTS, embeddings_spec

TIMED_PASSAGES = 50
LANGUAGE_QUESTIONS = 30  # min test questions of a language that has a figure of its own


@dataclass(frozen=True, slots=True)
class _Material:
    """The questions, the tested ones first, with the languages of their answers, and what is searched."""

    questions: Sequence[Question]
    tested: int
    languages: Sequence[str | None]
    passages: Sequence[str]
    asked: AskedPool
    corpus: str


@dataclass(frozen=True, slots=True)
class _Measured:
    figures: EncoderFigures
    hybrid: PerQuestion


def compare_encoders(
    context: StageContext, names: Sequence[str], *, weight: float | None, threads: int, max_chunks: int
) -> EncoderCard:
    """Measure the current encoder and those of the names, and keep the card.

    Hybrid search of each has the weight that is best for it on the train and validation questions. The figures are of
    the test questions. Passages are those of the current release, cut to its chunk size.

    Args:
        context: Stage context.
        names: Values of XNAI_ENCODER.
        weight: The vectors' share as set by the user; None to choose it for each encoder.
        threads: Number of passages encoded in parallel.
        max_chunks: Max chunks searched.

    Raises:
        ReleaseError: Nothing is released yet.
        NothingToEvaluateError: There are no questions.
    """
    with stage(context, "encoder_card") as watch:
        index = SearchIndex.open(context.home.root, threads=threads)
        known = read_questions(context.tables)
        tested, origin = questions_to_judge(known)
        if not tested:
            raise NothingToEvaluateError(f"Encoders cannot be compared. {why_untested(context.home, context.tables)}")
        # questions of all splits are tested on only if none is of the test split: then none is left to choose on
        of_test = all(question.split is Split.TEST for question in tested)
        choosing = questions_to_choose_on(known, tested[0].origin, index.release) if of_test else []
        material = _material(context, index, tested=tested, choosing=choosing, max_chunks=max_chunks)
        candidates, failed = build_candidates(context, index.release, names)
        measured = _measure_all(context, candidates, material, weight=weight, threads=threads)
        watch.items = len(candidates)
        card = EncoderCard(
            made_at=datetime.now(UTC),
            questions=origin,
            chosen_on=len(choosing),
            corpus=material.corpus,
            threads=threads,
            encoders=tuple(one.figures for one in measured),
            failed=failed,
        )
        write_record(_card_path(context.home), card)
        write_bytes(context.home.reports / "encoder_card" / "card.md", card_markdown(card).encode())
    return card


def _measure_all(
    context: StageContext,
    candidates: Sequence[ComparedEncoder],
    material: _Material,
    *,
    weight: float | None,
    threads: int,
) -> list[_Measured]:
    """Return the figures of each encoder, those after the first with their difference to it, the current one."""
    measured: list[_Measured] = []
    spread = Spread(context.engine, context.home.shards)
    total = len(candidates) * (len(material.passages) + len(material.questions))
    with (
        VectorCache(context.home.vector_cache) as cache,
        context.progress.work("encoder_card", total, "texts") as advance,
    ):
        for candidate in candidates:
            encoder = Encoder.load(candidate.folder, threads)
            encoded, cost = _encoded(encoder, cache, material, advance, spread)
            current = measured[0] if measured else None
            measured.append(_measure(candidate, material, encoded, cost, current=current, weight=weight))
    return measured


def last_encoder_card(home: Home) -> EncoderCard:
    """Return the last card.

    Raises:
        CardError: There is none.
        RecordError: It is damaged.
    """
    card = find_encoder_card(home)
    if card is None:
        raise CardError("No encoders have been compared yet. `xnai encoders` compares them.")
    return card


def find_encoder_card(home: Home) -> EncoderCard | None:
    """Return the last card, None if there is none.

    Raises:
        RecordError: It is damaged.
    """
    return read_record(_card_path(home), EncoderCard)


def _card_path(home: Home) -> Path:
    return home.state / "encoder_card.json"


def _material(
    context: StageContext,
    index: SearchIndex,
    *,
    tested: Sequence[Question],
    choosing: Sequence[Question],
    max_chunks: int,
) -> _Material:
    questions = [*tested, *choosing]
    pool, asked = search_pool(context.tables, index, questions, max_chunks)
    spec = embeddings_spec(index.release.embeddings_table, index.release.dimension)
    row = {chunk_id: place for place, chunk_id in enumerate(pool.chunk_ids)}
    passages = [""] * len(row)
    for batch in context.tables.stream(spec, ["chunk_id", "passage"], rows=4_096):
        for chunk_id, passage in zip(batch["chunk_id"].to_pylist(), batch["passage"].to_pylist(), strict=True):
            if chunk_id in row:
                passages[row[chunk_id]] = passage
    language_of = context.tables.pairs(DOCUMENTS, "document_id", "language")
    best = [min(one.relevant, key=lambda relevant: (-relevant.grade, relevant.document_id)) for one in questions]
    return _Material(
        questions=questions,
        tested=len(tested),
        languages=[language_of.get(one.document_id) for one in best],
        passages=passages,
        asked=asked,
        corpus=pool.statement,
    )


@dataclass(frozen=True, slots=True)
class _Cost:
    query_ms: float
    seconds_per_thousand: float


def _encoded(
    encoder: Encoder, cache: VectorCache, material: _Material, advance: Advance, spread: Spread
) -> tuple[EncodedPool, _Cost]:
    """Return the vectors and what encoding took; the time of passages is measured on some, whether cached or not."""
    some = material.passages[:: max(1, len(material.passages) // TIMED_PASSAGES)][:TIMED_PASSAGES]
    started = time.perf_counter()
    encoder.encode_passages(some)
    seconds = 1000 * (time.perf_counter() - started) / len(some)
    passages, _ = passage_vectors(encoder, cache, material.passages, advance, spread=spread)
    vectors, times = [], []
    for question in material.questions:
        started = time.perf_counter()
        vectors.append(encoder.encode_query(question.question))
        times.append(time.perf_counter() - started)
        advance()
    writings = [encoder.writing(question.question) for question in material.questions]
    return EncodedPool(passages, np.stack(vectors), writings), _Cost(1000 * float(np.median(times)), seconds)


def _measure(
    candidate: ComparedEncoder,
    material: _Material,
    encoded: EncodedPool,
    cost: _Cost,
    *,
    current: _Measured | None,
    weight: float | None,
) -> _Measured:
    test, rest = slice(0, material.tested), slice(material.tested, None)
    choosing = material.asked.part(rest), encoded.part(rest)
    tested = material.asked.part(test), encoded.part(test)
    number = len(choosing[0].relevant)
    enough = number >= MIN_QUESTIONS
    # generated questions reuse the documents' words, so they choose no weight
    labelled = material.questions[0].origin is Origin.LABELLED
    by_weight = hybrid_ndcg(*choosing, WEIGHTS) if enough and labelled and weight is None else {}
    policy, _, _ = choose_policy(weight, by_weight, number)
    chosen = policy.vector_weight
    hybrid = hybrid_ndcg(*tested, [chosen])[chosen]
    figures = EncoderFigures(
        name=candidate.name,
        variant=read_encoder_file(candidate.folder).variant,
        current=candidate.current,
        vector_weight=chosen,
        chosen_on=float((by_weight or hybrid_ndcg(*choosing, [chosen]))[chosen].mean()) if enough else None,
        hybrid=bootstrap_mean(hybrid, seed=0),
        vector=bootstrap_mean(vector_ndcg(*tested), seed=0),
        difference=paired_difference(current.hybrid, hybrid, seed=0) if current else None,
        by_language=_by_language(hybrid, material.languages[test]),
        query_ms=cost.query_ms,
        seconds_per_thousand=cost.seconds_per_thousand,
        shipped_bytes=sum(path.stat().st_size for path in candidate.folder.rglob("*") if path.is_file()),
        vector_space=candidate.folder.name,
    )
    return _Measured(figures, hybrid)


def _by_language(values: PerQuestion, languages: Sequence[str | None]) -> dict[str, Estimate]:
    counts = Counter(language for language in languages if language)
    large = sorted(language for language, number in counts.items() if number >= LANGUAGE_QUESTIONS)
    of = np.array([language or "" for language in languages])
    return {language: bootstrap_mean(values[of == language], seed=0) for language in large}
