"""Search over the current release."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import ReleaseError, VectorSpaceError
from xnai_pipelines.search.corpus import Corpus, open_corpus
from xnai_pipelines.search.keyword import KeywordSearch, lookups
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.query import NO_FILTERS, Asked, Filters, Mode, asked, checked_question
from xnai_pipelines.search.ranking import (
    Candidate,
    Rows,
    Scores,
    best_rows,
    first_per_group,
    fused,
    standardised,
    summed,
)
from xnai_pipelines.search.snippet import snippet
from xnai_pipelines.search.spelling import corrected
from xnai_pipelines.search.vector_index import nearest, read_vector_index
from xnai_pipelines.search.words import words
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tables import Tables

RANKING_VERSION = 2  # raised when the same tables and question give another ranking: figures are then measured again
FUSED_DEPTH = 200  # passages of a ranking that evaluation and training ask for
PASSAGES_PER_GROUP = 5  # ranked at first for each requested document or text
FIRST = np.float32(100.0)  # added for each identifier or phrase: more than other scores differ by

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: `text == document.text[start:end]`; the snippet marks matching words with **asterisks**.

    The score is the cosine similarity, BM25, or the weighted sum of both standardised, by mode; compare scores within
    one answer. It has 100 added for each identifier and phrase of the question that the passage contains. `vector` and
    `keyword` are cosine similarity and BM25 score; None if the mode does not compute them. `copies` counts other
    passages with the same text, which are left out.
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


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question is understood: its parts, identifiers whose passages come first, and the vectors' share.

    `familiarity` is how well the encoder knows the writing of the question, 0 to 1.
    """

    asked: Asked
    lookups: tuple[str, ...]
    familiarity: float
    weight: float


