"""Cuts documents into chunks that fit the encoder; every offset counts characters of the document's text."""

from xnai_pipelines.chunking.chunker import StructuredText, chunk_document, chunk_documents
from xnai_pipelines.chunking.spec import Chunk, ChunkingSpec, Strategy
from xnai_pipelines.chunking.tokens import Tokens

__all__ = [
    "Chunk",
    "ChunkingSpec",
    "Strategy",
    "StructuredText",
    "Tokens",
    "chunk_document",
    "chunk_documents",
]
