"""Approximate vector search is used only if its measured recall against exact search is high enough.

Search compares all vectors up to a number of them. Above it a question's bits leave some passages to be compared. The
smallest number of these whose recall reaches the floor is recorded beside the release; without such a number, search
stays exact.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.ranking import SCALED_BY, Estimates, Rows
from xnai_pipelines.state.layout import remove, write_json

RECALL_FLOOR = 0.98
SAMPLED_QUERIES = 200
FRAGMENT_WORDS = 6
FEWEST = 1_000  # passages
LARGEST_SHARE = 0.5  # of all passages: comparing more is no faster than comparing all
REMEASURE_GROWTH = 1.1  # a table that grew or shrank by this factor is measured again

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """Measurements of approximate search against exact search, for fragments of stored passages.

    Attributes:
        rows: Number of passages.
        candidates: Passages that are compared; None if no number reached the floor, so that search is exact.
        recall_at_10: Share of the ten nearest that is found.
        recall_at_100: Share of the hundred nearest, whose scores are the scale on which they meet those of words.
        queries: Number of fragments.
    """

    rows: int
    candidates: int | None
    recall_at_10: float
    recall_at_100: float
    queries: int


def read_vector_index(path: Path) -> VectorIndex | None:
    """Return the recorded measurement; None if search is exact, or an earlier version measured another index."""
    fields = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return VectorIndex(**fields) if "candidates" in fields else None


def maintain_vector_index(
    open_corpus: Callable[[], Corpus],
    rows: int,
    exact_search_rows: int,
    record: Path,
    encode_query: Callable[[str], Vector],
) -> VectorIndex | None:
    """Measure approximate search as the number of passages requires; return what is recorded now."""
    if rows <= exact_search_rows:
        remove(record)
        return None
    known = read_vector_index(record)
    if known and 1 / REMEASURE_GROWTH < rows / known.rows < REMEASURE_GROWTH:
        return known
    remove(record)  # search is exact until it is measured
    measured = _measure(open_corpus(), encode_query)
    write_json(record, asdict(measured))
    return measured


def measured_recall(corpus: Corpus, candidates: int, encode_query: Callable[[str], Vector]) -> VectorIndex:
    """Return the recall now, with so many passages compared."""
    queries, exact = _questions(corpus, encode_query)
    return _recall(corpus, queries, exact, candidates)


def _measure(corpus: Corpus, encode_query: Callable[[str], Vector]) -> VectorIndex:
    """Return the smallest number of candidates, by doubling, that reaches the floor."""
    queries, exact = _questions(corpus, encode_query)
    rows, candidates = len(corpus.passages), FEWEST
    best = VectorIndex(rows, None, 0.0, 0.0, len(queries))
    while candidates <= LARGEST_SHARE * rows:
        found = _recall(corpus, queries, exact, candidates)
        if min(found.recall_at_10, found.recall_at_100) >= RECALL_FLOOR:
            return found
        best = VectorIndex(rows, None, found.recall_at_10, found.recall_at_100, len(queries))
        candidates *= 2
    return best


def _questions(corpus: Corpus, encode_query: Callable[[str], Vector]) -> tuple[list[Vector], list[Rows]]:
    """Return queries and their exact results: a few words from inside stored passages.

    Stored vectors themselves, or mixtures of them, are much easier to find than real questions.
    """
    number = len(corpus.passages)
    sample = np.random.default_rng(0).choice(number, size=min(SAMPLED_QUERIES, number), replace=False)
    queries = [encode_query(_fragment(text)) for text in corpus.values("text", np.sort(sample).tolist())]
    return queries, [all_compared(corpus, query).best(SCALED_BY) for query in queries]


def _recall(corpus: Corpus, queries: list[Vector], exact: list[Rows], candidates: int) -> VectorIndex:
    found = [some_compared(corpus, query, candidates).best(SCALED_BY) for query in queries]
    at_10, at_100 = (
        float(np.mean([np.isin(a[:k], b[:k]).mean() for a, b in zip(exact, found, strict=True)]))
        for k in (10, SCALED_BY)
    )
    return VectorIndex(len(corpus.passages), candidates, at_10, at_100, len(queries))


def _fragment(text: str) -> str:
    words, space = (text.split(), " ") if " " in text else (list(text), "")  # characters if there are no spaces
    middle = max(0, len(words) // 2 - FRAGMENT_WORDS // 2)
    return space.join(words[middle : middle + FRAGMENT_WORDS])


def all_compared(corpus: Corpus, vector: Vector) -> Estimates:
    """Return the similarity of every passage."""
    return Estimates(*corpus.codes.similarities(vector), lambda rows: _dots(corpus.pieces.vectors(rows), vector))


def some_compared(corpus: Corpus, vector: Vector, candidates: int, found: Rows | None = None) -> Estimates:
    """Return the similarity of every passage; those that are not compared have that of the least similar one compared.

    Args:
        corpus: The passages.
        vector: The question's vector.
        candidates: How many the bits leave to be compared.
        found: Rows that are compared too, such as those with the words of the question.
    """
    compared = np.zeros(len(corpus.passages), np.bool_)
    compared[corpus.bits.nearest(vector, candidates)] = True
    if found is not None:
        compared[found] = True
    rows = np.flatnonzero(compared)
    estimated, error = corpus.codes.similarities(vector, rows)
    least = estimated.min(initial=1.0)
    scores = np.full(len(compared), least, np.float32)
    scores[rows] = estimated

    def exact(wanted: Rows) -> Vector:
        similarities, there = np.full(len(wanted), least, np.float32), compared[wanted]
        similarities[there] = _dots(corpus.pieces.vectors(wanted[there]), vector)
        return similarities

    return Estimates(scores, error, exact)


def _dots(rows: Vector, vector: Vector) -> Vector:
    # each row is summed alone: its result does not depend on the others, as that of a matrix product may
    dots: Vector = np.einsum("ij,j->i", rows, vector)
    return dots
