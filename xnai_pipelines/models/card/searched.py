"""What a card's measurements search: the pool of chunks, and what keyword search finds of it for each question."""

from collections import defaultdict
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.evaluation.asking import judgement
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.models.card.pool import Found, Pool, choose_pool
from xnai_pipelines.models.card.ranking import AskedPool
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.ranking import FUSED_DEPTH
from xnai_pipelines.state.schemas import embeddings_spec
from xnai_pipelines.state.tables import Tables


def search_pool(
    tables: Tables, index: SearchIndex, questions: Sequence[Question], max_chunks: int
) -> tuple[Pool, AskedPool]:
    """Return up to `max_chunks` chunks of the release with those that answer the questions or are confused with them.

    The questions on these chunks come with them.

    Raises:
        ValueError: `max_chunks` is below 1 or the release has no chunk.
    """
    spec = embeddings_spec(index.release.embeddings_table, index.release.dimension)
    chunks = tables.read(spec, ["chunk_id", "document_id"]).sort_by("chunk_id")
    asked = sorted({document for question in questions for document in question.document_ids})
    answering = chunks.filter(pc.is_in(chunks["document_id"], pa.array(asked, pa.string())))
    by_document: dict[str, list[str]] = defaultdict(list)
    for chunk_id, document in zip(*(column.to_pylist() for column in answering.columns), strict=True):
        by_document[document].append(chunk_id)
    by_keyword = [index.rank(question.question, FUSED_DEPTH, Mode.KEYWORD) for question in questions]
    found = [
        Found(
            by_vector=[hit.chunk_id for hit in index.rank(question.question, FUSED_DEPTH, Mode.VECTOR)],
            by_keyword=[hit.chunk_id for hit in hits],
            answers=[by_document[document] for document in sorted(question.document_ids)],
        )
        for question, hits in zip(questions, by_keyword, strict=True)
    ]
    pool = choose_pool(chunks["chunk_id"].to_pylist(), found, max_chunks)
    places = pc.index_in(pa.array(pool.chunk_ids), chunks["chunk_id"])
    row = {chunk_id: number for number, chunk_id in enumerate(pool.chunk_ids)}
    scores = [{row[hit.chunk_id]: hit.keyword or 0.0 for hit in hits if hit.chunk_id in row} for hits in by_keyword]
    return pool, AskedPool(
        document_ids=chunks["document_id"].take(places).to_pylist(),
        keyword=scores,
        explained=[_explained(index, question.question) for question in questions],
        relevant=[judgement(question, Level.DOCUMENT) or {} for question in questions],
    )


def _explained(index: SearchIndex, question: str) -> float:
    text = index.understood(question).text
    return index.keyword.explained(text, index.keyword.scores(text))