class SearchIndex:
    """The current release of a home, open for questions.

    It reads the release's files as of when it was opened, so an answer never mixes two states. Open another to see what
    was written since.
    """

    def __init__(
        self, release: Release, corpus: Corpus, encoder: Encoder, table: Any = None, nprobes: int | None = None
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
        self._encoder = encoder
        self._table = table

    @classmethod
    def open(cls, home: Path | str, threads: int = 1, release: Release | None = None) -> Self:
        """Return the index of the given release, by default of the home's current one.

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
        table = Tables(layout.lancedb).open(release.embeddings_table) if nprobes else None
        return cls(release, open_corpus(layout, release), Encoder.load(folder, threads=threads), table, nprobes)

    @property
    def corpus(self) -> Corpus:
        """The passages of the release."""
        return self._corpus

    @property
    def encoder(self) -> Encoder:
        """The release's encoder."""
        return self._encoder

    def encode_query(self, question: str) -> Vector:
        """Return a question's vector by the release's encoder: float32 [dimension], unit length."""
        return self._encoder.encode_query(checked_question(question))

    def search(
        self,
        question: str,
        k: int = 10,
        mode: Mode = Mode.HYBRID,
        filters: Filters = NO_FILTERS,
        *,
        by_document: bool = False,
    ) -> list[Hit]:
        """Return the best `k` passages, or with `by_document` the best passage of each of the best `k` documents.

        Raises:
            QueryError: The question is empty, too long or has no word.
            ValueError: `k` is below 1, or there is no such mode.
        """
        what = self.understood(question, filters)
        originals = self._corpus.originals
        ranking, found = self._ranking(what, k, mode, self._documents if by_document else self._texts)
        texts = originals[found]
        shown = self._corpus.shown([candidate.row for candidate in ranking])
        marked = list(dict.fromkeys(word.text for word in self._keyword.telling(what.text)))
        return [
            Hit(
                rank=rank,
                score=candidate.score,
                snippet=snippet(row["text"], marked, row["language"]),
                vector=candidate.vector,
                keyword=candidate.keyword,
                copies=int(np.count_nonzero(texts == originals[candidate.row])) - 1,
                **{**row, "heading_path": tuple(row["heading_path"] or ())},
            )
            for rank, (candidate, row) in enumerate(zip(ranking, shown, strict=True), start=1)
        ]

    def rank(
        self,
        question: str,
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
        return self._ranking(self.understood(question, filters), k, mode, groups)[0]

    def understood(self, question: str, filters: Filters = NO_FILTERS) -> Asked:
        """Return what is searched for: the question without operators, its misspelt words corrected.

        Raises:
            QueryError: The question is empty, too long or has no word.
        """
        what = asked(question, filters)
        if not self.policy.correct_typos:
            return what
        quoted = {word.text for phrase in what.phrases for word in words(phrase)}
        text, corrections = corrected(
            what.text,
            quoted,
            lambda word: self._keyword.knows(word) or self._encoder.has_word(word),
            self._corpus.vocabulary,
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
    ) -> tuple[list[Candidate], Rows]:
        """Return the best k passages, and the rows of all that were found.

        Args:
            what: The question.
            k: Number of passages.
            mode: Parts to use.
            groups: The group of each row; only the best passage of a group is returned. None: all are.
        """
        if k < 1:
            raise ValueError(f"k is {k}; it has to be at least 1.")
        mode = Mode(mode)  # a plain string is accepted
        if not len(self._corpus.passages):
            return [], np.empty(0, np.int64)
        allowed = self._keyword.allowed(what)
        vector = keyword = None
        if mode is not Mode.KEYWORD:
            scores = vector = self._by_vector(what.text, exact=allowed is not None)
        if mode is not Mode.VECTOR:
            keyword = self._keyword.scores(what.text)
            scores = self._scores(what, vector, keyword)
        if allowed is not None:
            scores = np.where(allowed, scores, np.float32(-np.inf))
        found = np.flatnonzero(scores > -np.inf)
        best, depth = best_rows(scores, k), k
        while groups:
            depth *= PASSAGES_PER_GROUP
            ranked = best_rows(scores, depth)
            best = first_per_group(ranked, groups(ranked))[:k]
            if len(best) == k or len(ranked) == len(found):
                break
        return self._candidates(best, scores, vector, keyword), found

    def explain(self, question: str, filters: Filters = NO_FILTERS) -> Explanation:
        """Return how the question is understood.

        Raises:
            QueryError: The question is empty, too long or has no word.
        """
        what = self.understood(question, filters)
        familiarity = self._encoder.familiarity(what.text)
        found = int(np.count_nonzero(self._keyword.scores(what.text)))
        return Explanation(what, lookups(what.text), familiarity, self.policy.weight_for(familiarity, found))

    def familiarity(self, question: str) -> float:
        """Return how well the encoder knows the writing of a question, 0 to 1."""
        return self._encoder.familiarity(self.understood(question).text)

    def documents_by_weight(self, question: str, weights: Sequence[float]) -> dict[float, list[str]]:
        """Return the documents of the best 200 passages, best first, for each weight that the vectors may have."""
        if not len(self._corpus.passages):
            return {weight: [] for weight in weights}
        text = self.understood(question).text
        vector, keyword = self._by_vector(text, exact=False), self._keyword.scores(text)
        parts = standardised(vector), standardised(keyword)
        familiarity, found = self._encoder.familiarity(text), int(np.count_nonzero(keyword))
        rankings = {}
        for weight in weights:
            scores = summed(*parts, RankingPolicy(weight).weight_for(familiarity, found))
            rankings[weight] = self._corpus.values("document_id", best_rows(scores, FUSED_DEPTH).tolist())
        return rankings

    def _scores(self, what: Asked, vector: Scores | None, keyword: Scores) -> Scores:
        """Return what passages are ranked by: float32 [n]; -inf for those that keyword search does not find."""
        if vector is None:
            scores = np.where(keyword > 0, keyword, np.float32(-np.inf))
        else:
            familiarity, found = self._encoder.familiarity(what.text), int(np.count_nonzero(keyword))
            scores = fused(vector, keyword, self.policy.weight_for(familiarity, found))
        for term in lookups(what.text):
            scores[self._keyword.containing(term)] += FIRST
        for phrase in what.phrases:
            scores[self._keyword.containing_phrase(phrase)] += FIRST
        return scores

    def _by_vector(self, text: str, *, exact: bool) -> Scores:
        """Return the cosine similarity of every passage: float32 [n].

        With an approximate index, passages that it does not find have the similarity of the last one it finds.
        """
        vector = self._encoder.encode_query(text)
        if exact or self.nprobes is None:
            similarities: Scores = self._corpus.vectors @ vector
            return similarities
        query = nearest(self._table, vector, self.nprobes).select(["chunk_id", "_distance"])
        found = query.limit(FUSED_DEPTH).to_arrow()
        similarities = 1.0 - found["_distance"].to_numpy().astype(np.float32)  # LanceDB's dot distance is 1 - dot
        scores = np.full(len(self._corpus.passages), similarities.min(initial=0.0), np.float32)
        scores[[self._rows[chunk_id] for chunk_id in found["chunk_id"].to_pylist()]] = similarities
        return scores

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {chunk_id: row for row, chunk_id in enumerate(self._corpus.passages["chunk_id"].to_pylist())}

    def _candidates(self, rows: Rows, scores: Scores, vector: Scores | None, keyword: Scores | None) -> list[Candidate]:
        places = rows.tolist()
        chunks, documents = (self._corpus.values(name, places) for name in ("chunk_id", "document_id"))
        return [
            Candidate(
                chunk_id=chunk_id,
                document_id=document_id,
                score=float(scores[row]),
                row=row,
                vector=None if vector is None else float(vector[row]),
                keyword=None if keyword is None else float(keyword[row]),
            )
            for row, chunk_id, document_id in zip(places, chunks, documents, strict=True)
        ]
