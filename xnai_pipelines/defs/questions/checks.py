"""Checks of the questions: each answer is a document that exists."""

import dagster as dg

from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUESTIONS


@dg.asset_check(asset="questions", blocking=True)
def answers_exist(stores: StoresResource) -> dg.AssetCheckResult:
    """Every document and chunk that a question names as its answer is stored."""
    documents = set(stores.tables.read(DOCUMENTS, ["document_id"])["document_id"].to_pylist())
    chunks = set(stores.tables.read(CHUNKS, ["chunk_id"])["chunk_id"].to_pylist())
    rows = stores.tables.read(QUESTIONS, ["question", "relevant"]).to_pylist()
    lost = [
        row["question"]
        for row in rows
        for relevant in row["relevant"]
        if relevant["document_id"] not in documents
        or (relevant["chunk_id"] is not None and relevant["chunk_id"] not in chunks)
    ]
    return dg.AssetCheckResult(passed=not lost, metadata={"questions": len(rows), "lost_answers": lost[:20]})
