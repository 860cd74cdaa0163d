"""What the knowledge graph gains on questions that need several documents, and what it costs.

python -m benchmarks.graph --data DATA [--only hotpotqa 2wikimultihopqa scifact]
"""

import argparse
import json
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.pipeline import Pipeline, pipeline
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.evaluate import CHUNKS_PER_SEARCH
from xnai_pipelines.evaluation.graph_evaluation import evaluate_graph
from xnai_pipelines.evaluation.make import evaluate_retrieval
from xnai_pipelines.evaluation.policy import PolicyOptions, make_policy
from xnai_pipelines.graph.make import bring_graph
from xnai_pipelines.graph.tables import COMMUNITIES
from xnai_pipelines.graph.touched import document_titles
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.questions.question import Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.tracker import Tracker

CORPORA = {"hotpotqa": "multihop/hotpotqa", "2wikimultihopqa": "multihop/2wikimultihopqa", "scifact": "scifact"}


def main() -> None:
    """Print a row of figures for each corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds multihop/ and scifact/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--only", nargs="+", choices=list(CORPORA), default=list(CORPORA))
    arguments = parser.parse_args()
    for name in arguments.only:
        folder = arguments.data / CORPORA[name]
        with pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
            print(json.dumps({"corpus": name, **measure(made, folder)}, indent=2), flush=True)


def measure(made: Pipeline, folder: Path) -> dict[str, object]:
    """Return the figures of the test questions by hops, the policy's weight, and seconds of wall and processor."""
    context = made.context
    ingest = made.ingest(folder / "documents", folder / "questions")
    make_questions(context, folder / "questions")
    started, worked = time.perf_counter(), time.process_time()
    tables = bring_graph(context)
    built = {"wall": round(time.perf_counter() - started, 1), "cpu": round(time.process_time() - worked, 1)}
    tracker = Tracker(context.home.mlflow_uri, str(context.home.mlartifacts))
    policy = make_policy(context, PolicyOptions(rerankers=()), threads=1).policy
    evaluate_retrieval(context, tracker, [], threads=1, force=False)
    found = evaluate_graph(context, tracker, threads=1)
    return {
        "documents": ingest.documents.documents,
        "chunks": ingest.embeddings.vectors,
        "embedding_seconds": round(ingest.embeddings.seconds, 1),
        "graph_seconds": built,
        "rows": {table.table: table.rows for table in tables},
        "graph_weight": policy.graph_weight,
        "figures": found.rows() if found else [],
        "communities": _together(made),
        "question_ms": _latency(made),
    }


def _together(made: Pipeline) -> dict[int, dict[str, float]]:
    """Return by level how often two documents that a question needs are in one community, and two of any documents."""
    tables = made.context.tables
    titles = document_titles(tables)
    asked = [sorted(one.document_ids) for one in read_questions(tables)]
    pairs = [pair for documents in asked for pair in combinations(documents, 2)]
    rows = tables.read(COMMUNITIES, ["level", "members"]).to_pylist()
    figures = {}
    for level in sorted({row["level"] for row in rows}):
        groups = [set(row["members"]) for row in rows if row["level"] == level]
        of = {entity: at for at, group in enumerate(groups) for entity in group}
        group_of = {document: of[entity] for document, entity in titles.items() if entity in of}
        sizes = np.array(list(Counter(group_of.values()).values()))
        chance = float((sizes * (sizes - 1)).sum()) / max(1, len(titles) * (len(titles) - 1))
        together = [one in group_of and group_of[one] == group_of.get(other) for one, other in pairs]
        mean = float(np.mean(together)) if together else 0.0
        figures[level] = {"groups": len(groups), "together": round(mean, 3), "by chance": round(chance, 4)}
    return figures


def _latency(made: Pipeline) -> dict[str, dict[str, float]]:
    """Return wall and processor time of a question by mode, in ms."""
    index = SearchIndex.open(made.context.home.root, threads=1)
    asked = [one.question for one in read_questions(made.context.tables) if one.split is Split.TEST]
    times = {}
    for mode in (Mode.HYBRID, Mode.GRAPH):
        index.rank(asked[0], CHUNKS_PER_SEARCH, mode)
        wall, cpu = [], []
        for question in asked:
            started, worked = time.perf_counter(), time.process_time()
            index.search(question, 10, mode)
            wall.append(1000 * (time.perf_counter() - started))
            cpu.append(1000 * (time.process_time() - worked))
        times[str(mode)] = {
            "wall_p50": round(float(np.percentile(wall, 50)), 1),
            "wall_p95": round(float(np.percentile(wall, 95)), 1),
            "cpu_p95": round(float(np.percentile(cpu, 95)), 1),
        }
    return times


if __name__ == "__main__":
    main()
