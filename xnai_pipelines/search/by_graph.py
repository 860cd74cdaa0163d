"""Search over the knowledge graph: what a first search finds leads over the entities that it names to other passages.

The best passages of the first search, those of documents that the question names before all, are where a walk starts.
What it brings to a passage is added to the score of the first search, so a graph without a way adds nothing.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.errors import QueryError
from xnai_pipelines.graph.arrays import encoded, ints, position_in
from xnai_pipelines.graph.division import Division
from xnai_pipelines.graph.forms import form_of
from xnai_pipelines.graph.incidence import Incidence
from xnai_pipelines.graph.paths import Step, path_of, way_to
from xnai_pipelines.graph.question import Names
from xnai_pipelines.graph.relations import CO_OCCURS
from xnai_pipelines.graph.tables import ENTITIES, MENTIONS, RELATIONS
from xnai_pipelines.graph.walk import Walk, Walker
from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.ranking import Estimates, Rows, Scores, first_per_group
from xnai_pipelines.state.table_reading import quoted
from xnai_pipelines.state.tables import Tables

# Chosen on the train questions of HotpotQA and 2WikiMultihopQA together; each neighbour does nearly as well.
STARTS = 3  # documents
NAMED = np.float32(3.0)  # standard deviations that the passages of a document gain if the question names it
SHARE_OF_ONE = 1e-4  # share of a walk that adds log 2 to the score: standard deviations of the first search
FULL_WEIGHT = 4.0  # of what the walk adds, in the mode graph

MOST_DIVIDED = 20_000  # passages that are divided anew for those who may not read the others, which takes seconds

_DEPTH = 60  # passages among which the documents are


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """A walk, the entities that the question names, and what the walk adds to each passage's score: float32 [n]."""

    walk: Walk
    named: frozenset[int]
    added: Scores


class GraphSource:
    """The graph of a home over the passages that can be found, read when a question first needs it."""

    def __init__(
        self,
        corpus: Corpus,
        tables: Tables | None,
        readable: npt.NDArray[np.bool_] | None = None,
        whole: "GraphSource | None" = None,
    ) -> None:
        """Read nothing yet.

        Args:
            corpus: All passages.
            tables: Tables of the home; None is a home without a graph.
            readable: Which passages can be found; None for all.
            whole: The graph over all passages, whose memory is shared.
        """
        self._corpus = corpus
        self._tables = tables
        self._readable = readable
        self._of_all = whole

    def among(self, readable: npt.NDArray[np.bool_]) -> "GraphSource":
        """Return the graph as it were without the other passages."""
        return GraphSource(self._corpus, self._tables, readable, self._whole)

    @property
    def _whole(self) -> "GraphSource":
        return self._of_all or self  # not kept: a reference to itself would keep a closed release's memory for long

    @property
    def exists(self) -> bool:
        """Whether there is a graph."""
        return self._whole._has_entities

    @cached_property
    def _has_entities(self) -> bool:
        return self._tables is not None and self._tables.count(ENTITIES) > 0

    @cached_property
    def graph(self) -> "GraphSearch":
        """The graph, opened.

        Raises:
            QueryError: There is no graph.
        """
        if self._readable is not None:
            return self._whole.graph.among(self._readable)
        if self._tables is None or not self.exists:
            raise QueryError("There is no knowledge graph to search by. `xnai run` builds it; mode hybrid needs none.")
        return GraphSearch(self._corpus, self._tables)

    @cached_property
    def division(self) -> Division | None:
        """The communities; None if there are none, or too many passages to divide."""
        if self._tables is None or not self.exists:
            return None
        if self._readable is None or self._readable.all():
            return Division.stored(self._tables, self._whole.graph.incidence)
        if np.count_nonzero(self._readable) > MOST_DIVIDED:
            return None
        passages = self._corpus.passages.select(["chunk_id", "document_id"])
        return Division.among(self._tables, passages, pa.array(self._readable))


