"""Chunks, questions and search."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.settings.kinds import AbsolutePath, QuestionsPath


class SearchSettings(BaseModel):
    """Chunks, questions and search."""

    chunk_strategy: Strategy = Field(
        default=Strategy.STRUCTURE, description="fixed, sentence, paragraph, recursive or structure."
    )
    chunk_size: int = Field(default=192, ge=16, le=8192, description="Max chunk size, in tokens of the encoder.")
    chunk_overlap: int = Field(default=0, ge=0, description="Tokens shared by neighbouring chunks.")
    questions: QuestionsPath | None = Field(
        default=None,
        description="Labelled questions: a BEIR folder, or a JSONL file of `question` and `documents`; `none`: "
        "questions generated from the documents. Unset: those that the home last used, else generated ones.",
    )
    vector_weight: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of the vectors in hybrid search. Unset: chosen on labelled train and validation questions.",
    )
    correct_typos: bool = Field(
        default=True,
        description="Replace question words that the documents lack with the most similar ones that they have.",
    )
    reranker: AbsolutePath | None = Field(
        default=None,
        description="Folder of a cross-encoder, as sentence-transformers saves it. It re-ranks if it gains on the "
        "labelled train and validation questions. Unset: only the encoder's token vectors are tried.",
    )
    max_rerank_ms: float = Field(
        default=60.0,
        ge=0,
        description="Max p95 time that a re-ranker adds to a search, in ms. 0: none is tried or used.",
    )
    exact_search_rows: int = Field(
        default=500_000, ge=0, description="Search is exact up to this many vectors, approximate above."
    )

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        self.chunking  # noqa: B018  (raises when size and overlap do not fit)
        return self

    @property
    def chunking(self) -> ChunkingSpec:
        """How documents are split into chunks."""
        return ChunkingSpec(self.chunk_strategy, self.chunk_size, self.chunk_overlap)
