"""100,000 chunks of real text: peak memory of the ingest, recall of the approximate index, latency of hybrid search.

    python -m benchmarks.scale --data DATA [--chunk-tokens 24]

The corpus is SciFact with the English documentation of FastAPI and that of pytest; the questions are SciFact's.
"""

import argparse
import json
import resource
import tarfile
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import zstandard

from benchmarks.pipeline import pipeline
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode

WARM_UP = 20


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--chunk-tokens", type=int, default=24)
    parser.add_argument("--questions", type=int, default=300)
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        corpus = arguments.data / "scifact/documents/corpus.jsonl"
        (folder / "corpus.jsonl").write_bytes(corpus.read_bytes())
        for name in ("fastapi-docs", "pytest-docs"):
            with (arguments.data / f"{name}.tar.zst").open("rb") as packed:
                stream = zstandard.ZstdDecompressor().stream_reader(packed)
                with tarfile.open(fileobj=stream, mode="r|") as archive:
                    wanted = (member for member in archive if name in member.name and _is_english(member.name))
                    archive.extractall(folder / name, wanted, filter="data")
        spec = ChunkingSpec(Strategy.SENTENCE, arguments.chunk_tokens, 0)
        with pipeline(arguments.models, Runtime.INT8_DYNAMIC, spec) as made:
            ingest = made.ingest(folder)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            index = SearchIndex.open(made.context.home.root, threads=1)
            lines = (arguments.data / "scifact/questions/queries.jsonl").read_text(encoding="utf-8").splitlines()
            questions = [json.loads(line)["text"] for line in lines[: arguments.questions]]
            measured = ingest.embeddings.vector_index
            figures = {
                "chunks": ingest.embeddings.vectors,
                "seconds": round(ingest.seconds, 1),
                "stages": [round(s.seconds, 1) for s in (ingest.documents, ingest.chunks, ingest.embeddings)],
                "peak_memory_gib": round(peak, 2),
                "candidates": measured.candidates if measured else None,
                "recall_on_stored_vectors": measured.recall_at_10 if measured else None,
                "recall_at_10_on_questions": _recall(index, questions) if index.candidates else 1.0,
            }
            for mode in index.modes:
                figures[f"{mode}_ms"] = _latency(index, questions, mode)
            print(json.dumps(figures, indent=2))


def _is_english(path: str) -> bool:
    return "fastapi-docs" not in path or "/docs/en/" in path


def _recall(index: SearchIndex, questions: list[str]) -> float:
    """Return the share of the exact top 10 that the approximate search finds."""
    found = [{c.chunk_id for c in index.rank(question, 10, Mode.VECTOR)} for question in questions]
    compared = index.exact()
    exact = [{c.chunk_id for c in compared.rank(question, 10, Mode.VECTOR)} for question in questions]
    return round(float(np.mean([len(a & b) / len(b) for a, b in zip(found, exact, strict=True)])), 4)


def _latency(index: SearchIndex, questions: list[str], mode: Mode) -> dict[str, float]:
    """Return p50 and p95 in milliseconds of whole searches for 10 results, query encoding and texts included."""
    for question in questions[:WARM_UP]:
        index.search(question, 10, mode)
    times = []
    for question in questions:
        started = time.perf_counter()
        index.search(question, 10, mode)
        times.append(1000 * (time.perf_counter() - started))
    return {"p50": round(float(np.percentile(times, 50)), 1), "p95": round(float(np.percentile(times, 95)), 1)}


if __name__ == "__main__":
    main()
