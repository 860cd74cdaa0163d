"""Checks of the chunks: their offsets, and that each belongs to a document."""

from hashlib import blake2b
from itertools import islice

import dagster as dg

from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS

NAMED = 20


@dg.asset_check(asset="chunks", blocking=True)
def offsets_hold(stores: StoresResource) -> dg.AssetCheckResult:
    """`chunk.text == document.text[start:end]` for every chunk."""
    ranges: dict[str, list[tuple[str, int, int, bytes]]] = {}  # digests: the texts themselves may not fit in memory
    for batch in stores.tables.stream(CHUNKS, ["document_id", "chunk_id", "start", "end", "text"]):
        for row in batch.to_pylist():
            place = (row["chunk_id"], row["start"], row["end"], _digest(row["text"]))
            ranges.setdefault(row["document_id"], []).append(place)
    wrong = []
    for batch in stores.tables.stream(DOCUMENTS, ["document_id", "text"]):
        for row in batch.to_pylist():
            text = row["text"]
            wrong += [
                chunk
                for chunk, start, end, digest in ranges.get(row["document_id"], ())
                if _digest(text[start:end]) != digest
            ]
    chunks = sum(len(places) for places in ranges.values())
    return dg.AssetCheckResult(passed=not wrong, metadata={"chunks": chunks, "wrong": list(islice(wrong, NAMED))})


@dg.asset_check(asset="chunks", blocking=True)
def no_orphan_chunks(stores: StoresResource) -> dg.AssetCheckResult:
    """Each chunk belongs to a document, and each document has chunks."""
    documents = set(stores.tables.read(DOCUMENTS, ["document_id"])["document_id"].to_pylist())
    cut = set(stores.tables.read(CHUNKS, ["document_id"])["document_id"].to_pylist())
    orphans, uncut = sorted(cut - documents), sorted(documents - cut)
    return dg.AssetCheckResult(
        passed=not orphans and not uncut,
        metadata={"documents": len(documents), "orphans": orphans[:NAMED], "without_chunks": uncut[:NAMED]},
    )


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
