"""Which passages name which entities, as a sparse matrix in the order of a corpus' passages. Pure."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Bools, Ints, flat, ints, position_in
from xnai_pipelines.graph.sparse import Sparse

# A passage is about its document's title more than about what it names: chosen on the train questions of HotpotQA and
# 2WikiMultihopQA, where 5 to 20 do equally well.
TITLE_WEIGHT = 10.0
UNTITLED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """n passages and m entities.

    Attributes:
        weights: How much each passage names each entity: n rows, m columns.
        by_entity: The same the other way round: m rows, n columns.
        entity_ids: Ids of the entities.
        surfaces: How each passage names each entity, in the order of the weights' values.
        title: Entity of the title of each passage's document: int64 [n], -1 if it has none.
    """

    weights: Sparse
    by_entity: Sparse
    entity_ids: list[str]
    surfaces: pa.Array
    title: Ints

    @classmethod
    def of(cls, passages: pa.Table, mentions: pa.Table, entities: pa.Table) -> Self:
        """Return the incidence of passages.

        Args:
            passages: Columns chunk_id and document_id; they give the order of the rows.
            mentions: Columns chunk_id, entity_id, start and surface, in any order; those of other passages are left
                out, and of several mentions in a passage the first says how it names the entity.
            entities: Columns entity_id and titled_documents.
        """
        entity_ids = entities["entity_id"].to_pylist()
        row = position_in(mentions["chunk_id"].combine_chunks(), passages["chunk_id"].to_pylist())
        column = position_in(mentions["entity_id"].combine_chunks(), entity_ids)
        known = np.flatnonzero((row >= 0) & (column >= 0))
        known = known[np.argsort(ints(mentions["start"])[known], kind="stable")]
        width = max(1, len(entity_ids))
        pairs, first = np.unique(row[known] * width + column[known], return_index=True)
        surfaces = mentions["surface"].combine_chunks().take(pa.array(known[first]))
        title = _titles(passages["document_id"].combine_chunks(), entities["titled_documents"])
        return cls._weighted(pairs // width, pairs % width, entity_ids=entity_ids, surfaces=surfaces, title=title)

    def among(self, readable: Bools) -> Self:
        """Return the incidence as it were without the other passages, which keep their rows; `readable` is bool [n]."""
        row = self.weights.rows
        kept = np.flatnonzero(readable[row])
        return self._weighted(
            row[kept],
            self.weights.columns[kept],
            entity_ids=self.entity_ids,
            surfaces=self.surfaces.take(pa.array(kept)),
            title=np.where(readable, self.title, UNTITLED),
        )

    def surface(self, row: int, entity: int) -> str:
        """Return how a passage names an entity that it names."""
        place = int(np.searchsorted(self.weights.row(row)[0], entity))
        found: str = self.surfaces[int(self.weights.starts[row]) + place].as_py()
        return found

    @classmethod
    def _weighted(cls, row: Ints, column: Ints, *, entity_ids: list[str], surfaces: pa.Array, title: Ints) -> Self:
        """Return the incidence of sorted pairs; an entity weighs less in each passage by the root of their number."""
        passages = np.bincount(column, minlength=len(entity_ids))
        values = np.where(title[row] == column, TITLE_WEIGHT, 1.0) / np.sqrt(passages[column])
        weights = Sparse.of(row, column, values, (len(title), len(entity_ids)))
        return cls(weights, weights.transposed(), entity_ids, surfaces, title)


def _titles(document_ids: pa.Array, titled: pa.ChunkedArray) -> Ints:
    """Return the entity of each passage's document title; if two have it, the first."""
    documents, entity = flat(titled)
    names = list(dict.fromkeys(documents.to_pylist()))
    position = position_in(documents, names)
    first = np.full(len(names), UNTITLED, dtype=np.int64)
    first[position[::-1]] = entity[::-1]
    at = position_in(document_ids, names)
    return np.where(at >= 0, first[at], UNTITLED) if len(names) else np.full(len(document_ids), UNTITLED, np.int64)
