"""What a search returns: passages found, and how a question is understood."""

from dataclasses import dataclass

from xnai_pipelines.graph.paths import Step
from xnai_pipelines.search.query import Asked


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: `text == document.text[start:end]`; the snippet marks matching words with **asterisks**.

    If a passage has several short sections, `heading_path` and the snippet are of the one with the most words of the
    question.

    `score` is the similarity, BM25, or the weighted sum of both standardised, by mode, plus 100 for each identifier and
    phrase of the question that the passage contains. Compare scores within one answer only. `path` is how the knowledge
    graph leads from the question to the passage; empty if it does not, or was not used. `vector` is the cosine
    similarity of the question to the passage (weight 0.7) and to its document (0.3); `keyword` is the BM25 score. They
    are None if the mode does not compute them. `copies` counts other passages with the same text, which are left out.
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
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question is understood: its parts, identifiers whose passages come first, and the vectors' share.

    `titles` are those of documents that the question names; `familiarity` is how well the encoder knows the question's
    writing and language, 0 to 1. `reranker` is what compares the best passages again, None for nothing.
    """

    asked: Asked
    lookups: tuple[str, ...]
    titles: tuple[str, ...]
    familiarity: float
    weight: float
    reranker: str | None
