"""Mines questions' training pairs in the current release: the passage that answers each, and hard negatives.

The release's table is read in batches, once for some hundred questions, so memory does not grow with the corpus.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.adapters.pairs import HardNegatives
from xnai_pipelines.questions.question import Question, Relevant, Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.ranking import FUSED_DEPTH
from xnai_pipelines.state.schemas import TableSpec, embeddings_spec
from xnai_pipelines.state.table_reading import vectors_of
from xnai_pipelines.state.tables import Tables

AT_ONCE = 512  # questions for which the table is read once
ROWS = 8_192

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ToMine:
    """A question to mine pairs for.

    Attributes:
        question: The question.
        split: Split of its pairs.
        barred: Documents whose passages may not be negatives, beside those that answer it.
    """

    question: Question
    split: Split
    barred: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """A passage that answers a question.

    Attributes:
        asked: The question.
        question: Its vector, float32 [d].
        relevant: The document that answers it.
        passage: The passage's id, language and vector.
    """

    asked: ToMine
    question: Vector
    relevant: Relevant
    passage: tuple[str, str | None, Vector]

    def row(self, negatives: Sequence[str]) -> Mapping[str, Any]:
        """Return the pair as a row of the table."""
        question, (chunk_id, language, _) = self.asked.question, self.passage
        return {
            "pair_id": hashlib.sha256(f"{question.question_id}\0{chunk_id}".encode()).hexdigest()[:32],
            "question_id": question.question_id,
            "question": question.question,
            "origin": str(question.origin),
            "split": str(self.asked.split),
            "language": language,
            "document_id": self.relevant.document_id,
            "chunk_id": chunk_id,
            "negatives": list(negatives),
        }


def mine_pairs(
    tables: Tables, index: SearchIndex, asked: Sequence[ToMine], negatives: int, advance: Callable[[], object]
) -> list[Mapping[str, Any]]:
    """Return a row for each document that answers a question, with the labelled passage or the most likely one.

    Args:
        tables: Tables of the home.
        index: The current release.
        asked: The questions.
        negatives: Max number of hard negatives of each pair.
        advance: Called after each question.
    """
    spec = embeddings_spec(index.release.embeddings_table, index.release.dimension)
    rows: list[Mapping[str, Any]] = []
    for first in range(0, len(asked), AT_ONCE):
        some = asked[first : first + AT_ONCE]
        documents = _Documents.of(tables, spec, {name for one in some for name in one.question.document_ids})
        answers: list[_Answer] = []
        for one in some:
            answers += _answers(index, one, documents)
            advance()
        found = _hard_negatives(tables, spec, answers, negatives)
        rows += [answer.row(names) for answer, names in zip(answers, found, strict=True)]
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class _Documents:
    """The passages of some documents: ids and languages, and vectors float32 [n, d], by document."""

    chunk_ids: Sequence[str]
    languages: Sequence[str | None]
    vectors: Vector
    places: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, tables: Tables, spec: TableSpec, documents: set[str]) -> Self:
        columns = ["chunk_id", "document_id", "language", "vector"]
        rows = tables.having(spec, columns, "document_id", documents)
        places: dict[str, list[int]] = {}
        for place, document in enumerate(rows["document_id"].to_pylist()):
            places.setdefault(document, []).append(place)
        return cls(rows["chunk_id"].to_pylist(), rows["language"].to_pylist(), vectors_of(rows), places)


def _answers(index: SearchIndex, asked: ToMine, documents: _Documents) -> Iterator[_Answer]:
    """Yield the passage of each document that answers a question.

    The most likely passage is ranked highest by hybrid search; if search finds none, it is the nearest. If the encoder
    is weak, as in a language it hardly knows, shared words tell more than vectors.
    """
    question = asked.question
    vector = index.encode_query(question.question)
    places: dict[str, int] = {}
    if not all(relevant.chunk_id for relevant in question.relevant):
        ranking = index.rank(question.question, FUSED_DEPTH, Mode.HYBRID)
        places = {candidate.chunk_id: place for place, candidate in enumerate(ranking)}

    def likely(row: int) -> tuple[int, float, str]:
        chunk_id = documents.chunk_ids[row]
        return places.get(chunk_id, FUSED_DEPTH), -float(documents.vectors[row] @ vector), chunk_id

    for relevant in sorted(question.relevant, key=lambda relevant: relevant.document_id):
        rows = documents.places.get(relevant.document_id, ())
        labelled = [row for row in rows if documents.chunk_ids[row] == relevant.chunk_id]
        if rows:
            row = min(labelled or rows, key=likely)
            passage = documents.chunk_ids[row], documents.languages[row], documents.vectors[row]
            yield _Answer(asked, vector, relevant, passage)


def _hard_negatives(tables: Tables, spec: TableSpec, answers: Sequence[_Answer], count: int) -> list[list[str]]:
    """Return the ids of the hard negatives of each answer's question, nearest first."""
    if not answers or not count:
        return [[] for _ in answers]
    hard = HardNegatives(
        np.stack([one.question for one in answers]), np.stack([one.passage[2] for one in answers]), count
    )
    barred = {some: pa.array(sorted(some), pa.string()) for some in {one.asked.barred for one in answers}}
    own: dict[str, list[int]] = {}
    for place, one in enumerate(answers):
        for document in one.asked.question.document_ids:
            own.setdefault(document, []).append(place)
    for batch in tables.stream(spec, ["chunk_id", "document_id", "vector"], rows=ROWS):
        documents = batch["document_id"]
        masks = {some: pc.is_in(documents, names).to_numpy(zero_copy_only=False) for some, names in barred.items()}
        allowed = ~np.stack([masks[one.asked.barred] for one in answers], axis=1)
        for row, document in enumerate(documents.to_pylist()):
            allowed[row, own.get(document, [])] = False
        hard.see(batch["chunk_id"].to_pylist(), vectors_of(batch), allowed)
    return hard.found()
