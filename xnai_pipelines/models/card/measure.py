"""One variant measured: served in a new process, compared with full precision, tested on the questions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.expansion import expanded
from xnai_pipelines.errors import DamagedArtefactError, ProbeError
from xnai_pipelines.evaluation.intervals import paired_difference
from xnai_pipelines.evaluation.metrics import Grades, best_first, measure
from xnai_pipelines.models.card.agreement import agreement
from xnai_pipelines.models.card.card import Retrieval, VariantFigures
from xnai_pipelines.models.card.probe import probe
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.search.document_share import with_documents
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.ranking import FUSED_DEPTH, best_rows, fused

MODES = (Mode.HYBRID, Mode.VECTOR)  # keyword search uses no encoder
PROBED_PASSAGES = 200
PROBED_QUERIES = 200

Vectors = NDArray[np.float32]
PerQuestion = NDArray[np.float64]
Encode = Callable[[Encoder, Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPool:
    """Questions, their answers, and the chunks searched; the same for every variant.

    Attributes:
        document_ids: Document of each of the pool's n chunks.
        keyword: For each of q questions, the BM25 scores of the chunks that keyword search found, by row of the pool.
        relevant: For each question, the grade by document id; at least one is 1 or more.
        vector_weight: Share of the vectors in hybrid search.
    """

    document_ids: Sequence[str]
    keyword: Sequence[Mapping[int, float]]
    relevant: Sequence[Grades]
    vector_weight: float


def ndcg(judged: JudgedPool, passages: Vectors, questions: Vectors) -> dict[str, PerQuestion]:
    """Return nDCG@10 of each question by mode ("hybrid", "vector"): float64 [q].

    Every chunk of the pool is compared, and documents are ranked by their best chunk. But for identifiers,
    `SearchIndex` would do the same on a table with only the pool.

    Args:
        judged: The questions and the pool.
        passages: float32 [n, d], unit length, in the pool's order.
        questions: float32 [q, d], unit length.

    Raises:
        ValueError: The numbers of rows do not match the pool and the questions.
    """
    if len(passages) != len(judged.document_ids) or len(questions) != len(judged.relevant):
        raise ValueError(
            f"{len(passages)} passages and {len(questions)} questions are encoded, but the pool has "
            f"{len(judged.document_ids)} chunks and {len(judged.relevant)} questions."
        )
    passages = with_documents(passages, judged.document_ids)
    rankings: dict[str, list[list[str]]] = {mode: [] for mode in MODES}
    for question, found in zip(questions, judged.keyword, strict=True):
        vector = passages @ question
        keyword = np.zeros(len(passages), np.float32)
        keyword[list(found)] = list(found.values())
        rankings[Mode.VECTOR].append(_documents(judged, vector))
        rankings[Mode.HYBRID].append(_documents(judged, fused(vector, keyword, judged.vector_weight)))
    return {mode: measure(rankings[mode], judged.relevant)["ndcg_at_10"] for mode in MODES}


def compared(full: Mapping[str, PerQuestion], variant: Mapping[str, PerQuestion]) -> dict[str, Retrieval]:
    """Return, by mode, the variant's mean nDCG@10 and its paired difference to full precision on the same questions.

    Raises:
        ValueError: The questions differ, or there are none.
    """
    return {
        str(mode): Retrieval(float(values.mean()), paired_difference(full[mode], values, seed=0))
        for mode, values in variant.items()
    }


def _documents(judged: JudgedPool, scores: Vectors) -> list[str]:
    return best_first(judged.document_ids[row] for row in best_rows(scores, FUSED_DEPTH).tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """The inputs of every measurement.

    Attributes:
        held_out: Passages that calibration never saw, at least 3.
        questions: Texts of the questions, in the order of `judged`; without any, held-out passages are timed as
            queries and compared with each other.
        pool: Texts of the pool's chunks, in the order of `judged`.
        judged: The questions' answers and the pool's ids; None if there are no questions.
    """

    held_out: Sequence[str]
    questions: Sequence[str] = ()
    pool: Sequence[str] = ()
    judged: JudgedPool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MaterialVectors:
    """One variant's vectors of the material: float32 [texts, d] each, of unit length."""

    held_out: Vectors
    questions: Vectors
    pool: Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The figures, and what other variants are compared with; no vectors if it could not be served."""

    figures: VariantFigures
    vectors: MaterialVectors | None = None
    ndcg: Mapping[str, PerQuestion] = field(default_factory=dict)


def encode_passages(encoder: Encoder, passages: Sequence[str]) -> Vectors:
    """Return the passages' vectors, float32 [n, d]."""
    return encoder.encode_passages(passages).vectors


