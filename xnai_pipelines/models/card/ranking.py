"""Rankings of one encoder's vectors, on questions whose answers are known. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.evaluation.metrics import Grades, best_first, measure
from xnai_pipelines.search.document_share import with_documents
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.ranking import FUSED_DEPTH, best_rows, fused

Vectors = NDArray[np.float32]
PerQuestion = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AskedPool:
    """Questions and the chunks that are searched; the same for every encoder.

    Attributes:
        document_ids: Document of each of n chunks.
        keyword: BM25 scores by row of the chunk, for each of q questions; chunks without a score have none.
        explained: How much of each question the best passage by words contains, 0 to 1.
        relevant: For each question, the grade by document id.
    """

    document_ids: Sequence[str]
    keyword: Sequence[Mapping[int, float]]
    explained: Sequence[float]
    relevant: Sequence[Grades]

    def part(self, which: slice) -> "AskedPool":
        """Return some of the questions on the same chunks."""
        return AskedPool(self.document_ids, self.keyword[which], self.explained[which], self.relevant[which])


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPool:
    """What one encoder makes of the chunks and questions.

    Attributes:
        passages: float32 [n, d], unit length.
        questions: float32 [q, d], unit length.
        writings: What its tokenizer makes of each question.
    """

    passages: Vectors
    questions: Vectors
    writings: Sequence[Writing]

    def part(self, which: slice) -> "EncodedPool":
        """Return some of the questions with the same chunks."""
        return EncodedPool(self.passages, self.questions[which], self.writings[which])


def hybrid_ndcg(asked: AskedPool, encoded: EncodedPool, weights: Sequence[float]) -> dict[float, PerQuestion]:
    """Return nDCG@10 of each question in hybrid search by weight: float64 [q].

    `SearchIndex` ranks so, but for identifiers, which no encoder changes, and what its policy says of languages.
    """
    rankings: dict[float, list[list[str]]] = {weight: [] for weight in weights}
    passages = with_documents(encoded.passages, asked.document_ids)
    each = zip(encoded.questions, encoded.writings, asked.keyword, asked.explained, strict=True)
    for question, writing, found, explained in each:
        scores = np.zeros(len(encoded.passages), np.float32)
        scores[list(found)] = list(found.values())
        vector = passages @ question
        for weight in weights:
            share = RankingPolicy(weight).weight_for(writing, explained=explained, found=len(found))
            rankings[weight].append(_documents(asked, fused(vector, scores, share)))
    return {weight: measure(found, asked.relevant)["ndcg_at_10"] for weight, found in rankings.items()}


def vector_ndcg(asked: AskedPool, encoded: EncodedPool) -> PerQuestion:
    """Return nDCG@10 of each question in vector search: float64 [q]."""
    passages = with_documents(encoded.passages, asked.document_ids)
    rankings = [_documents(asked, passages @ question) for question in encoded.questions]
    return measure(rankings, asked.relevant)["ndcg_at_10"]


def _documents(asked: AskedPool, scores: Vectors) -> list[str]:
    return best_first(asked.document_ids[row] for row in best_rows(scores, FUSED_DEPTH).tolist())
