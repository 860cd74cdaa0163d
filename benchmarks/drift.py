"""Russian documents and questions arrive in an English index: is the fall found, and mended by one retraining?

python -m benchmarks.drift --data DATA [--set epochs=3]
"""

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from benchmarks.pipeline import Pipeline, pipeline
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.make import adapt_encoder, train_adapter
from xnai_pipelines.adapters.training_pairs import make_training_pairs
from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action, Memory
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.autonomy.drift.make import report_drift
from xnai_pipelines.autonomy.watch import look_for_degradation
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.evaluation.make import evaluate_retrieval
from xnai_pipelines.evaluation.slices import Slice
from xnai_pipelines.evaluation.timeline import slice_figures
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.decide import RetrainingRequest, decide_promotion
from xnai_pipelines.releases.evaluate import evaluate_challenger
from xnai_pipelines.releases.gate import Gate, Target
from xnai_pipelines.releases.release import release_challenger
from xnai_pipelines.state.tracker import Tracker

MODES = ("vector", "hybrid")


def main() -> None:
    """Print accuracy by language at each evaluation, what the automation decided, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds xquad-en/ and xquad-ru/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], help="name=value of the training's config")
    arguments = parser.parse_args()
    changes = {name: json.loads(value) for name, value in (one.split("=", 1) for one in arguments.set)}
    config = AdapterConfig.from_json(changes)
    with TemporaryDirectory() as temporary, pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
        place = Path(temporary)
        home = made.context.home
        tracker = Tracker(home.mlflow_uri, home.mlartifacts.as_uri())
        memory = Memory()
        for night, languages in enumerate((("en",), ("en", "ru"), ("en", "ru")), start=1):
            _write(arguments.data, place, languages)
            decision = _night(made, tracker, place, memory, arguments.threads)
            memory = decision.memory
            _print(f"night {night}, {' and '.join(languages)}", home.state)
            print(f"  {decision.action}: {decision.reason}", flush=True)
        if decision.action is not Action.RETRAIN:
            raise SystemExit("No retraining was asked for.")
        started = time.perf_counter()
        target = Target(Slice.parse(decision.tags["slice"]), decision.tags["mode"])
        verdict = _retrain(made, tracker, config, target, decision.cause, arguments.threads)
        print(f"retraining: {(time.perf_counter() - started) / 60:.1f} min; {verdict}")
        evaluate_retrieval(made.context, tracker, (), threads=arguments.threads, force=True)
        _print("after it", home.state)


def _write(data: Path, place: Path, languages: tuple[str, ...]) -> None:
    documents = place / "documents"
    documents.mkdir(exist_ok=True)
    lines = []
    for language in languages:
        folder = data / f"xquad-{language}"
        (documents / f"{language}.jsonl").write_bytes((folder / "documents/corpus.jsonl").read_bytes())
        queries = [json.loads(line) for line in (folder / "questions/queries.jsonl").open(encoding="utf-8")]
        words = {query["_id"]: query["text"] for query in queries}
        for split in ("train", "test"):
            rows = (folder / f"questions/qrels/{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]
            for query, document, _ in (row.split("\t") for row in rows):
                lines.append({"id": query, "question": words[query], "documents": [document], "split": split})
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (place / "questions.jsonl").write_text(text, encoding="utf-8")


def _night(made: Pipeline, tracker: Tracker, place: Path, memory: Memory, threads: int) -> Decision:
    made.ingest(place / "documents")
    make_questions(made.context, place / "questions.jsonl")
    evaluate_retrieval(made.context, tracker, (), threads=threads, force=True)
    report_drift(made.context, made.encoder)
    return look_for_degradation(made.context.home, tracker, [], memory, Thresholds(), datetime.now(UTC))


def _retrain(
    made: Pipeline, tracker: Tracker, config: AdapterConfig, target: Target, cause: str | None, threads: int
) -> str:
    context, base = made.context, read_specification(default_encoder_folder(), Runtime.FP32)
    pairs = make_training_pairs(context, threads=threads, negatives=1, least_pairs=0)
    trained = train_adapter(context, tracker, base, config, threads=threads)
    print(f"  {pairs.pairs} pairs {pairs.by_language}; adapter {dict(trained.report.metrics)}", flush=True)
    adapted = adapt_encoder(context, base)
    challenger = Encoder.load(context.home.models / adapted.vector_space, threads)
    index_challenger(context, challenger, exact_search_rows=made.exact_search_rows)
    evaluate_challenger(context, tracker, threads=threads)
    outcome = decide_promotion(context, tracker, Gate(max_query_ms=100), RetrainingRequest(target, cause), ask=False)
    released = release_challenger(
        context, tracker, lambda: challenger, exact_search_rows=made.exact_search_rows, approved_by=None
    )
    return f"{outcome.decision.outcome}: {' '.join(outcome.decision.verdict.reasons)} {released.reason}"


def _print(when: str, state: Path) -> None:
    rows = pq.read_table(state / "evaluation.parquet")
    figures = slice_figures(rows, "language", MODES)
    print(f"{when}: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