class GraphSearch:
    """The graph over a corpus' passages."""

    def __init__(self, corpus: Corpus, tables: Tables) -> None:
        """Read the graph's tables."""
        mentions = tables.read(MENTIONS, ["chunk_id", "entity_id", "start", "surface"])
        entities = tables.read(ENTITIES, ["entity_id", "titled_documents", "aliases"]).sort_by("entity_id")
        self._corpus = corpus
        self._tables = tables
        self._titled = np.flatnonzero(ints(pc.list_value_length(entities["titled_documents"])))
        self._names = Names(entities["aliases"].take(pa.array(self._titled)).to_pylist())
        self._walker = Walker(Incidence.of(corpus.passages.select(["chunk_id", "document_id"]), mentions, entities))
        self._said = _Said(corpus.passages["chunk_id"].to_pylist(), mentions, entities["entity_id"].to_pylist())
        self._readable: npt.NDArray[np.bool_] | None = None

    @property
    def incidence(self) -> Incidence:
        """Which passages name which entities."""
        return self._walker.incidence

    def among(self, readable: npt.NDArray[np.bool_]) -> Self:
        """Return the graph as it were without the other passages."""
        graph = copy(self)
        graph._walker = Walker(self._walker.incidence.among(readable))
        graph._readable = readable
        return graph

    def walked(self, text: str, totals: Estimates) -> Walked:
        """Return the walk from the best passages of a first search for a question."""
        titles = self._walker.incidence.title
        names = self._names.within(text, self._is_known)
        named = frozenset(int(self._titled[one]) for name in names for one in name.entities)
        preferred = totals.plus(NAMED * np.isin(titles, list(named)).astype(np.float32))
        rows = preferred.best(_DEPTH)
        rows = first_per_group(rows, self._corpus.document_of(rows))[:STARTS]
        walk = self._walker.walk(_start(rows, preferred.at(rows), len(titles)))
        return Walked(walk, named, np.log1p(walk.rank / SHARE_OF_ONE).astype(np.float32))

    def path(self, walked: Walked, row: int) -> tuple[Step, ...]:
        """Return the way by which the walk came to a passage; empty if it did not."""
        return path_of(
            way_to(self._walker, walked.walk, row),
            self._walker.incidence,
            named=walked.named,
            passage=self._shown,
            relation=lambda *ends: self._relations.get(ends),
        )

    def _is_known(self, titled: int, key: str) -> bool:
        """Return whether a passage that may be read is of the entity's document, and one names it by this key."""
        if self._readable is None:
            return True
        entity = int(self._titled[titled])
        about = bool(np.any(self._walker.incidence.title == entity))
        return about and any(
            key in (form.key, form.qualified) for form in map(form_of, self._said.of(entity, self._readable))
        )

    def _shown(self, row: int) -> tuple[str, str]:
        return tuple(self._corpus.values(column, [row])[0] for column in ("chunk_id", "source"))

    @cached_property
    def _relations(self) -> dict[tuple[str, str, str], str]:
        """Types of the relations that the text states, by passage, source and target."""
        columns = ["source_id", "target_id", "type", "chunk_ids"]
        rows = self._tables.read(RELATIONS, columns, f"type != {quoted(CO_OCCURS)}").sort_by("type").to_pylist()
        return {(chunk, row["source_id"], row["target_id"]): row["type"] for row in rows for chunk in row["chunk_ids"]}


class _Said:
    """By which surfaces the passages name each entity."""

    def __init__(self, chunk_ids: Sequence[str], mentions: pa.Table, entity_ids: Sequence[str]) -> None:
        entity = position_in(mentions["entity_id"].combine_chunks(), entity_ids)
        order = np.argsort(entity, kind="stable")
        self._starts = np.searchsorted(entity[order], np.arange(len(entity_ids) + 1))
        self._row = position_in(mentions["chunk_id"].combine_chunks(), chunk_ids)[order]
        surface, self._surfaces = encoded(mentions["surface"])
        self._surface = surface[order]

    def of(self, entity: int, readable: npt.NDArray[np.bool_]) -> list[str]:
        """Return the surfaces of an entity in these passages."""
        mine = slice(*self._starts[entity : entity + 2])
        row = self._row[mine]
        kept = (row >= 0) & readable[row]
        return [self._surfaces[code] for code in np.unique(self._surface[mine][kept]).tolist()]


def _start(rows: Rows, scores: Scores, passages: int) -> npt.NDArray[np.float64]:
    """Return where a walk starts: the softmax of the passages' scores, float64 [n]."""
    start = np.zeros(passages)
    if len(rows):
        likely = np.exp((scores - scores.max()).astype(np.float64))
        start[rows] = likely / likely.sum()
    return start
