"""One variant measured: served in a new process, compared with full precision, tested on the questions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.expansion import expanded
from xnai_pipelines.errors import DamagedArtefactError, ProbeError
from xnai_pipelines.evaluation.intervals import paired_difference
from xnai_pipelines.models.card.agreement import agreement
from xnai_pipelines.models.card.card import Retrieval, VariantFigures
from xnai_pipelines.models.card.probe import probe
from xnai_pipelines.models.card.ranking import AskedPool, EncodedPool, PerQuestion, Vectors, hybrid_ndcg, vector_ndcg
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.search.policy import DEFAULT_WEIGHT
from xnai_pipelines.search.query import Mode

PROBED_PASSAGES = 200
PROBED_QUERIES = 200

Encode = Callable[[Encoder, Sequence[str]], Vectors]


def ndcg(material: "Material", encoded: EncodedPool) -> dict[str, PerQuestion]:
    """Return nDCG@10 of each question by mode ("hybrid", "vector"): float64 [q]; nothing without questions."""
    if material.asked is None:
        return {}
    weight = material.vector_weight
    return {
        Mode.HYBRID: hybrid_ndcg(material.asked, encoded, [weight])[weight],
        Mode.VECTOR: vector_ndcg(material.asked, encoded),
    }


def compared(full: Mapping[str, PerQuestion], variant: Mapping[str, PerQuestion]) -> dict[str, Retrieval]:
    """Return, by mode, the variant's mean nDCG@10 and its paired difference to full precision on the same questions.

    Raises:
        ValueError: The questions differ, or there are none.
    """
    return {
        str(mode): Retrieval(float(values.mean()), paired_difference(full[mode], values, seed=0))
        for mode, values in variant.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """The inputs of every measurement.

    Attributes:
        held_out: Passages that calibration never saw, at least 3.
        questions: Texts of the questions, in the order of `asked`; without any, held-out passages are timed as
            queries and compared with each other.
        pool: Texts of the pool's chunks, in the order of `asked`.
        asked: The questions' answers and the pool's ids; None if there are no questions.
        vector_weight: Share of the vectors in hybrid search.
    """

    held_out: Sequence[str]
    questions: Sequence[str] = ()
    pool: Sequence[str] = ()
    asked: AskedPool | None = None
    vector_weight: float = DEFAULT_WEIGHT


@dataclass(frozen=True, slots=True, eq=False)
class MaterialVectors:
    """One variant's vectors of the material, of unit length: float32 [texts, d] of what is held out, and the pool's."""

    held_out: Vectors
    pool: EncodedPool


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredVariant:
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
    full: MeasuredVariant | None,
    threads: int,
    timeout: float,
    encode: Encode = encode_passages,
) -> MeasuredVariant:
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
        return MeasuredVariant(replace(known, failed=str(error)))
    figures = replace(known, cost=cost, speed_ratio=1.0 if full is None else None)
    if not cost.finite:
        return MeasuredVariant(figures.checked())
    vectors = encode_material(Encoder.load(folder, threads), material, encode)
    if not all(np.isfinite(part).all() for part in (vectors.held_out, vectors.pool.questions, vectors.pool.passages)):
        return MeasuredVariant(replace(figures, failed="Some of its vectors are not finite."))
    measured = MeasuredVariant(figures, vectors, ndcg(material, vectors.pool))
    return replace(measured, figures=_against(measured, full or measured))


def encode_material(encoder: Encoder, material: Material, encode: Encode) -> MaterialVectors:
    """Return the vectors of all texts; a passage that is both held out and in the pool is encoded once."""
    texts = list(dict.fromkeys([*material.held_out, *material.pool]))
    row = {text: number for number, text in enumerate(texts)}
    passages = encode(encoder, texts)
    questions = [encoder.encode_query(question) for question in material.questions]
    return MaterialVectors(
        held_out=passages[[row[text] for text in material.held_out]],
        pool=EncodedPool(
            passages=passages[[row[text] for text in material.pool]],
            questions=np.array(questions, dtype=np.float32).reshape(-1, encoder.dimension),
            writings=[encoder.writing(question) for question in material.questions],
        ),
    )


def _against(measured: MeasuredVariant, full: MeasuredVariant) -> VariantFigures:
    """Return the figures with those relative to full precision."""
    vectors, reference = measured.vectors, full.vectors
    if vectors is None or reference is None or full.figures.cost is None or measured.figures.cost is None:
        return replace(measured.figures, failed="It cannot be compared with fp32, which failed.")
    queries = (reference.pool.questions, vectors.pool.questions) if len(vectors.pool.questions) else (None, None)
    return replace(
        measured.figures,
        agreement=agreement(reference.held_out, vectors.held_out, *queries),
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
