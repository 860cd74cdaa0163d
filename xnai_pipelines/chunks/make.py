"""Documents to chunks: cuts each document again if its revision or the chunking changed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.chunks.chunker import StructuredText, chunk_documents
from xnai_pipelines.chunks.leads import leads
from xnai_pipelines.chunks.passage import VERSION, page_at, passage
from xnai_pipelines.chunks.spec import Chunk, ChunkingSpec
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.documents.identity import chunk_id, passage_revision
from xnai_pipelines.documents.parsers.parsed import Heading, Markup
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.diff import Diff, diff_rows
from xnai_pipelines.state.document_shards import pays, rows_by_workers
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

DOCUMENTS_IN_COMMIT = 512
CHARACTERS_IN_COMMIT = 8_000_000
READ = [
    "document_id", "source", "title", "text", "media_type", "language", "markup", "headings", "pages", "revision",
]  # fmt: skip

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChunksReport:
    """What a run did: documents cut, removed and unchanged, and the number of chunks stored now."""

    cut: int
    removed: int
    unchanged: int
    chunks: int
    seconds: float


def make_chunks(context: StageContext, spec: ChunkingSpec, tokens: TokenCounter) -> ChunksReport:
    """Return what was done to bring the chunks in line with the documents."""
    tables = context.tables
    with stage(context, "chunks") as watch:
        tables.ensure(CHUNKS)
        work = pending(context, strategy_of(spec, tokens))
        tables.delete(CHUNKS, "document_id", work.removed)
        wanted = frozenset(work.to_write)
        watch.items = len(wanted)
        stored = frozenset(work.changed)
        with context.progress.work("chunks", len(wanted), "documents") as advance:
            for batch in _batches(tables, wanted):
                _write(context, batch, spec, tokens, stored=stored)
                advance(len(batch))
        chunks = tables.count(CHUNKS)
    report = ChunksReport(
        cut=len(wanted),
        removed=len(work.removed),
        unchanged=work.unchanged,
        chunks=chunks,
        seconds=watch.seconds,
    )
    write_report(context.home, "chunks", report)
    return report


def strategy_of(spec: ChunkingSpec, tokens: TokenCounter) -> str:
    """Return what determines the chunks: settings, versions of chunking and passages, and the tokenizer."""
    return f"{spec.label}/{VERSION}/{tokens.fingerprint}"


def pending(context: StageContext, strategy: str) -> Diff:
    """Return the documents whose chunks have to be made, removed or kept."""
    columns = ["document_id", "document_revision", "strategy"]
    documents = context.tables.read(DOCUMENTS, ["document_id", "revision"])
    wanted = documents.append_column("strategy", pa.repeat(strategy, len(documents))).rename_columns(columns)
    found = context.tables.read(CHUNKS, columns).group_by(columns).aggregate([])
    return diff_rows(wanted, found, "document_id")


def _batches(tables: Tables, wanted: frozenset[str]) -> Iterator[list[Row]]:
    """Yield the rows of these documents, as many at a time as go into one commit."""
    batch: list[Row] = []
    held = 0  # characters
    for read in tables.stream(DOCUMENTS, READ, among=wanted):
        for document in read.to_pylist():
            batch.append(document)
            held += len(document["text"])
            if len(batch) >= DOCUMENTS_IN_COMMIT or held >= CHARACTERS_IN_COMMIT:
                yield batch
                batch, held = [], 0
    if batch:
        yield batch


def _write(
    context: StageContext, batch: Sequence[Row], spec: ChunkingSpec, tokens: TokenCounter, *, stored: frozenset[str]
) -> None:
    """Cut the documents and replace all their chunks in one commit; `stored` are the documents that have any."""
    place = {row["document_id"]: number for number, row in enumerate(batch)}
    if pays(context.engine, len(batch)):
        cut = partial(cut_documents, spec=spec, tokenizer=tokens.path)
        wanted = {row["document_id"]: f"{row['revision']} {strategy_of(spec, tokens)}" for row in batch}
        rows = rows_by_workers(context.engine, context.home, CHUNKS.name, cut, wanted, lambda _: None)
        order = np.argsort([place[document] for document in rows["document_id"].to_pylist()], kind="stable")
        rows = rows.take(order)
    else:
        rows = pa.Table.from_pylist(chunk_rows(batch, spec, tokens), schema=CHUNKS.schema)
    if stored.isdisjoint(place):
        context.tables.add(CHUNKS, rows)
    else:
        context.tables.merge(CHUNKS, rows, within=("document_id", list(place)))


def cut_documents(tables: Tables, documents: Sequence[str], spec: ChunkingSpec, tokenizer: Path) -> pa.Table:
    """Return the rows of the chunks table for stored documents: what a worker does.

    Args:
        tables: Tables of the home.
        documents: Ids of the documents.
        spec: How to cut.
        tokenizer: File of the tokenizer.
    """
    rows = tables.read(DOCUMENTS, READ, is_in("document_id", documents)).to_pylist()
    return pa.Table.from_pylist(chunk_rows(rows, spec, _tokens(tokenizer)), schema=CHUNKS.schema)


@lru_cache(maxsize=1)
def _tokens(path: Path) -> TokenCounter:
    return TokenCounter(path)


def chunk_rows(documents: Sequence[Row], spec: ChunkingSpec, tokens: TokenCounter) -> list[Row]:
    """Return the rows of the chunks table for rows of the documents table."""
    texts = [
        StructuredText(row["text"], [Heading(**heading) for heading in row["headings"] or ()], Markup(row["markup"]))
        for row in documents
    ]
    cut = chunk_documents(texts, spec, tokens)
    strategy = strategy_of(spec, tokens)
    return [
        _row(row, chunk, lead, strategy)
        for row, chunks in zip(documents, cut, strict=True)
        for chunk, lead in zip(chunks, leads(row["text"], chunks), strict=True)
    ]


def _row(document: Row, chunk: Chunk, lead: str, strategy: str) -> Row:
    text = document["text"][chunk.start : chunk.end]
    page = page_at(document["pages"] or (), chunk.start)
    row = {
        "document_id": document["document_id"],
        "source": document["source"],
        "ordinal": chunk.ordinal,
        "start": chunk.start,
        "end": chunk.end,
        "text": text,
        "heading_path": list(chunk.heading_path),
        "sections": [section._asdict() for section in chunk.sections],
        "page": page,
        "media_type": document["media_type"],
        "language": document["language"],
        "passage": passage(document["title"], chunk.heading_path, text, lead),
    }
    return {
        **row,
        "chunk_id": chunk_id(document["document_id"], chunk.start, chunk.end, text),
        "revision": passage_revision(json.dumps(list(row.values()))),
        "token_count": chunk.token_count,
        "strategy": strategy,
        "document_revision": document["revision"],
    }