def measure_variant(
    known: VariantFigures,
    folder: Path,
    *,
    material: Material,
    full: Measured | None,
    threads: int,
    timeout: float,
    encode: Encode = encode_passages,
) -> Measured:
    """Return a variant's figures. If it cannot be loaded or served, it is failed with the reason; nothing is raised.

    Args:
        known: What is known before: names, sizes, seconds, floor.
        folder: Model folder.
        material: Inputs of the measurement; the same for all variants of a card.
        full: Result of this function for fp32; None for fp32 itself, which is measured first.
        threads: Number of passages encoded in parallel.
        timeout: Max seconds of the probe.
        encode: Returns an encoder's vectors of passages, for a caller with a cache; called after the probe.
    """
    queries = list(material.questions or material.held_out)[:PROBED_QUERIES]
    try:
        expanded(folder)  # otherwise the probe would include the expansion
        cost = probe(
            folder, list(material.held_out)[:PROBED_PASSAGES], queries=queries, threads=threads, timeout=timeout
        )
    except (ProbeError, DamagedArtefactError) as error:
        return Measured(replace(known, failed=str(error)))
    figures = replace(known, cost=cost, speed_ratio=1.0 if full is None else None)
    if not cost.finite:
        return Measured(figures.checked())
    vectors = encode_material(Encoder.load(folder, threads), material, encode)
    if not all(np.isfinite(part).all() for part in (vectors.held_out, vectors.questions, vectors.pool)):
        return Measured(replace(figures, failed="Some of its vectors are not finite."))
    values = ndcg(material.judged, vectors.pool, vectors.questions) if material.judged else {}
    measured = Measured(figures, vectors, values)
    return replace(measured, figures=_against(measured, full or measured))


def encode_material(encoder: Encoder, material: Material, encode: Encode) -> MaterialVectors:
    """Return the vectors of all texts; a passage that is both held out and in the pool is encoded once."""
    texts = list(dict.fromkeys([*material.held_out, *material.pool]))
    row = {text: number for number, text in enumerate(texts)}
    passages = encode(encoder, texts)
    questions = [encoder.encode_query(question) for question in material.questions]
    return MaterialVectors(
        held_out=passages[[row[text] for text in material.held_out]],
        questions=np.array(questions, dtype=np.float32).reshape(-1, encoder.dimension),
        pool=passages[[row[text] for text in material.pool]],
    )


def _against(measured: Measured, full: Measured) -> VariantFigures:
    """Return the figures with those relative to full precision."""
    vectors, reference = measured.vectors, full.vectors
    if vectors is None or reference is None or full.figures.cost is None or measured.figures.cost is None:
        return replace(measured.figures, failed="It cannot be compared with fp32, which failed.")
    with_questions = (reference.questions, vectors.questions) if len(vectors.questions) else (None, None)
    return replace(
        measured.figures,
        agreement=agreement(reference.held_out, vectors.held_out, *with_questions),
        retrieval=compared(full.ndcg, measured.ndcg),
        speed_ratio=measured.figures.cost.passages_per_second / full.figures.cost.passages_per_second,
    ).checked()


def questions_to_judge(questions: Sequence[Question]) -> tuple[list[Question], str]:
    """Return the questions that judge variants, and their origin as a phrase: labelled ones if there are any.

    Questions of the test split if it has any, as in the evaluation's headline.
    """
    for origin, split in product(Origin, (Split.TEST, None)):
        chosen = [one for one in questions if one.origin is origin and split in (one.split, None)]
        if chosen:
            which = "of the test split" if split else "of all splits"
            plural = "" if len(chosen) == 1 else "s"
            why = "" if origin is Origin.LABELLED else ", because there are no labelled ones"
            return chosen, f"{len(chosen):,} {origin} question{plural} {which}{why}"
    return [], "no questions"
