"""Asks every question in every search mode, and records the latency and error of each call."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from xnai_pipelines.evaluation.metrics import Grades, best_first
from xnai_pipelines.evaluation.report import Calls, Level
from xnai_pipelines.questions.question import Question

Ranking: TypeAlias = Sequence[tuple[str, str, float]]
"""What a search found, best first: chunk_id, document_id, score."""

Search: TypeAlias = Callable[[str, str, int], Ranking]
"""A search: takes a query, a mode and the number of chunks."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of one search for a question: chunk and document ids, best first. None if it raised."""

    question: Question
    mode: str
    chunk_ids: tuple[str, ...]
    document_ids: tuple[str, ...]
    latency_ms: float
    error: str | None

    def ranking(self, level: Level) -> Sequence[str]:
        """Return the distinct documents ordered by their best chunk, or the chunks."""
        return best_first(self.document_ids) if level is Level.DOCUMENT else self.chunk_ids


def ask(
    questions: Sequence[Question],
    modes: Sequence[str],
    search: Search,
    *,
    depth: int,
    progress: Callable[[int, int], None],
) -> list[SearchResult]:
    """Return the results mode by mode, with the questions in order. `progress` gets done and total."""
    answers: list[SearchResult] = []
    for mode in modes:
        for question in questions:
            answers.append(_answer(question, mode, search, depth))
            progress(len(answers), len(modes) * len(questions))
    return answers


def _answer(question: Question, mode: str, search: Search, depth: int) -> SearchResult:
    started = time.perf_counter()
    error = None
    ranking: Ranking = ()
    try:
        ranking = search(question.question, mode, depth)
    except Exception as raised:  # noqa: BLE001  reported as this question's error
        error = f"{type(raised).__name__}: {raised}"
    latency_ms = 1000 * (time.perf_counter() - started)
    return SearchResult(
        question=question,
        mode=mode,
        chunk_ids=tuple(chunk_id for chunk_id, _, _ in ranking),
        document_ids=tuple(document_id for _, document_id, _ in ranking),
        latency_ms=latency_ms,
        error=error,
    )


def judgement(question: Question, level: Level) -> Grades | None:
    """Return the grade by document or chunk id, None if an answer's chunk is unknown."""
    grades: dict[str, int] = {}
    for relevant in question.relevant:
        name = relevant.document_id if level is Level.DOCUMENT else relevant.chunk_id
        if name is None:
            return None
        grades[name] = max(grades.get(name, 0), relevant.grade)
    return grades


def count_calls(mode: str, answers: Sequence[SearchResult]) -> Calls:
    """Return errors and latency of the searches in one mode."""
    errors = [answer.error for answer in answers if answer.error is not None]
    latencies = [answer.latency_ms for answer in answers if answer.error is None]
    p50, p95 = np.percentile(latencies, [50, 95]).tolist() if latencies else (None, None)
    return Calls(
        mode=mode,
        calls=len(answers),
        errors=len(errors),
        first_error=errors[0] if errors else None,
        p50_ms=p50,
        p95_ms=p95,
    )
