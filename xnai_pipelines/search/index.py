"""Search over the current release."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import ReleaseError, VectorSpaceError
from xnai_pipelines.graph.paths import Step
from xnai_pipelines.search.by_graph import FULL_WEIGHT, GraphSearch, GraphSource, Walked
from xnai_pipelines.search.corpus import Corpus, open_corpus
from xnai_pipelines.search.keyword import KeywordSearch, lookups
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.query import NO_FILTERS, Asked, Filters, Mode, asked, checked_question
from xnai_pipelines.search.ranking import Candidate, Estimates, Rows, Scores, estimated_sum, first_per_group
from xnai_pipelines.search.reranking import Reranker, open_reranker, reranked
from xnai_pipelines.search.snippet import snippet
from xnai_pipelines.search.spelling import corrected
from xnai_pipelines.search.vector_index import nearest, read_vector_index
from xnai_pipelines.search.words import words
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tables import Tables

RANKING_VERSION = 3  # raised when the same tables and question give another ranking: figures are then measured again
FUSED_DEPTH = 200  # passages of a ranking that evaluation and training ask for
PASSAGES_PER_GROUP = 5  # ranked at first for each requested document or text
TITLED = np.float32(1.0)  # standardised: added for a document whose whole title is in the question
FIRST = np.float32(100.0)  # added for each identifier or phrase: more than other scores differ by

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: `text == document.text[start:end]`; the snippet marks matching words with **asterisks**.

    The score is the similarity, BM25, or the weighted sum of both standardised, by mode; compare scores within one
    answer. It has 100 added for each identifier and phrase of the question that the passage contains. `path` is how the
    knowledge graph leads from the question to the passage; empty if it was not asked or does not. `vector` is the
    cosine similarity of the question to the passage, 0.7, and to its document, 0.3; `keyword` is the BM25 score; None
    if the mode does not compute them. `copies` counts other passages with the same text, which are left out.
    """

    rank: int
    score: float
    chunk_id: str
    document_id: str
    source: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    page: str | None
    media_type: str
    language: str | None
    text: str
    snippet: str
    vector: float | None = None
    keyword: float | None = None
    copies: int = 0
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Ranking:
    """The best passages and what each part says of them; None if a part was not asked. `found` counts copies by text.

    Attributes:
        rows: Their rows, best first: int64 [m].
        scores: What they are ranked by: float32 [m].
        vector: Cosine similarities, or None.
        keyword: BM25 scores, or None.
        found: All passages found, of which these are the best: bool [n].
        walked: What the knowledge graph added, None if it was not asked.
    """

    rows: Rows
    scores: Scores
    vector: Scores | None
    keyword: Scores | None
    found: npt.NDArray[np.bool_]
    walked: Walked | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question is understood: its parts, identifiers whose passages come first, and the vectors' share.

    `titles` are those of documents that the question names; `familiarity` is how well the encoder knows the writing of
    the question, 0 to 1. `reranker` is what compares the best passages again, None for nothing.
    """

    asked: Asked
    lookups: tuple[str, ...]
    titles: tuple[str, ...]
    familiarity: float
    weight: float
    reranker: str | None


class SearchIndex:
    """The current release of a home, open for questions.

    It reads the release's files as of when it was opened, so an answer never mixes two states. Open another to see what
    was written since.
    """

    def __init__(
        self,
        release: Release,
        corpus: Corpus,
        encoder: Encoder,
        table: Any = None,
        nprobes: int | None = None,
        graph: GraphSource | None = None,
    ) -> None:
        if encoder.vector_space != release.vector_space:
            raise VectorSpaceError(
                f"Release {release.release} has vectors of space {release.vector_space}; the encoder gives space "
                f"{encoder.vector_space}. Use the release's encoder, or embed again: `xnai run --new-release`."
            )
        self.release = release
        self.policy = RankingPolicy.of(release)
        self.nprobes = nprobes
        self._corpus = corpus
        self._keyword = KeywordSearch(corpus)
        self._readable: npt.NDArray[np.bool_] | None = None
        self._encoder = encoder
        self._table = table
        self._reranker: Reranker | None = None
        self._graph_source = graph or GraphSource(corpus, None)
        self._graph: GraphSearch | None = None

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
        nprobes = measured.nprobes if measured else None
        tables = Tables(layout.lancedb)
        table = tables.open(release.embeddings_table) if nprobes else None
        corpus = open_corpus(layout, release)
        if encoder is None or encoder.vector_space != release.vector_space:
            encoder = Encoder.load(folder, threads=threads)
        index = cls(release, corpus, encoder, table, nprobes, GraphSource(corpus, tables))
        return index.ranked_by(index.policy, layout)

    def ranked_by(self, policy: RankingPolicy, home: Home) -> Self:
        """Return the index as another policy ranks it. It shares this index's memory.

        Raises:
            ReleaseError: The policy's re-ranker is missing from the home.
        """
        index = copy(self)
        index.policy = policy
        named = policy.reranker
        index._reranker = (
            open_reranker(named, home, corpus=self._corpus, encoder=self._encoder) if named is not None else None
        )
        return index

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that can be asked: all, or those that need no knowledge graph if there is none."""
        return tuple(mode for mode in Mode if mode is not Mode.GRAPH or self._graph_source.exists)

    @property
    def passages(self) -> int:
        """The number of passages that can be found."""
        return len(self._corpus.passages) if self._readable is None else int(np.count_nonzero(self._readable))

    def documents(self) -> list[tuple[str, str]]:
        """Return source and id of every document that can be found, in the order of the sources."""
        rows = self._corpus.passages.select(["source", "document_id"])
        if self._readable is not None:
            rows = rows.filter(pa.array(self._readable))
        found = rows.group_by(["source", "document_id"]).aggregate([]).sort_by("source")
        return list(zip(found["source"].to_pylist(), found["document_id"].to_pylist(), strict=True))

    def holds(self, document_id: str) -> bool:
        """Return whether a document can be found; this takes as long for one that a reader may not read."""
        found = pc.equal(self._corpus.passages["document_id"], document_id).to_numpy()
        return bool(np.any(found if self._readable is None else found & self._readable))

    def distinct(self, column: str) -> list[str]:
        """Return the values that a column of the passages has, in order, without missing ones."""
        values = self._corpus.passages[column]
        if self._readable is not None:
            values = values.filter(pa.array(self._readable))
        return sorted(value for value in values.unique().to_pylist() if value is not None)

    def for_reader(self, may_read: Callable[[str], bool]) -> Self:
        """Return the index as it were without the passages of sources that may not be read.

        Neither hits nor scores, counts or corrected words depend on the others. It shares this index's memory.
        """
        sources = self._corpus.passages["source"].combine_chunks().dictionary_encode()
        readable = np.array([may_read(source) for source in sources.dictionary.to_pylist()], bool)
        index = copy(self)
        index._readable = readable[sources.indices.to_numpy()]
        index._keyword = KeywordSearch(self._corpus, index._readable)
        index._graph = None
        return index

    @property
    def corpus(self) -> Corpus:
        """The passages of the release."""
        return self._corpus

    @property
    def keyword(self) -> KeywordSearch:
        """The words of the passages that can be found."""
        return self._keyword

    @property
    def encoder(self) -> Encoder:
        """The release's encoder."""
        return self._encoder

    def encode_query(self, question: str) -> Vector:
        """Return a question's vector by the release's encoder: float32 [dimension], unit length."""
        return self._encoder.encode_query(checked_question(question))

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
        ranking = self._ranking(what, k, mode, self._documents if by_document else self._texts)
        rows = ranking.rows.tolist()
        copies = np.bincount(self._corpus.originals[ranking.found], minlength=len(ranking.found))
        marked = list(dict.fromkeys(word.text for word in self._keyword.telling(what.text)))
        return [
            Hit(
                rank=place + 1,
                score=float(ranking.scores[place]),
                snippet=snippet(shown["text"], marked, shown["language"]),
                vector=_number(ranking.vector, place),
                keyword=_number(ranking.keyword, place),
                copies=int(copies[self._corpus.originals[row]]) - 1,
                path=self._by_graph().path(ranking.walked, row) if ranking.walked else (),
                **{**shown, "heading_path": tuple(shown["heading_path"] or ())},
            )
            for place, (row, shown) in enumerate(zip(rows, self._corpus.shown(rows), strict=True))
        ]

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
        groups = self._documents if by_document else None
        ranking = self._ranking(self.understood(question, filters), k, mode, groups)
        rows = ranking.rows.tolist()
        chunks, documents = (self._corpus.values(name, rows) for name in ("chunk_id", "document_id"))
        return [
            Candidate(
                chunk_id=chunk_id,
                document_id=document_id,
                score=float(ranking.scores[place]),
                row=row,
                vector=_number(ranking.vector, place),
                keyword=_number(ranking.keyword, place),
            )
            for place, (row, chunk_id, document_id) in enumerate(zip(rows, chunks, documents, strict=True))
        ]

    def understood(self, question: str | Asked, filters: Filters = NO_FILTERS) -> Asked:
        """Return what is searched for: the question without operators, its misspelt words corrected.

        Raises:
            QueryError: The question is empty, too long or has no word.
        """
        if isinstance(question, Asked):
            return question
        what = asked(question, filters)
        if not self.policy.correct_typos:
            return what
        quoted = {word.text for phrase in what.phrases for word in words(phrase)}
        text, corrections = corrected(
            what.text,
            quoted,
            lambda word: self._keyword.knows(word) or self._encoder.has_word(word),
            self._keyword.vocabulary,
        )
        return replace(what, text=text, corrections=corrections) if corrections else what

    def _texts(self, rows: Rows) -> Sequence[Hashable]:
        first: Sequence[int] = self._corpus.originals[rows].tolist()
        return first

    def _documents(self, rows: Rows) -> Sequence[Hashable]:
        return self._corpus.values("document_id", rows.tolist())

    def _ranking(
        self,
        what: Asked,
        k: int,
        mode: Mode,
        groups: Callable[[Rows], Sequence[Hashable]] | None,
    ) -> _Ranking:
        """Return the best k passages.

        Args:
            what: The question.
            k: Number of passages.
            mode: Parts to use.
            groups: The group of each row; only the best passage of a group is returned. None: all are.
        """
        if k < 1:
            raise ValueError(f"k is {k}; it has to be at least 1.")
        mode = Mode(mode)  # a plain string is accepted
        allowed = self._keyword.allowed(what)
        vector = keyword = None
        if mode is not Mode.KEYWORD:
            vector = totals = self._by_vector(what.text, exact=allowed is not None)
        if mode is not Mode.VECTOR:
            keyword = self._keyword.scores(what.text)
            totals = self._totals(what, vector, keyword)
        if allowed is not None:
            totals.scores[~allowed] = -np.inf
        walked = None
        if weight := self._graph_weight(mode):
            walked = self._by_graph().walked(what.text, totals)
            totals = totals.plus(np.float32(weight) * walked.added)
        if self._reranker and mode is Mode.HYBRID:
            totals = reranked(totals, what.text, self._reranker)
        found = totals.scores > -np.inf
        best, depth = np.empty(0, np.int64), k
        while True:
            depth *= PASSAGES_PER_GROUP if groups else 1
            ranked = totals.best(depth)
            best = first_per_group(ranked, groups(ranked))[:k] if groups else ranked
            if len(best) == k or len(ranked) < depth:
                break
        return _Ranking(
            best,
            totals.scores[best],
            None if vector is None else vector.at(best),
            None if keyword is None else keyword[best],
            found,
            walked,
        )

    def _graph_weight(self, mode: Mode) -> float:
        """Return the graph's weight in a mode; a policy that wants a graph that is gone ranks without it."""
        if mode is Mode.GRAPH:
            return FULL_WEIGHT
        weight = self.policy.graph_weight if mode is Mode.HYBRID else 0.0
        return weight if weight and self._graph_source.exists else 0.0  # without a weight no table is opened

    def _by_graph(self) -> GraphSearch:
        if self._graph is None:
            self._graph = self._graph_source.opened(self._readable)
        return self._graph

    def explain(self, question: str | Asked, filters: Filters = NO_FILTERS) -> Explanation:
        """Return how the question is understood.

        Raises:
            QueryError: The question is empty, too long or has no word.
        """
        what = self.understood(question, filters)
        familiarity = self._encoder.familiarity(what.text)
        found = int(np.count_nonzero(self._keyword.scores(what.text)))
        named = [int(rows[0]) for rows in self._keyword.titled(what.text) if len(rows)]
        titles = tuple(sorted(path[0] for path in self._corpus.values("heading_path", named)))
        return Explanation(
            asked=what,
            lookups=lookups(what.text),
            titles=titles,
            familiarity=familiarity,
            weight=self.policy.weight_for(familiarity, found),
            reranker=self.policy.reranker,
        )

    def familiarity(self, question: str) -> float:
        """Return how well the encoder knows the writing of a question, 0 to 1."""
        return self._encoder.familiarity(self.understood(question).text)

    def documents_by_weight(self, question: str, weights: Sequence[float]) -> dict[float, list[str]]:
        """Return the documents of the best 200 passages, best first, for each weight that the vectors may have."""
        what = self.understood(question)
        vector, keyword = self._by_vector(what.text, exact=False), self._keyword.scores(what.text)
        familiarity, found = self._encoder.familiarity(what.text), int(np.count_nonzero(keyword))
        added = self._added(what, titles=True)
        rankings = {}
        for weight in weights:
            share = RankingPolicy(weight).weight_for(familiarity, found)
            totals = estimated_sum(vector, keyword, weight=share, added=added, readable=self._readable)
            rows = totals.among(self._readable).best(FUSED_DEPTH)
            rankings[weight] = self._corpus.values("document_id", rows.tolist())
        return rankings

    def documents_by_graph_weight(self, question: str, weights: Sequence[float]) -> dict[float, list[str]]:
        """Return the documents of the best 200 passages, best first, for each weight that the graph may have.

        Raises:
            QueryError: There is no graph.
        """
        what = self.understood(question)
        totals = self._totals(what, self._by_vector(what.text, exact=False), self._keyword.scores(what.text))
        totals = totals.among(self._readable)
        added = self._by_graph().walked(what.text, totals).added
        rankings = {}
        for weight in weights:
            rows = totals.plus(np.float32(weight) * added).best(FUSED_DEPTH)
            rankings[weight] = self._corpus.values("document_id", rows.tolist())
        return rankings

    def _totals(self, what: Asked, vector: Estimates | None, keyword: Scores) -> Estimates:
        """Return what passages are ranked by; of keyword search alone -inf for those that it does not find."""
        if vector is None:
            return Estimates(np.where(keyword > 0, keyword, np.float32(-np.inf)) + self._added(what, titles=False))
        familiarity, found = self._encoder.familiarity(what.text), int(np.count_nonzero(keyword))
        weight = self.policy.weight_for(familiarity, found)
        return estimated_sum(
            vector, keyword, weight=weight, added=self._added(what, titles=True), readable=self._readable
        )

    def _added(self, what: Asked, *, titles: bool) -> Scores:
        """Return what a passage's identifiers and phrases add to its score, and its document's title: float32 [n]."""
        added = np.zeros(len(self._corpus.passages), np.float32)
        for term in lookups(what.text):
            added[self._keyword.containing(term)] += FIRST
        for phrase in what.phrases:
            added[self._keyword.containing_phrase(phrase)] += FIRST
        for rows in self._keyword.titled(what.text) if titles else ():
            added[rows] += TITLED
        return added

    def _by_vector(self, text: str, *, exact: bool) -> Estimates:
        """Return the similarity of every passage.

        With an approximate index, passages that it does not find have the similarity of the last one it finds.
        """
        vectors, vector = self._corpus.vectors, self._encoder.encode_query(text)
        if exact or self.nprobes is None:
            return Estimates(*self._corpus.codes.similarities(vector), lambda rows: _dots(vectors[rows], vector))
        query = nearest(self._table, vector, self.nprobes).select(["chunk_id"])
        found = query.limit(FUSED_DEPTH).to_arrow()
        rows = [self._rows[chunk_id] for chunk_id in found["chunk_id"].to_pylist()]
        similarities = _dots(vectors[rows], vector)
        scores = np.full(len(self._corpus.passages), similarities.min(initial=0.0), np.float32)
        scores[rows] = similarities
        return Estimates(scores)

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {chunk_id: row for row, chunk_id in enumerate(self._corpus.passages["chunk_id"].to_pylist())}


def _dots(rows: Vector, vector: Vector) -> Vector:
    # each row is summed alone: its result does not depend on the others, as that of a matrix product may
    dots: Vector = np.einsum("ij,j->i", rows, vector)
    return dots


def _number(scores: Scores | None, place: int) -> float | None:
    return None if scores is None else float(scores[place])
