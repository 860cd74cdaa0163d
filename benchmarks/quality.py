"""How well search finds the right document: SciFact's test questions, and the sample's, by chunking and precision.

python -m benchmarks.quality --data DATA [--chunking structure/192/0 ...] [--variant int8_dynamic fp32]
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pipeline import Pipeline, pipeline
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.evaluate import evaluate
from xnai_pipelines.questions.make import make_questions, read_questions, splits_given
from xnai_pipelines.questions.question import Split
from xnai_pipelines.sample.documents import questions_path, write_sample
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode


def main() -> None:
    """Print a row of figures for each corpus, chunking and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder that holds scifact/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--chunking", nargs="+", default=["structure/192/0"])
    parser.add_argument("--variant", nargs="+", default=[Runtime.INT8_DYNAMIC.value])
    parser.add_argument("--sample", action="store_true", help="also measure the sample")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        corpora = {}
        if arguments.data:
            scifact = arguments.data / "scifact"
            corpora["scifact"] = (scifact / "documents", scifact / "questions")
        if arguments.sample:
            write_sample(Path(temporary) / "documents")
            corpora["sample"] = (Path(temporary) / "documents", questions_path())
        for name, (documents, questions) in corpora.items():
            for chunking in arguments.chunking:
                strategy, size, overlap = chunking.split("/")
                spec = ChunkingSpec(Strategy(strategy), int(size), int(overlap))
                for variant in arguments.variant:
                    with pipeline(arguments.models, Runtime(variant), spec) as made:
                        figures = measure(made, documents, questions)
                    print(
                        json.dumps({"corpus": name, "chunking": chunking, "variant": variant, **figures}),
                        flush=True,
                    )


def measure(made: Pipeline, documents: Path, questions: Path) -> dict[str, object]:
    """Return nDCG@10 by mode, at document level, with its 95 % interval, and what was ingested."""
    ingest = made.ingest(documents, questions)
    make_questions(made.context, questions)
    asked = read_questions(made.context.tables)
    if splits_given(made.context.home):
        asked = [question for question in asked if question.split is Split.TEST]
    index = SearchIndex.open(made.context.home.root, threads=1)
    evaluation = evaluate(
        questions=asked,
        modes=[str(mode) for mode in index.modes],
        search=lambda question, mode, k: [
            (c.chunk_id, c.document_id, c.score) for c in index.rank(question, k, Mode(mode))
        ],
        fingerprint="",
        splits_given=True,
        documents={},
        settings={},
    )
    sections = [s for s in evaluation.report.sections if s.split is None and s.level == "document"]
    ndcg = {
        s.mode: [
            round(x, 4)
            for x in (s.metrics["ndcg_at_10"].mean, s.metrics["ndcg_at_10"].low, s.metrics["ndcg_at_10"].high)
        ]
        for s in sections
    }
    return {
        "questions": len(asked),
        "documents": ingest.documents.documents,
        "chunks": ingest.embeddings.vectors,
        "tokens": ingest.embeddings.tokens,
        "truncated": ingest.embeddings.truncated,
        "seconds": round(ingest.seconds, 1),
        "ndcg_at_10": ndcg,
    }


if __name__ == "__main__":
    main()
