"""The loop's own speed: a tick of the sensor over 1,000 evaluations, a rollback, and search during a promotion.

python -m benchmarks.loop --data DATA [--only tick promotion] [--documents 1000] [--queries 10000]

The tick is the sensor's as the daemon calls it, with the last ten evaluations to look at in an MLflow of 1,000. In the
promotion a second thread asks questions from before the challenger is embedded until after the rollback. An answer is
mixed if it is not the one that the release which it names gives alone.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from benchmarks.corpora import write_scifact
from benchmarks.pipeline import Pipeline, pipeline
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.make import adapt_encoder, train_adapter
from xnai_pipelines.adapters.training_pairs import make_training_pairs
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.knowledge_base import knowledge_base
from xnai_pipelines.defs.resources import AlertsResource, StoresResource, TrackingResource
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.evaluation.evaluate import evaluate
from xnai_pipelines.evaluation.logged import log_evaluation
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.decide import RetrainingRequest, decide_promotion
from xnai_pipelines.releases.evaluate import evaluate_challenger
from xnai_pipelines.releases.gate import Gate
from xnai_pipelines.releases.release import release_challenger
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tracker import Tracker

EVALUATIONS = 1_000
ASKED_A_NIGHT = 150
TICKS = 5
QUESTIONS = 100
REOPENED = 100  # queries after which the thread opens the release that is current then
# Whatever comes out is promoted: what is measured is the promotion.
ANYTHING = Gate(min_gain=-1, max_overall_loss=1, max_slice_loss=1)

Answer = tuple[str, ...]


def main() -> None:
    """Print the seconds of each, and how many of the answers were failed or mixed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds scifact/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--only", nargs="+", choices=("tick", "promotion"), default=["tick", "promotion"])
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--queries", type=int, default=10_000)
    arguments = parser.parse_args()
    if "tick" in arguments.only:
        tick()
    if "promotion" in arguments.only:
        promotion(arguments.data, arguments.models, arguments.documents, arguments.queries)


def tick() -> None:
    """Print the seconds of ticks: the first reads ten new evaluations, the others none."""
    with TemporaryDirectory(prefix="xnai-bench-") as root, dg.DagsterInstance.ephemeral() as instance:
        home = Home(Path(root))
        Releases(home.releases).publish(
            Release(1, datetime.now(UTC).isoformat(), "none", {}, "none", 384, "none", "fp32", None, None, {}), "bench"
        )
        tracker = Tracker(home.mlflow_uri, home.mlartifacts.as_uri())
        started = time.perf_counter()
        _log_nights(tracker)
        print(f"{EVALUATIONS:,} evaluations logged in {time.perf_counter() - started:.0f} s", flush=True)
        resources = {
            "stores": StoresResource(home=root, exact_search_rows=20_000),
            "tracking": TrackingResource(home=root, uri=None, ui_url=""),
            "alerts": AlertsResource(home=root, ui_url=""),
        }
        sensor = knowledge_base(Base(Settings(home=home.root))).get_sensor_def("accuracy_degradation_sensor")
        seconds, cursor = [], None
        for _ in range(TICKS):
            with dg.build_sensor_context(instance, cursor=cursor, resources=resources) as context:
                started = time.perf_counter()
                cursor = sensor.evaluate_tick(context).cursor
                seconds.append(round(time.perf_counter() - started, 3))
        print(json.dumps({"evaluations": EVALUATIONS, "first tick": seconds[0], "warm ticks": seconds[1:]}), flush=True)


def _log_nights(tracker: Tracker) -> None:
    asked = [
        Question(str(n), f"question {n}", (Relevant(f"d{n}", None, 1),), Origin.LABELLED, Split.TEST)
        for n in range(ASKED_A_NIGHT)
    ]
    answers = {question.question: question.relevant[0].document_id for question in asked}
    made = evaluate(
        questions=asked,
        modes=["hybrid", "vector", "keyword"],
        search=lambda question, mode, k: [("c", answers[question], 1.0)],
        fingerprint="",
        splits_given=True,
        documents={},
        settings={},
    )
    began = datetime.now(UTC) - timedelta(days=EVALUATIONS)
    for night in range(EVALUATIONS):
        report = replace(made.report, evaluated_at=began + timedelta(days=night), fingerprint=str(night))
        log_evaluation(
            tracker,
            report,
            per_question=made.per_question,
            plots={},
            tags={"vector_space": "none", "dagster_run_id": "", "release": "1"},
        )


