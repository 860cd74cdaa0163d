"""An opened home: search, answers and status, without a run."""

import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xnai_pipelines.errors import QueryError
from xnai_pipelines.search.hits import Hit
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import NO_FILTERS, Filters, Mode
from xnai_pipelines.state.layout import Home

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from xnai_pipelines.answers.answer import Answer, Sentence
    from xnai_pipelines.answers.ask import Answerer
    from xnai_pipelines.answers.conversation import Rewriter, Turn
    from xnai_pipelines.answers.passages import Passages
    from xnai_pipelines.answers.refusal import RefusalPolicy
    from xnai_pipelines.graph.stored import KnowledgeGraph
    from xnai_pipelines.search.themes import Themes
    from xnai_pipelines.status import HomeStatus


class OpenedHome:
    """The current release of a home, as it was when it was opened."""

    def __init__(self, home: str | Path, threads: int | None) -> None:
        self._home = Home(Path(home).expanduser().absolute())
        self._index = SearchIndex.open(self._home.root, threads=threads or os.cpu_count() or 1)

    @property
    def release(self) -> int:
        """The number of the release that answers."""
        return self._index.release.release

    def search(
        self,
        question: str,
        k: int = 10,
        mode: str | Mode = Mode.HYBRID,
        *,
        filters: Filters = NO_FILTERS,
        by_document: bool = False,
    ) -> list[Hit]:
        """Return at most `k` passages for a question, best first.

        Args:
            question: What a person asks.
            k: Number of passages.
            mode: hybrid, vector, keyword, or graph if the home has a knowledge graph.
            filters: Which documents to search.
            by_document: Return only the best passage of each document.

        Raises:
            QueryError: The question holds no word, `k` is below 1, or there is no such mode.
        """
        if k < 1:
            raise QueryError(f"k={k} is below 1.")
        if mode not in list(Mode):
            raise QueryError(f"mode {str(mode)!r} is not one of {', '.join(Mode)}.")
        return self._index.search(question, k, Mode(mode), filters, by_document=by_document)

    def ask(
        self,
        question: str,
        *,
        filters: Filters = NO_FILTERS,
        answerer: "Answerer | None" = None,
        history: "Sequence[Turn]" = (),
    ) -> "Answer":
        """Return an answer whose sentences have citations, or a refusal.

        Args:
            question: What a person asks.
            filters: Which documents may answer.
            answerer: Writes the answer, such as a `LanguageModelAnswerer`; None quotes the documents.
            history: Earlier turns, oldest first, which the question may refer to.

        Raises:
            QueryError: The question holds no word or is too long.
        """
        from xnai_pipelines.answers.streamed import Streamed

        return Streamed(self.stream(question, filters=filters, answerer=answerer, history=history)).drained()

    def stream(
        self,
        question: str,
        *,
        filters: Filters = NO_FILTERS,
        answerer: "Answerer | None" = None,
        history: "Sequence[Turn]" = (),
        rewriter: "Rewriter | None" = None,
    ) -> "Generator[Sentence, None, Answer]":
        """Yield each sentence of an answer once it is verified, and return the answer; a refusal yields nothing.

        Args:
            question: What a person asks.
            filters: Which documents may answer.
            answerer: Writes the answer; None quotes the documents.
            history: Earlier turns, oldest first.
            rewriter: Completes a follow-up question; None carries over words of the previous one.

        Raises:
            QueryError: The question holds no word or is too long.
        """
        from xnai_pipelines.answers.ask import prepare, stream

        started = time.perf_counter()
        prepared = prepare(
            self._passages,
            question,
            policy=self._refusal,
            filters=filters,
            history=history,
            rewriter=rewriter,
            to_write=answerer is not None,
        )
        return (yield from stream(prepared, answerer, started))

    def context(self, question: str, budget: int = 2_000, *, filters: Filters = NO_FILTERS) -> str:
        """Return the evidence for a question as numbered passages, for the prompt of another system.

        Args:
            question: What a person asks.
            budget: Max tokens, estimated.
            filters: Which documents may answer.

        Raises:
            QueryError: The question holds no word or is too long, or the budget is below 1.
        """
        from xnai_pipelines.answers.ask import context_block

        if budget < 1:
            raise QueryError(f"budget={budget} is below 1.")
        return context_block(self._passages, question, budget_tokens=budget, filters=filters)

    def themes(self, question: str, *, level: int = 0, most: int = 5) -> "Themes":
        """Return the themes of the corpus on a question: communities of the graph, each with passages.

        Args:
            question: A question about the corpus as a whole.
            level: Level of the communities, 0 for the largest groups.
            most: Max themes.

        Raises:
            QueryError: The question holds no word or is too long.
            GraphQueryError: There is no graph, or no community of this level.
        """
        from xnai_pipelines.search.themes import themes_of
        from xnai_pipelines.state.tables import Tables

        return themes_of(self._index, Tables.of(self._home), question, level=level, most=most)

    @cached_property
    def graph(self) -> "KnowledgeGraph":
        """The knowledge graph: entities, paths, communities.

        Raises:
            GraphQueryError: The home has no graph.
        """
        from xnai_pipelines.graph.stored import KnowledgeGraph

        return KnowledgeGraph.of(self._home)

    @cached_property
    def _passages(self) -> "Passages":
        from xnai_pipelines.answers.passages import Passages

        return Passages(self._index, self._home)

    @cached_property
    def _refusal(self) -> "RefusalPolicy":
        from xnai_pipelines.answers.policy import refusal_policy

        return refusal_policy(self._home, self._index.release)

    def status(self) -> "HomeStatus":
        """Return what the home holds, with a summary of its health in sentences."""
        from xnai_pipelines.status import home_status

        return home_status(self._home)
