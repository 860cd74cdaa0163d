"""How well a variant finds the documents that answer questions, in a pool of chunks that every variant encodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.evaluation.intervals import Estimate, paired_difference
from xnai_pipelines.evaluation.metrics import Grades, best_first, measure
from xnai_pipelines.search.index import FUSED_DEPTH
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.ranking import Candidate, reciprocal_rank_fusion

MODES = (Mode.HYBRID, Mode.VECTOR)  # keyword search uses no encoder

Vectors = NDArray[np.float32]
PerQuestion = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Questions, their answers, and the chunks searched; the same for every variant.

    Attributes:
        chunk_ids: Ids of the pool's n chunks.
        document_ids: Document of each chunk, n.
        keyword_rankings: For each of q questions, the pool's chunks by keyword search, best first.
        relevant: For each question, the grade by document id; at least one is 1 or more.
    """

    chunk_ids: Sequence[str]
    document_ids: Sequence[str]
    keyword_rankings: Sequence[Sequence[str]]
    relevant: Sequence[Grades]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Mean nDCG@10 of a variant in one mode, and its difference to full precision with the 95 % interval."""

    ndcg: float
    difference: Estimate


def ndcg(judged: Judged, passages: Vectors, questions: Vectors) -> dict[str, PerQuestion]:
    """Return nDCG@10 of each question by mode ("hybrid", "vector"): float64 [q].

    Every chunk of the pool is compared, and documents are ranked by their best chunk. The hybrid ranking is fused from
    as many chunks as search fuses. `SearchIndex` would do the same on a table with only the pool.

    Args:
        judged: The questions and the pool.
        passages: float32 [n, d], unit length, in the pool's order.
        questions: float32 [q, d], unit length.

    Raises:
        ValueError: The numbers of rows do not match the pool and the questions, or a keyword ranking names a chunk
            that is not in the pool.
    """
    if len(passages) != len(judged.chunk_ids) or len(questions) != len(judged.relevant):
        raise ValueError(
            f"{len(passages)} passages and {len(questions)} questions are encoded, but the pool has "
            f"{len(judged.chunk_ids)} chunks and {len(judged.relevant)} questions."
        )
    rows = {chunk_id: row for row, chunk_id in enumerate(judged.chunk_ids)}
    rankings: dict[str, list[list[str]]] = {mode: [] for mode in MODES}
    for question, keywords in zip(questions, judged.keyword_rankings, strict=True):
        if unknown := [chunk_id for chunk_id in keywords if chunk_id not in rows]:
            raise ValueError(f"The keyword ranking names chunk {unknown[0]}, which is not in the pool.")
        by_vector = _nearest(judged, passages @ question)
        by_keyword = [
            Candidate(chunk_id, judged.document_ids[rows[chunk_id]], 1.0 / rank, rows[chunk_id])
            for rank, chunk_id in enumerate(keywords[:FUSED_DEPTH], start=1)
        ]
        rankings[Mode.VECTOR].append(_documents(by_vector))
        rankings[Mode.HYBRID].append(_documents(reciprocal_rank_fusion([by_vector, by_keyword])))
    return {mode: measure(rankings[mode], judged.relevant)["ndcg_at_10"] for mode in MODES}


def compared(
    full: Mapping[str, PerQuestion], variant: Mapping[str, PerQuestion], seed: int = 0
) -> dict[str, Retrieval]:
    """Return, by mode, the variant's mean nDCG@10 and its paired difference to full precision on the same questions.

    Raises:
        ValueError: The questions differ, or there are none.
    """
    return {
        str(mode): Retrieval(float(values.mean()), paired_difference(full[mode], values, seed))
        for mode, values in variant.items()
    }


def _nearest(judged: Judged, similarities: Vectors) -> list[Candidate]:
    """Return the best chunks of the pool as vector search ranks them: ties by chunk id."""
    depth = min(FUSED_DEPTH, len(similarities))
    # all chunks that tie for the last place, so that their ids decide and not the selection
    least = np.partition(similarities, len(similarities) - depth)[len(similarities) - depth]
    found = [
        Candidate(judged.chunk_ids[row], judged.document_ids[row], float(similarities[row]), row)
        for row in np.flatnonzero(similarities >= least).tolist()
    ]
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.chunk_id))[:depth]


def _documents(ranking: Sequence[Candidate]) -> list[str]:
    return best_first(candidate.document_id for candidate in ranking)