@dataclass
class Searcher:
    """A thread that asks questions of the current release until it is told to stop and has asked enough."""

    home: Path
    questions: list[str]
    least: int
    answers: list[tuple[int, str, Answer]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask."""
        index, asked = SearchIndex.open(self.home), 0
        while asked < self.least or not self.stop.is_set():
            question = self.questions[asked % len(self.questions)]
            asked += 1
            try:
                if asked % REOPENED == 0:
                    index = SearchIndex.open(self.home)
                self.answers.append((index.release.release, question, _answer(index, question)))
            except Exception as error:  # noqa: BLE001  counted, whatever it is
                self.failed.append(f"{type(error).__name__}: {error}")


def promotion(data: Path, models: Path, documents: int, queries: int) -> None:
    """Print the seconds of a promotion and of rollbacks, and how the answers during them were."""
    with TemporaryDirectory() as temporary, pipeline(models, Runtime.INT8_DYNAMIC) as made:
        context, folder = made.context, Path(temporary) / "documents"
        labels = data / "scifact/questions"
        write_scifact(data, folder, documents)
        made.ingest(folder, labels)
        make_questions(context, labels)
        home = context.home
        tracker = Tracker(home.mlflow_uri, home.mlartifacts.as_uri())
        words = [question.question for question in read_questions(context.tables)][:QUESTIONS]
        searcher = Searcher(home.root, words, queries)
        alone = {1: _answers(SearchIndex.open(home.root), words)}
        thread = threading.Thread(target=searcher.run)
        thread.start()
        try:
            promoted = _timed(lambda: _promote(made, tracker))
            rolled_back = [_rollback(home, release) for release in (1, 2)]
        finally:
            searcher.stop.set()
            thread.join()
        alone[2] = _answers(SearchIndex.open(home.root, release=Releases(home.releases).read(2)), words)
        mixed = sum(alone[release][question] != answer for release, question, answer in searcher.answers)
        by_release = {number: sum(release == number for release, _, _ in searcher.answers) for number in alone}
        print(
            json.dumps(
                {
                    "documents": documents,
                    "training, promotion": round(promoted, 1),
                    "rollback": rolled_back,
                    "queries": len(searcher.answers) + len(searcher.failed),
                    "answered by release": by_release,
                    "failed": len(searcher.failed),
                    "first failure": searcher.failed[0] if searcher.failed else None,
                    "mixed": mixed,
                }
            ),
            flush=True,
        )


def _promote(made: Pipeline, tracker: Tracker) -> None:
    context, exact_search_rows = made.context, made.exact_search_rows
    base = read_specification(default_encoder_folder(), Runtime.FP32)
    make_training_pairs(context, threads=1, negatives=1, least_pairs=200)
    train_adapter(context, tracker, base, AdapterConfig(max_steps=5, batch_size=16), threads=1)
    challenger = Encoder.load(context.home.models / adapt_encoder(context, base).vector_space, 1)
    index_challenger(context, challenger, exact_search_rows=exact_search_rows)
    evaluate_challenger(context, tracker, threads=1)
    decide_promotion(context, tracker, ANYTHING, RetrainingRequest(), ask=False)
    outcome = release_challenger(
        context, tracker, lambda: challenger, exact_search_rows=exact_search_rows, approved_by=None
    )
    if not outcome.released:
        raise SystemExit(outcome.reason)


def _rollback(home: Home, release: int) -> dict[str, float | int]:
    environment = {**os.environ, "XNAI_HOME": str(home.root)}
    command = [sys.executable, "-m", "xnai_pipelines.cli", "rollback", str(release)]
    whole = _timed(lambda: subprocess.run(command, env=environment, check=True, capture_output=True))
    report = json.loads((home.reports / "rollback.json").read_text(encoding="utf-8"))
    return {
        "to": release,
        "pointer": round(report["pointer_seconds"], 4),
        "stage": round(report["seconds"], 2),
        "command": round(whole, 2),
    }


def _answers(index: SearchIndex, questions: list[str]) -> dict[str, Answer]:
    return {question: _answer(index, question) for question in questions}


def _answer(index: SearchIndex, question: str) -> Answer:
    return tuple(f"{hit.chunk_id} {hit.score:.6f}" for hit in index.search(question, 10))


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
