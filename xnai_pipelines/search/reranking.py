"""Re-ranking: the best passages of a search are compared with the question again, by something slower and sharper.

A re-ranker only adds to the scores of the candidates, so they stay before all other passages, and what identifiers,
phrases and titles add keeps its force. Their number is fixed, not the time: a search under load gives the same ranking.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from xnai_pipelines.encoders.cross_encoder import CrossEncoder
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.token_codes import late_interaction
from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.passage_tokens import PassageTokens
from xnai_pipelines.search.ranking import Estimates, Scores
from xnai_pipelines.state.layout import Home

CANDIDATES = 20
WEIGHT = 0.5  # added for each standard deviation: the best or nearly so on every corpus tried; alone it loses
TOKENS = "tokens"  # the name of late interaction in a policy; any other is that of a cross-encoder's folder


class Reranker(Protocol):
    """Scores passages for a question; higher is better, compare within one question."""

    def scores(self, question: str, rows: Sequence[int]) -> Scores:
        """Return the score of the passages in these rows: float32 [n]."""
        ...


class LateInteraction:
    """MaxSim of the release's own encoder, over the token vectors that the home keeps."""

    def __init__(self, tokens: PassageTokens) -> None:
        self._tokens = tokens

    def scores(self, question: str, rows: Sequence[int]) -> Scores:
        """Return the score of the passages in these rows: float32 [n]."""
        return late_interaction(self._tokens.question(question), self._tokens.of(rows))


class CrossEncoding:
    """A cross-encoder, which reads question and passage together."""

    def __init__(self, corpus: Corpus, encoder: CrossEncoder) -> None:
        self._corpus = corpus
        self._encoder = encoder

    def scores(self, question: str, rows: Sequence[int]) -> Scores:
        """Return the score of the passages in these rows: float32 [n]."""
        return self._encoder.scores(question, self._corpus.passage_texts(rows))


def open_reranker(name: str, home: Home, *, corpus: Corpus, encoder: Encoder) -> Reranker:
    """Return the re-ranker with this name in a policy.

    Raises:
        ReleaseError: The cross-encoder's folder is missing.
        DamagedArtefactError: It is damaged.
    """
    if name == TOKENS:
        return LateInteraction(PassageTokens(corpus, encoder, home.vector_cache))
    folder = home.rerankers / name
    if not folder.is_dir():
        raise ReleaseError(
            f"The re-ranker of the release is missing: {folder}. Restore it, or run `xnai run`, which chooses again."
        )
    return CrossEncoding(corpus, CrossEncoder.load(folder, threads=encoder.threads))


def reranked(totals: Estimates, question: str, reranker: Reranker) -> Estimates:
    """Return the scores with what the re-ranker adds to those of the best 20 passages."""
    rows = totals.best(CANDIDATES)
    added = np.zeros(len(totals.scores), np.float32)
    added[rows] = bonus(reranker.scores(question, rows.tolist()))
    return totals.plus(added)


def bonus(scores: Scores) -> Scores:
    """Return what a re-ranker's scores of the candidates add: 0.5 for each deviation above the lowest; float32 [n]."""
    exact = scores.astype(np.float64)
    deviation = float(exact.std()) if len(exact) else 0.0
    if not deviation:
        return np.zeros_like(scores)
    added: Scores = (WEIGHT * (exact - exact.min()) / deviation).astype(np.float32)
    return added
