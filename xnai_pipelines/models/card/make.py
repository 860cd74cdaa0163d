"""The precision card: every variant made from the current base weights, measured on this corpus."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.cache import VectorCache, passage_vectors
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import cpu_flags
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.encoders.spread import Spread
from xnai_pipelines.errors import CardError
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.models.calibration import held_out_texts, read_set
from xnai_pipelines.models.card.card import FULL_PRECISION, Card, VariantChoice, VariantFigures
from xnai_pipelines.models.card.logged import log_card
from xnai_pipelines.models.card.markdown import card_markdown
from xnai_pipelines.models.card.measure import Material, MeasuredVariant, measure_variant, questions_to_judge
from xnai_pipelines.models.card.plots import pareto_plot
from xnai_pipelines.models.card.policy import Policy, choose
from xnai_pipelines.models.card.searched import search_pool
from xnai_pipelines.models.card.stored_vectors import measure_stored_vectors
from xnai_pipelines.models.make import QuantizedModelReport, model_reports
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.index import RANKING_VERSION, SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.table_rows import TableRows
from xnai_pipelines.state.context import Advance, StageContext, stage
from xnai_pipelines.state.layout import Home, write_bytes
from xnai_pipelines.state.manifest import EncoderCandidate, now, record_candidate
from xnai_pipelines.state.measured import content_hash, logged_once, measured_once
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import embeddings_spec
from xnai_pipelines.state.table_reading import vectors_of
from xnai_pipelines.state.tracker import MlflowRun, Tracker

HELD_OUT_TEXTS = 200
MIN_HELD_OUT = 3
STORED_VECTORS = 20_000  # max number of vectors tried in other formats
PROBE_SECONDS = 300.0
FIGURES_VERSION = 2  # raised when the same models and texts give other figures

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KeptCard:
    """The last card and a hash of what it was measured on; without an MLflow run it has not been logged yet."""

    fingerprint: str
    card: Card
    mlflow_run: MlflowRun | None


@dataclass(frozen=True, slots=True)
class CardOutcome:
    """The card with the policy's choice, its plot as PNG, and whether this run measured it."""

    card: Card
    plot: bytes
    kept: KeptCard
    measured: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """What a card compares: the release that is searched, the variants, the questions with their origin as a phrase."""

    index: SearchIndex
    reports: Sequence[QuantizedModelReport]
    questions: Sequence[Question]
    origin: str
    threads: int
    max_chunks: int


def make_card(
    context: StageContext, tracker: Tracker, base: EncoderSpec, policy: Policy, *, threads: int, max_chunks: int
) -> CardOutcome:
    """Return the card of the variants made from the base weights, measured again only if something changed.

    The choice is made on every call, so another policy needs no measurement. The card is written to disk before it is
    logged to MLflow: the next run logs what this one could not.

    Raises:
        ReleaseError: Nothing is released yet.
        CardError: fp32 was not exported, or there are too few held-out texts.
        TrackingUnavailableError: MLflow cannot be reached.
    """
    path = _card_path(context.home)
    with stage(context, "precision_card") as watch:
        index = SearchIndex.open(context.home.root, threads=threads)
        reports = [report for report in model_reports(context.home) if _is_current(context, report, base)]
        questions, origin = questions_to_judge(read_questions(context.tables))
        comparison = _Comparison(
            index=index, reports=reports, questions=questions, origin=origin, threads=threads, max_chunks=max_chunks
        )
        state = _fingerprint(context, comparison)

        def measure(_: KeptCard | None) -> KeptCard:
            watch.items = len(reports)
            return KeptCard(state, _measure(context, comparison), None)

        kept, measured = measured_once(path, state, measure, KeptCard)
        card = replace(kept.card, choice=choose(kept.card, policy))
        kept = replace(kept, card=card)
        write_record(path, kept)
        plot = pareto_plot(card)
        folder = context.home.reports / "precision_card"
        write_bytes(folder / "card.md", card_markdown(card).encode())
        write_bytes(folder / "pareto.png", plot)
        tags = {"dagster_run_id": context.run_id, "release": str(index.release.release)}
        kept = logged_once(path, kept, lambda: log_card(tracker, card, fingerprint=state, plot=plot, tags=tags))
    return CardOutcome(card=card, plot=plot, kept=kept, measured=measured, seconds=watch.seconds)


def choose_candidate(context: StageContext, policy: Policy) -> tuple[EncoderCandidate | None, VariantChoice]:
    """Record the policy's pick from the last card for the next release; record nothing if none qualifies.

    Raises:
        CardError: There is no card.
    """
    with stage(context, "candidate_encoder"):
        card = last_card(context.home)
        choice = choose(card, policy)
        candidate = None
        if choice.variant is not None and choice.vector_space is not None:
            candidate = EncoderCandidate(
                variant=choice.variant,
                vector_space=choice.vector_space,
                base_sha256=card.base_sha256,
                chosen_at=now(),
                reasons=choice.reasons,
            )
        record_candidate(context.home.releases, candidate)
    return candidate, choice


def last_card(home: Home) -> Card:
    """Return the last card, with the choice made from it.

    Raises:
        CardError: There is no card.
        RecordError: The card is damaged.
    """
    kept = read_record(_card_path(home), KeptCard)
    if kept is None:
        raise CardError("No precision card has been measured yet. `xnai quantize` makes and measures the variants.")
    return kept.card


def _card_path(home: Home) -> Path:
    return home.state / "precision_card.json"


