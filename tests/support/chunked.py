"""The chunks of a single text, for tests of how one text is cut."""

from collections.abc import Sequence

from xnai_pipelines.chunks.chunker import StructuredText, chunk_documents
from xnai_pipelines.chunks.spec import Chunk, ChunkingSpec
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.documents.parsers.parsed import Heading, Markup


def chunk_document(
    text: str, headings: Sequence[Heading], markup: Markup, spec: ChunkingSpec, tokens: TokenCounter
) -> list[Chunk]:
    """Return the chunks of one document."""
    return chunk_documents([StructuredText(text, headings, markup)], spec, tokens)[0]
