"""Search over the current release."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import ReleaseError, VectorSpaceError
from xnai_pipelines.graph.division import Division
from xnai_pipelines.search.best import Groups, Ranking, best_passages
from xnai_pipelines.search.by_graph import FULL_WEIGHT, GraphSearch, GraphSource
from xnai_pipelines.search.contents import Contents
from xnai_pipelines.search.corpus import Corpus, open_corpus
from xnai_pipelines.search.hits import Explanation, Hit
from xnai_pipelines.search.keyword import KeywordSearch
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.query import NO_FILTERS, Asked, Filters, Mode, checked_question
from xnai_pipelines.search.ranking import Candidate
from xnai_pipelines.search.reranking import Reranker, open_reranker
from xnai_pipelines.search.results import candidates, hits
from xnai_pipelines.search.scoring import Scoring, Vector
from xnai_pipelines.search.understanding import explanation, understood
from xnai_pipelines.search.vector_index import read_vector_index
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tables import Tables

RANKING_VERSION = 8  # raised when the same tables and question give another ranking: figures are then measured again


class SearchIndex:
    """The current release of a home, open for questions.

    It reads the release's files as of when it was opened, so an answer never mixes two states. Open it again to see
    later writes.
    """

    def __init__(
        self,
        release: Release,
        corpus: Corpus,
        encoder: Encoder,
        candidates: int | None = None,
        graph: GraphSource | None = None,
    ) -> None:
        if encoder.vector_space != release.vector_space:
            raise VectorSpaceError(
                f"Release {release.release} has vectors of space {release.vector_space}; the encoder gives space "
                f"{encoder.vector_space}. Use the release's encoder, or embed again: `xnai run --new-release`."
            )
        self.release = release
        self._scoring = Scoring(
            corpus, KeywordSearch(corpus), encoder, RankingPolicy.of(release), candidates=candidates
        )
        self._reranker: Reranker | None = None
        self._graph_source = graph or GraphSource(corpus, None)

    @classmethod
    def open(
        cls,
        home: Path | str,
        threads: int = 1,
        release: Release | None = None,
        encoder: Encoder | None = None,
    ) -> Self:
        """Return the index of the given release, by default of the home's current one.

        Args:
            home: The home.
            threads: Threads of the encoder.
            release: The release, None for the current one.
            encoder: An open encoder; it is used if it is the release's.

        Raises:
            ReleaseError: There is no release, or its encoder or table is missing.
            VectorSpaceError: Table and encoder do not belong together.
        """
        layout = Home(Path(home).expanduser().resolve())
        releases = Releases(layout.releases)
        release = release or releases.require()
        folder = layout.models / release.vector_space
        if not folder.is_dir():
            raise ReleaseError(
                f"The encoder of release {release.release} is missing: {folder}. Restore it, or run `xnai run`, "
                "which exports it again."
            )
        measured = read_vector_index(releases.vector_index_path(release.release))
        tables = Tables.of(layout)
        corpus = open_corpus(layout, tables, release.embeddings_table)
        if encoder is None or encoder.vector_space != release.vector_space:
            encoder = Encoder.load(folder, threads=threads)
        index = cls(release, corpus, encoder, measured.candidates if measured else None, GraphSource(corpus, tables))
        return index.ranked_by(index.policy, layout)

    def ranked_by(self, policy: RankingPolicy, home: Home) -> Self:
        """Return the index as another policy ranks it. It shares this index's memory.

        Raises:
            ReleaseError: The policy's re-ranker is missing from the home.
        """
        index = self._scored_by(replace(self._scoring, policy=policy))
        named = policy.reranker
        index._reranker = (
            open_reranker(named, home, corpus=self.corpus, encoder=self.encoder) if named is not None else None
        )
        return index

    def exact(self) -> Self:
        """Return the index comparing all vectors. It shares this index's memory."""
        return self._scored_by(replace(self._scoring, candidates=None))

    def _scored_by(self, scoring: Scoring) -> Self:
        index = copy(self)
        index._scoring = scoring
        return index

    @property
    def scoring(self) -> Scoring:
        """The scores of each part."""
        return self._scoring

    @property
    def policy(self) -> RankingPolicy:
        """How the parts are weighted."""
        return self._scoring.policy

    @property
    def candidates(self) -> int | None:
        """Passages whose vectors a question is compared with; None for all."""
        return self._scoring.candidates

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that can be asked: all, or those that need no knowledge graph if there is none."""
        return tuple(mode for mode in Mode if mode is not Mode.GRAPH or self._graph_source.exists)

    @property
    def contents(self) -> Contents:
        """What can be found."""
        return Contents(self.corpus.passages, self._scoring.readable)

    def for_reader(self, may_read: Callable[[str], bool]) -> Self:
        """Return the index as it were without the passages of sources that may not be read.

        Neither hits nor scores, counts or corrected words depend on the others. It shares this index's memory.
        """
        sources = self.corpus.passages["source"].combine_chunks().dictionary_encode()
        readable = np.array([may_read(source) for source in sources.dictionary.to_pylist()], bool)
        rows = readable[sources.indices.to_numpy()]
        index = self._scored_by(replace(self._scoring, keyword=KeywordSearch(self.corpus, rows), readable=rows))
        index._graph_source = self._graph_source.among(rows)
        return index

    @property
    def corpus(self) -> Corpus:
        """The passages of the release."""
        return self._scoring.corpus

    @property
    def keyword(self) -> KeywordSearch:
        """The words of the passages that can be found."""
        return self._scoring.keyword

    @property
    def encoder(self) -> Encoder:
        """The release's encoder."""
        return self._scoring.encoder

    def encode_query(self, question: str) -> Vector:
        """Return a question's vector by the release's encoder: float32 [dimension], unit length."""
        return self.encoder.encode_query(checked_question(question))

    def search(
        self,
        question: str | Asked,
        k: int = 10,
        mode: Mode = Mode.HYBRID,
        filters: Filters = NO_FILTERS,
        *,
        by_document: bool = False,
    ) -> list[Hit]:
        """Return the best `k` passages, or with `by_document` the best passage of each of the best `k` documents.

        A question that `understood` returned has its filters already.

        Raises:
            QueryError: The question is empty, too long or has no word; or the graph is asked and there is none.
            ValueError: `k` is below 1, or there is no such mode.
        """
        what = self.understood(question, filters)
        ranking = self._ranking(what, k, mode, self.corpus.document_of if by_document else self.corpus.text_of)
        return hits(ranking, what, self._scoring, self._graph_source)

    def rank(
        self,
        question: str | Asked,
        k: int = 10,
        mode: Mode = Mode.HYBRID,
        filters: Filters = NO_FILTERS,
        *,
        by_document: bool = False,
    ) -> list[Candidate]:
        """Return ids and scores only, best first; for evaluation. Arguments and errors are those of `search`.

        Copies of a passage are in the ranking: a question may have any of them as its answer.
        """
        groups = self.corpus.document_of if by_document else None
        return candidates(self._ranking(self.understood(question, filters), k, mode, groups), self.corpus)

    def understood(self, question: str | Asked, filters: Filters = NO_FILTERS) -> Asked:
        """Return what is searched for: the question without operators, its misspelt words corrected.

        An excluded word that passages have as an option of a command, "-xzf", is searched for as one.

        Raises:
            QueryError: The question is empty, too long or has no word.
        """
        return question if isinstance(question, Asked) else understood(self._scoring, question, filters)

    def _ranking(self, what: Asked, k: int, mode: Mode, groups: Groups | None) -> Ranking:
        """Return the best k passages by the parts that the mode and the policy name."""
        mode = Mode(mode)  # a plain string is accepted
        weight = self._graph_weight(mode)
        return best_passages(
            self._scoring,
            what,
            k,
            mode,
            groups=groups,
            graph=(self.graph, weight) if weight else None,
            reranker=self._reranker if mode is Mode.HYBRID else None,
        )

    def _graph_weight(self, mode: Mode) -> float:
        """Return the graph's weight in a mode; a policy that wants a graph that is gone ranks without it."""
        if mode is Mode.GRAPH:
            return FULL_WEIGHT
        weight = self.policy.graph_weight if mode is Mode.HYBRID else 0.0
        return weight if weight and self._graph_source.exists else 0.0  # without a weight no table is opened

    @property
    def graph(self) -> GraphSearch:
        """The knowledge graph over the passages that can be found, opened when it is first needed.

        Raises:
            QueryError: There is no graph.
        """
        return self._graph_source.graph

    @property
    def division(self) -> Division | None:
        """The communities of the graph over the passages that can be found; None if there is no graph to divide."""
        return self._graph_source.division

    def explain(self, question: str | Asked, filters: Filters = NO_FILTERS) -> Explanation:
        """Return how the question is understood.

        Raises:
            QueryError: The question is empty, too long or has no word.
        """
        return explanation(self._scoring, self.understood(question, filters))
