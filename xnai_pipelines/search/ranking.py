"""Rankings: fusion, and the best passage per document. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

RRF_K = 60  # the constant of Cormack, Clarke and Buettcher, SIGIR 2009; not tuned


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in a ranking; a higher score is better. `row_id` is its row in the searched version of the table."""

    chunk_id: str
    document_id: str
    score: float
    row_id: int


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """Return one ranking of all passages by the sum over rankings of 1 / (60 + rank), best first.

    Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
    Methods", SIGIR 2009. Ties are ordered by chunk id, so the order is the same in every run.
    """
    scores: dict[str, float] = {}
    candidates: dict[str, Candidate] = {}
    for ranking in rankings:
        for rank, candidate in enumerate(ranking, start=1):
            candidates.setdefault(candidate.chunk_id, candidate)
            scores[candidate.chunk_id] = scores.get(candidate.chunk_id, 0.0) + 1.0 / (RRF_K + rank)
    fused = [replace(candidate, score=scores[key]) for key, candidate in candidates.items()]
    return sorted(fused, key=lambda candidate: (-candidate.score, candidate.chunk_id))


def best_per_document(ranking: Sequence[Candidate]) -> list[Candidate]:
    """Return the ranking with only the first passage of each document."""
    first: dict[str, Candidate] = {}
    for candidate in ranking:
        first.setdefault(candidate.document_id, candidate)
    return list(first.values())
