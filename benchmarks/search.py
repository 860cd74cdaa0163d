"""Hybrid search beside other libraries' on the same passages, vectors and questions: latency and nDCG@10.

    python -m benchmarks.search --data DATA

The corpus is SciFact. Every library gets the vectors of the same encoder on one thread. Each time includes encoding the
question and fetching the texts of 10 passages. The libraries are asked in turn, so what else the machine does slows all
of them; processor time is little changed by it.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from benchmarks.pipeline import pipeline
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.asking import judgement
from xnai_pipelines.evaluation.metrics import best_first, measure
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.questions.question import Question, Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.table_reading import vectors_of
from xnai_pipelines.state.tables import Tables

WARM_UP = 20
RRF_K = 60  # Cormack et al., 2009; also LanceDB's default
DEPTH = 100  # passages of each part that are fused by hand

Found = list[tuple[str, str]]
Search = Callable[[str, int], Found]
"""Takes a question and a number of passages; returns document id and text, best first."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What every library indexes: document ids, passages and vectors, float32 [n, d]; and the questions' vectors."""

    documents: Sequence[str]
    passages: Sequence[str]
    vectors: np.ndarray
    encode: Callable[[str], np.ndarray]


def main() -> None:
    """Print a row for each library."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    arguments = parser.parse_args()
    scifact = arguments.data / "scifact"
    with pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
        made.ingest(scifact / "documents", scifact / "questions")
        make_questions(made.context, scifact / "questions")
        compare(made.context.home)


def compare(home: Home) -> None:
    """Print a row for each library on the passages and the test questions of a home."""
    index = SearchIndex.open(home.root, threads=1)
    tables = Tables(home.lancedb)
    questions = [question for question in read_questions(tables) if question.split is Split.TEST]
    rows = tables.open(index.release.embeddings_table).search().select(["document_id", "passage", "vector"]).to_arrow()
    corpus = Corpus(
        documents=rows["document_id"].to_pylist(),
        passages=rows["passage"].to_pylist(),
        vectors=vectors_of(rows),
        encode=index.encode_query,
    )
    with TemporaryDirectory() as folder:
        searches = {
            "this project": _ours(index),
            "LanceDB hybrid": _lancedb(corpus, Path(folder)),
            "bm25s and NumPy": _by_hand(corpus),
            "txtai hybrid": _txtai(corpus),
        }
        times = _measured(searches, [question.question for question in questions])
        for name, search in searches.items():
            figures = {"library": name, "passages": len(rows), "questions": len(questions), **times[name]}
            print(json.dumps({**figures, "ndcg_at_10": _ndcg(search, questions)}), flush=True)


def _measured(searches: Mapping[str, Search], questions: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of each library in milliseconds: of the processor, and by the clock."""
    for search in searches.values():
        for question in questions[:WARM_UP]:
            search(question, 10)
    processor: dict[str, list[float]] = {name: [] for name in searches}
    clock: dict[str, list[float]] = {name: [] for name in searches}
    for place in range(len(questions)):
        for shift, (name, search) in enumerate(searches.items()):
            # no question twice in a row: the encoder keeps the last one's vector
            question = questions[(place + shift) % len(questions)]
            begun = time.process_time(), time.perf_counter()
            search(question, 10)
            processor[name].append(1000 * (time.process_time() - begun[0]))
            clock[name].append(1000 * (time.perf_counter() - begun[1]))
    return {
        name: {
            f"{kind}_p{percentile}_ms": round(float(np.percentile(times[name], percentile)), 2)
            for kind, times in (("processor", processor), ("clock", clock))
            for percentile in (50, 95)
        }
        for name in searches
    }


def _ndcg(search: Search, questions: Sequence[Question]) -> float:
    rankings = [best_first(document for document, _ in search(question.question, 50)) for question in questions]
    judgements = [judgement(question, Level.DOCUMENT) or {} for question in questions]
    return round(float(measure(rankings, judgements)["ndcg_at_10"].mean()), 4)


def _ours(index: SearchIndex) -> Search:
    return lambda question, k: [(hit.document_id, hit.text) for hit in index.search(question, k)]


def _lancedb(corpus: Corpus, folder: Path) -> Search:
    import lancedb

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(corpus.vectors.ravel()), corpus.vectors.shape[1])
    rows = pa.table({"document": list(corpus.documents), "text": list(corpus.passages), "vector": vectors})
    table = lancedb.connect(folder).create_table("passages", rows)
    table.create_fts_index("text", use_tantivy=False)
    table.optimize()

    def search(question: str, k: int) -> Found:
        query = table.search(query_type="hybrid").vector(corpus.encode(question)).text(_plain(question)).limit(k)
        found = query.to_arrow()
        return list(zip(found["document"].to_pylist(), found["text"].to_pylist(), strict=True))

    return search


def _plain(question: str) -> str:
    """Return the question without characters that are operators in LanceDB's query language."""
    return "".join(character if character.isalnum() else " " for character in question)


def _by_hand(corpus: Corpus) -> Search:
    """Return reciprocal rank fusion of exact vector search and BM25 over English stems."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    keyword = bm25s.BM25()
    keyword.index(bm25s.tokenize(list(corpus.passages), stemmer=stemmer, show_progress=False), show_progress=False)

    def search(question: str, k: int) -> Found:
        similarities = corpus.vectors @ corpus.encode(question)
        nearest = np.argpartition(-similarities, DEPTH)[:DEPTH]
        nearest = nearest[np.argsort(-similarities[nearest])]
        tokens = bm25s.tokenize([question], stemmer=stemmer, show_progress=False)
        matching = keyword.retrieve(tokens, k=DEPTH, show_progress=False, n_threads=0).documents[0]
        fused: dict[int, float] = {}
        for ranking in (nearest, matching):
            for rank, row in enumerate(ranking.tolist(), start=1):
                fused[row] = fused.get(row, 0.0) + 1 / (RRF_K + rank)
        best = sorted(fused, key=lambda row: -fused[row])[:k]
        return [(corpus.documents[row], corpus.passages[row]) for row in best]

    return search


def _txtai(corpus: Corpus) -> Search:
    from txtai.embeddings import Embeddings

    stored = iter(corpus.vectors)

    def transform(texts: Sequence[str]) -> np.ndarray:
        # txtai asks for the passages' vectors in order while it indexes, and for one question afterwards
        return np.stack([next(stored, None) if indexing else corpus.encode(text) for text in texts])

    indexing = True
    embeddings = Embeddings({"method": "external", "transform": transform, "hybrid": True, "backend": "numpy"})
    embeddings.index((row, passage, None) for row, passage in enumerate(corpus.passages))
    indexing = False

    def search(question: str, k: int) -> Found:
        return [(corpus.documents[row], corpus.passages[row]) for row, _ in embeddings.search(question, k)]

    return search


if __name__ == "__main__":
    main()
