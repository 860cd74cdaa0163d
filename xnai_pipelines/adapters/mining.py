"""Mines a question's training pairs in the current release: the passage that answers it, and hard negatives."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from xnai_pipelines.adapters.pairs import hard_negatives
from xnai_pipelines.questions.question import Question, Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.ranking import FUSED_DEPTH
from xnai_pipelines.state.schemas import embeddings_spec
from xnai_pipelines.state.tables import Tables, vectors_of


@dataclass(frozen=True, slots=True, eq=False)
class ReleasePassages:
    """The current release's passages.

    Attributes:
        index: Its index.
        chunk_ids: Ids of its n passages.
        document_ids: Their documents: str [n].
        languages: Their languages.
        vectors: Their vectors: float32 [n, d].
    """

    index: SearchIndex
    chunk_ids: Sequence[str]
    document_ids: npt.NDArray[np.str_]
    languages: Sequence[str | None]
    vectors: npt.NDArray[np.float32]

    @classmethod
    def of(cls, tables: Tables, index: SearchIndex) -> Self:
        """Return the passages of an index."""
        spec = embeddings_spec(index.release.embeddings_table, index.release.dimension)
        rows = tables.read(spec, ["chunk_id", "document_id", "language", "vector"])
        return cls(
            index,
            rows["chunk_id"].to_pylist(),
            np.array(rows["document_id"].to_pylist(), dtype=np.str_),
            rows["language"].to_pylist(),
            vectors_of(rows),
        )

    def of_documents(self, documents: Collection[str]) -> npt.NDArray[np.bool_]:
        """Return which passages are of these documents: bool [n]."""
        return np.isin(self.document_ids, sorted(documents))

    def pairs(
        self, question: Question, split: Split, barred: npt.NDArray[np.bool_], negatives: int
    ) -> list[Mapping[str, Any]]:
        """Return a row for each document that answers the question, with the labelled passage or the most likely one.

        The most likely passage is ranked highest by hybrid search; if search finds none, it is the nearest. If the
        encoder is weak, as in a language it hardly knows, shared words tell more than vectors.

        Args:
            question: The question.
            split: Split of the pairs.
            barred: Which passages may not be negatives: bool [n].
            negatives: Max number of hard negatives of each pair.
        """
        vector = self.index.encode_query(question.question)
        near = self.vectors @ vector
        places: dict[str, int] = {}
        if not all(relevant.chunk_id for relevant in question.relevant):
            ranking = self.index.rank(question.question, FUSED_DEPTH, Mode.HYBRID)
            places = {candidate.chunk_id: place for place, candidate in enumerate(ranking)}

        def likely(row: int) -> tuple[int, float, str]:
            return places.get(self.chunk_ids[row], FUSED_DEPTH), -float(near[row]), self.chunk_ids[row]

        barred = barred | self.of_documents(question.document_ids)
        found: list[Mapping[str, Any]] = []
        for relevant in sorted(question.relevant, key=lambda relevant: relevant.document_id):
            rows = np.flatnonzero(self.document_ids == relevant.document_id).tolist()
            labelled = [row for row in rows if self.chunk_ids[row] == relevant.chunk_id]
            if not rows:
                continue
            answer = min(labelled or rows, key=likely)
            hard = hard_negatives(
                vector, self.vectors, answer=answer, barred=barred, count=negatives, names=self.chunk_ids
            )
            chunk_id = self.chunk_ids[answer]
            found.append(
                {
                    "pair_id": hashlib.sha256(f"{question.question_id}\0{chunk_id}".encode()).hexdigest()[:32],
                    "question_id": question.question_id,
                    "question": question.question,
                    "origin": str(question.origin),
                    "split": str(split),
                    "language": self.languages[answer],
                    "document_id": relevant.document_id,
                    "chunk_id": chunk_id,
                    "negatives": [self.chunk_ids[row] for row in hard],
                }
            )
        return found