def _is_current(context: StageContext, report: QuantizedModelReport, base: EncoderSpec) -> bool:
    """Return whether a variant is made from these weights and still exists; its calibration set may be older."""
    return report.base_sha256 == base.weights_sha256 and (context.home.models / report.vector_space).is_dir()


def _measure(context: StageContext, comparison: _Comparison) -> Card:
    """Return the card of the variants, without a choice.

    Raises:
        CardError: fp32 was not exported, or there are too few held-out texts.
    """
    reports, questions = comparison.reports, comparison.questions
    full_report = next((report for report in reports if report.variant == FULL_PRECISION), None)
    if full_report is None:
        raise CardError("The variant fp32, the reference of all others, has not been made. `xnai quantize` makes it.")
    held_out = held_out_texts(context, HELD_OUT_TEXTS)
    if len(held_out) < MIN_HELD_OUT:
        raise CardError(
            f"Only {len(held_out)} passages are held out from calibration; comparing vectors needs at least "
            f"{MIN_HELD_OUT}. Ingest more documents."
        )
    material, corpus, stored = _material(context, comparison, held_out)
    measured = _measured(context, comparison, material)
    full = measured[FULL_PRECISION].vectors
    return Card(
        made_at=datetime.now(UTC),
        base=full_report.base,
        base_sha256=full_report.base_sha256,
        calibration_sha256=next((r.calibration_sha256 for r in reports if r.calibration_sha256), None),
        corpus=corpus,
        held_out=len(held_out),
        questions=len(questions),
        origin=comparison.origin,
        mode=Mode.HYBRID.value,
        cpu_flags=cpu_flags(),
        threads=comparison.threads,
        variants=tuple(measured[v.name].figures for v in VARIANTS if v.name in measured),
        stored_vectors=measure_stored_vectors(stored, full.pool.questions if len(questions) else full.held_out)
        if full is not None
        else (),
    )


def _measured(context: StageContext, comparison: _Comparison, material: Material) -> dict[str, MeasuredVariant]:
    """Return the figures and vectors of each variant by name; fp32 is measured first, as the others' reference."""
    measured: dict[str, MeasuredVariant] = {}
    spread = Spread(context.engine, context.home.shards)
    texts = len({*material.held_out, *material.pool})
    ordered = sorted(comparison.reports, key=lambda report: report.variant != FULL_PRECISION)
    with (
        VectorCache(context.home.vector_cache) as cache,
        context.progress.work("precision_card", texts * len(ordered), "passages") as advance,
    ):
        for report in ordered:
            measured[report.variant] = measure_variant(
                _known(report),
                context.home.models / report.vector_space,
                material=material,
                full=measured.get(FULL_PRECISION),
                threads=comparison.threads,
                timeout=PROBE_SECONDS,
                encode=lambda encoder, passages: _encoded(encoder, cache, passages, advance, spread),
            )
    return measured


def _material(context: StageContext, comparison: _Comparison, held_out: Sequence[str]) -> tuple[Material, str, Vectors]:
    """Return the material to measure on, a phrase for the pool, and vectors of the release's table."""
    index, questions = comparison.index, comparison.questions
    spec = embeddings_spec(index.release.embeddings_table, index.release.dimension)
    pool, asked = search_pool(context.tables, index, questions, comparison.max_chunks)
    chosen = frozenset(pool.chunk_ids)
    passages: dict[str, str] = {}
    vectors: list[Vectors] = []
    for batch in context.tables.stream(spec, ["chunk_id", "passage", "vector"], rows=4_096):
        pairs = zip(batch["chunk_id"].to_pylist(), batch["passage"].to_pylist(), strict=True)
        passages.update({chunk_id: passage for chunk_id, passage in pairs if chunk_id in chosen})
        if sum(map(len, vectors)) < STORED_VECTORS:
            vectors.append(vectors_of(batch))
    material = Material(
        held_out=held_out,
        questions=[question.question for question in questions],
        pool=[passages[chunk_id] for chunk_id in pool.chunk_ids],
        asked=asked if questions else None,
        vector_weight=index.policy.vector_weight,
    )
    return material, pool.statement, np.concatenate(vectors)[:STORED_VECTORS]


def _encoded(
    encoder: Encoder, cache: VectorCache, passages: Sequence[str], advance: Advance, spread: Spread
) -> Vectors:
    vectors, _ = passage_vectors(encoder, cache, passages, advance, spread=spread)
    return vectors


def _known(report: QuantizedModelReport) -> VariantFigures:
    variant = next(variant for variant in VARIANTS if variant.name == report.variant)
    return VariantFigures(
        name=variant.name,
        vector_space=report.vector_space,
        runtime=variant.runtime,
        cosine_floor=variant.cosine_floor,
        shipped_bytes=report.shipped_bytes,
        ratio=report.ratio,
        bits_per_weight=report.bits_per_weight,
        quantization_seconds=report.seconds,
    )


def _fingerprint(context: StageContext, comparison: _Comparison) -> str:
    """Return a hash of everything that the figures depend on."""
    release = comparison.index.release
    known = read_set(context.home)
    return content_hash(
        FIGURES_VERSION,
        RANKING_VERSION,
        release.vector_space,
        TableRows.of(context.tables.open(release.embeddings_table)).hash(),
        question_set(comparison.questions),
        [(report.variant, report.vector_space, report.seconds) for report in comparison.reports],
        known.chosen if known else (),
        cpu_flags(),
        comparison.threads,
        comparison.max_chunks,
    )
