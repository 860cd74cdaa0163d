"""Search over the knowledge graph: what a first search finds leads over the entities that it names to other passages.

The best passages of the first search, those of documents that the question names before all, are where a walk starts.
What it brings to a passage is added to the score of the first search, so a graph without a way adds nothing.
"""

from collections.abc import Hashable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.errors import QueryError
from xnai_pipelines.graph.arrays import ints
from xnai_pipelines.graph.incidence import Incidence
from xnai_pipelines.graph.paths import Step, path_of, way_to
from xnai_pipelines.graph.question import Names
from xnai_pipelines.graph.tables import ENTITIES, MENTIONS, RELATIONS
from xnai_pipelines.graph.walk import Walk, Walker
from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.ranking import Estimates, Rows, Scores, first_per_group
from xnai_pipelines.state.tables import Tables

# Chosen on the train questions of HotpotQA and 2WikiMultihopQA together; each neighbour does nearly as well.
STARTS = 3  # documents
NAMED = np.float32(3.0)  # standard deviations that the passages of a document gain if the question names it
LEAST = 1e-4  # share of a walk that adds log 2 to the score: standard deviations of the first search
FULL_WEIGHT = 4.0  # of what the walk adds, in the mode graph

_DEPTH = 60  # passages among which the documents are


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """A walk, the entities that the question names, and what the walk adds to each passage's score: float32 [n]."""

    walk: Walk
    named: frozenset[int]
    added: Scores


class GraphSource:
    """The graph of a home, read when a question first needs it; None is a home without one."""

    def __init__(self, corpus: Corpus, tables: Tables | None) -> None:
        self._corpus = corpus
        self._tables = tables

    @cached_property
    def exists(self) -> bool:
        """Whether there is a graph."""
        return self._tables is not None and self._tables.count(ENTITIES) > 0

    def opened(self, readable: npt.NDArray[np.bool_] | None) -> "GraphSearch":
        """Return the graph over these passages; None for all.

        Raises:
            QueryError: There is no graph.
        """
        return self._whole if readable is None else self._whole.among(readable)

    @cached_property
    def _whole(self) -> "GraphSearch":
        if self._tables is None or not self.exists:
            raise QueryError("There is no knowledge graph to search by. `xnai run` builds it; mode hybrid needs none.")
        return GraphSearch(self._corpus, self._tables)


class GraphSearch:
    """The graph over a corpus' passages."""

    def __init__(self, corpus: Corpus, tables: Tables) -> None:
        """Read the graph's tables."""
        mentions = tables.read(MENTIONS, ["chunk_id", "entity_id"])
        entities = tables.read(ENTITIES, ["entity_id", "titled_documents", "form", "aliases"])
        self._corpus = corpus
        self._tables = tables
        self._forms = entities["form"].to_pylist()
        self._titled = np.flatnonzero(ints(pc.list_value_length(entities["titled_documents"])))
        self._names = Names(entities["aliases"].take(pa.array(self._titled)).to_pylist())
        self._walker = Walker(Incidence.of(corpus.passages.select(["chunk_id", "document_id"]), mentions, entities))

    def among(self, readable: npt.NDArray[np.bool_]) -> Self:
        """Return the graph as it were without the other passages."""
        graph = copy(self)
        graph._walker = Walker(self._walker.incidence.among(readable))
        return graph

    def walked(self, text: str, totals: Estimates) -> Walked:
        """Return the walk from the best passages of a first search for a question."""
        titles = self._walker.incidence.title
        named = frozenset(int(self._titled[one]) for name in self._names.within(text) for one in name.entities)
        preferred = totals.plus(NAMED * np.isin(titles, list(named)).astype(np.float32))
        rows = preferred.best(_DEPTH)
        rows = first_per_group(rows, self._documents(rows))[:STARTS]
        walk = self._walker.walk(_start(rows, preferred.at(rows), len(titles)))
        return Walked(walk, named, np.log1p(walk.rank / LEAST).astype(np.float32))

    def path(self, walked: Walked, row: int) -> tuple[Step, ...]:
        """Return the way by which the walk came to a passage; empty if it did not."""
        return path_of(
            way_to(self._walker, walked.walk, row),
            self._walker,
            named=walked.named,
            passage=self._shown,
            entity=self._forms.__getitem__,
            relation=lambda subject, other: self._relations.get((subject, other)),
        )

    def _documents(self, rows: Rows) -> Sequence[Hashable]:
        return self._corpus.values("document_id", rows.tolist())

    def _shown(self, row: int) -> tuple[str, str]:
        return tuple(self._corpus.values(column, [row])[0] for column in ("chunk_id", "source"))

    @cached_property
    def _relations(self) -> dict[tuple[str, str], str]:
        """Types of the relations that the text states, by source and target."""
        rows = self._tables.read(RELATIONS, ["source_id", "target_id", "type"], "type != 'co_occurs'")
        return {(row["source_id"], row["target_id"]): row["type"] for row in rows.sort_by("type").to_pylist()}


def _start(rows: Rows, scores: Scores, passages: int) -> npt.NDArray[np.float64]:
    """Return where a walk starts: the softmax of the passages' scores, float64 [n]."""
    start = np.zeros(passages)
    if len(rows):
        likely = np.exp((scores - scores.max()).astype(np.float64))
        start[rows] = likely / likely.sum()
    return start
