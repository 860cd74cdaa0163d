"""Cuts documents into chunks."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.chunks.cutting import cuts_of, pack
from xnai_pipelines.chunks.outline import Outline, Section, read_outline, read_sections
from xnai_pipelines.chunks.ruler import Ruler
from xnai_pipelines.chunks.spec import Chunk, ChunkingSpec, InnerSection, Strategy
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.documents.parsers.parsed import Heading, Markup

# A tokenizer that is not context-free may give each end of a part one more token.
_EDGE_TOKENS = 2


@dataclass(frozen=True, slots=True)
class StructuredText:
    """A document's text and the structure that its parser found."""

    text: str
    headings: Sequence[Heading] = ()
    markup: Markup = Markup.PLAIN


def chunk_documents(documents: Sequence[StructuredText], spec: ChunkingSpec, tokens: TokenCounter) -> list[list[Chunk]]:
    """Return the chunks of each document, in order. They do not depend on the other documents of the call.

    Every character that is not white space is in a chunk. No chunk is empty, or starts or ends with white space.
    Encoded alone, no chunk has more than `spec.size_tokens` tokens, except a single character that has more.

    Without overlap, chunks are disjoint. With overlap, chunks are cut to the size minus the overlap. Each then starts
    up to `spec.overlap_tokens` earlier, at the first sentence in that span, or else at its first word. The fixed
    strategy always starts at the first word. A chunk never repeats the whole chunk before it. With the structure
    strategy, it repeats nothing from above its heading.
    """
    maps = tokens.locate([document.text for document in documents])
    measured = [Ruler(document.text, found) for document, found in zip(documents, maps, strict=True)]
    spans = [
        _spans(document, ruler, spec, tokens.context_free) for document, ruler in zip(documents, measured, strict=True)
    ]
    counted = _fit(measured, spans, spec.size_tokens, tokens)
    return [_with_heading_paths(chunks, document) for document, chunks in zip(documents, counted, strict=True)]


def _spans(document: StructuredText, ruler: Ruler, spec: ChunkingSpec, context_free: bool) -> list[tuple[int, int]]:
    text = document.text
    if not text.strip():
        return []
    budget = spec.size_tokens - spec.overlap_tokens - (0 if context_free else _EDGE_TOKENS)
    outline = Outline([])
    if spec.strategy is Strategy.STRUCTURE:
        outline = read_outline(text, document.headings, document.markup)
    cuts = cuts_of(spec.strategy, ruler, outline, budget)
    edges = [0, *pack(cuts, ruler.marks([cut.position for cut in cuts]).tolist(), budget)]
    trimmed = [_trim(text, start, end) for start, end in pairwise(edges)]
    spans = [(start, end) for start, end in trimmed if start < end]
    return _overlapping(spans, ruler, outline, spec) if spec.overlap_tokens else spans


def _overlapping(
    spans: Sequence[tuple[int, int]], ruler: Ruler, outline: Outline, spec: ChunkingSpec
) -> list[tuple[int, int]]:
    """Return the spans. Each span but the first is extended back over the end of the one before."""
    sections = [section.start for section in outline.sections]
    moved = list(spans[:1])
    for (before, _), (start, end) in pairwise(spans):
        section = bisect_right(sections, start) - 1
        floor = max(before + 1, sections[section] if section >= 0 else 0)
        first = ruler.back(start, spec.overlap_tokens, floor)
        found = [] if spec.strategy is Strategy.FIXED else sentence_starts(ruler.text, before, start)
        sentences = np.array([position for position in found if position >= first], dtype=np.int64)
        sentences = sentences[ruler.may_cut(sentences)]
        begin = int(sentences[0]) if len(sentences) else ruler.word_start(first, start)
        moved.append(_trim(ruler.text, begin, end))
    return moved


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end].rstrip()
    return start + len(piece) - len(piece.lstrip()), start + len(piece)


def _fit(
    rulers: Sequence[Ruler], spans: Sequence[Sequence[tuple[int, int]]], size: int, tokens: TokenCounter
) -> list[list[tuple[int, int, int]]]:
    """Return (start, end, tokens) of each document's spans, with spans of too many tokens halved.

    Spans are measured as part of their document. A span cut inside a word can have more tokens alone, as can any span
    if the tokenizer is not context-free. Such spans are encoded again.
    """
    fitted: list[list[tuple[int, int, int]]] = [[] for _ in rulers]
    pending = []
    for index, (ruler, document_spans) in enumerate(zip(rulers, spans, strict=True)):
        for start, end in document_spans:
            count = ruler.tokens.count(start, end) if tokens.context_free else None
            if count is None or count > size:
                pending.append((index, start, end))
            else:
                fitted[index].append((start, end, count))
    while pending:
        counts = tokens.count([rulers[index].text[start:end] for index, start, end in pending])
        halves = []
        for (index, start, end), count in zip(pending, counts, strict=True):
            if count <= size or end - start == 1:
                fitted[index].append((start, end, count))
            else:
                middle = rulers[index].middle(start, end)
                text = rulers[index].text
                halves += [(index, *_trim(text, start, middle)), (index, *_trim(text, middle, end))]
        pending = [(index, start, end) for index, start, end in halves if start < end]
    return [sorted(document_spans) for document_spans in fitted]


def _with_heading_paths(spans: Sequence[tuple[int, int, int]], document: StructuredText) -> list[Chunk]:
    sections: list[InnerSection] = []
    path: list[Section] = []
    for section in read_sections(document.text, document.headings, document.markup):
        path = [*(outer for outer in path if outer.level < section.level), section]
        sections.append(InnerSection(section.start, tuple(outer.title for outer in path)))
    starts = [section.start for section in sections]
    chunks = []
    for ordinal, (start, end, count) in enumerate(spans):
        first, last = bisect_right(starts, start), bisect_left(starts, end)
        titles = sections[first - 1].heading_path if first else ()
        chunks.append(Chunk(ordinal, start, end, count, titles, tuple(sections[first:last])))
    return chunks
