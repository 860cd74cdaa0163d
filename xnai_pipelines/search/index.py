"""Search over the current release."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import ReleaseError, VectorSpaceError
from xnai_pipelines.search.query import NO_FILTERS, Filters, Mode, checked_question
from xnai_pipelines.search.ranking import Candidate, best_per_document, reciprocal_rank_fusion
from xnai_pipelines.search.snippet import snippet
from xnai_pipelines.search.vector_index import nearest, read_vector_index
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tables import Tables

RANKING_VERSION = 1  # raised when the same tables and question give another ranking: figures are then measured again
FUSED_DEPTH = 200  # passages of each ranking that enter the fusion; evaluation asks for as many
PASSAGES_PER_DOCUMENT = 5  # fetched at first for each requested document
SHOWN = ["chunk_id", "document_id", "source", "start", "end", "heading_path", "page", "media_type", "language", "text"]

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: `text == document.text[start:end]`; the snippet marks matching words with **asterisks**.

    The score is the cosine similarity, BM25 or the fused reciprocal rank, by mode; compare scores within one answer.
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


class SearchIndex:
    """The current release of a home, open for questions.

    It reads the table as of when it was opened, so an answer never mixes two states. Open another to see what was
    written since.
    """

    def __init__(self, release: Release, table: Any, encoder: Encoder, nprobes: int | None) -> None:
        if encoder.vector_space != release.vector_space:
            raise VectorSpaceError(
                f"Release {release.release} has vectors of space {release.vector_space}; the encoder gives space "
                f"{encoder.vector_space}. Use the release's encoder, or embed again: `xnai run --new-release`."
            )
        self.release = release
        self._table = table
        self._encoder = encoder
        self.nprobes = nprobes

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
        table = Tables(layout.lancedb).open(release.embeddings_table)
        measured = read_vector_index(releases.vector_index_path(release.release))
        return cls(release, table, Encoder.load(folder, threads=threads), measured.nprobes if measured else None)

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
        ranking = self.rank(question, k, mode, filters, by_document=by_document)
        rows = self._rows([candidate.row_id for candidate in ranking])
        stems = cache(self._stems)  # every snippet needs the question's
        return [
            Hit(
                rank=rank,
                score=candidate.score,
                snippet=snippet(rows[candidate.chunk_id]["text"], question, stems),
                **{**rows[candidate.chunk_id], "heading_path": tuple(rows[candidate.chunk_id]["heading_path"] or ())},
            )
            for rank, candidate in enumerate(ranking, start=1)
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
        """Return ids and scores only, best first; for evaluation. Arguments and errors are those of `search`."""
        if k < 1:
            raise ValueError(f"k is {k}; it has to be at least 1.")
        question = checked_question(question)
        mode = Mode(mode)  # a plain string is accepted
        vector = None if mode is Mode.KEYWORD else self._encoder.encode_query(question)
        where = filters.sql()
        if not by_document:
            return self._ranking(question, vector, k, mode, where)[:k]
        depth = k * PASSAGES_PER_DOCUMENT
        while True:
            ranking = self._ranking(question, vector, depth, mode, where)
            best = best_per_document(ranking)
            if len(best) >= k or len(ranking) < depth:
                return best[:k]
            depth *= 4  # all these passages are of a few long documents

    def _ranking(
        self, question: str, vector: Vector | None, depth: int, mode: Mode, where: str | None
    ) -> list[Candidate]:
        """Return at least `depth` passages if there are so many; by keyword only if there is no vector."""
        if vector is None:
            return self._by_keywords(question, depth, where)
        if mode is Mode.VECTOR:
            return self._by_vector(vector, depth, where)
        deep = max(depth, FUSED_DEPTH)
        return reciprocal_rank_fusion([self._by_vector(vector, deep, where), self._by_keywords(question, deep, where)])

    def _by_vector(self, vector: Vector, depth: int, where: str | None) -> list[Candidate]:
        query = nearest(self._table, vector, self.nprobes)
        found = (
            _filtered(query, where)
            .select(["chunk_id", "document_id", "_distance"])
            .limit(depth)
            .with_row_id(True)
            .to_arrow()
        )
        # LanceDB's dot distance is 1 - dot
        return _candidates(found, [1.0 - distance for distance in found["_distance"].to_pylist()])

    def _by_keywords(self, question: str, depth: int, where: str | None) -> list[Candidate]:
        from lancedb.query import MatchQuery

        query = self._table.search(MatchQuery(question, column="passage"), query_type="fts")
        found = (
            _filtered(query, where)
            .select(["chunk_id", "document_id", "_score"])
            .limit(depth)
            .with_row_id(True)
            .to_arrow()
        )
        return _candidates(found, found["_score"].to_pylist())

    def _rows(self, row_ids: Sequence[int]) -> dict[str, dict[str, Any]]:
        rows = self._table.take_row_ids(list(row_ids)).select(SHOWN).to_arrow().to_pylist() if row_ids else []
        return {row["chunk_id"]: row for row in rows}

    def _stems(self, text: str) -> dict[int, str]:
        return {token.position: token.text for token in self._table.tokenize(text, column="passage")}


def _filtered(query: Any, where: str | None) -> Any:
    return query.where(where, prefilter=True) if where else query


def _candidates(found: pa.Table, scores: Sequence[float]) -> list[Candidate]:
    columns = (found[name].to_pylist() for name in ("chunk_id", "document_id"))
    rows = zip(*columns, scores, found["_rowid"].to_pylist(), strict=True)
    # a fixed order of equal scores makes a figure repeatable
    return sorted((Candidate(*row) for row in rows), key=lambda candidate: (-candidate.score, candidate.chunk_id))
