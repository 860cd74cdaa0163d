"""Evaluates retrieval once per state of questions and index. Keeps the result locally and logs it to MLflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xnai_pipelines.errors import TrackingUnavailableError
from xnai_pipelines.evaluation.evaluate import CHUNKS_PER_SEARCH, Evaluation, evaluate, evaluation_fingerprint
from xnai_pipelines.evaluation.logged import log_evaluation, past_evaluations
from xnai_pipelines.evaluation.plots import modes_plot
from xnai_pipelines.evaluation.report import EvaluationReport, PastEvaluation, Setting, tracked_metrics
from xnai_pipelines.evaluation.slices import DocumentFacts
from xnai_pipelines.evaluation.timeline import Event, timeline_plot
from xnai_pipelines.extras import missing
from xnai_pipelines.questions.make import lost_labels, read_questions, splits_given
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.index import RANKING_VERSION, SearchIndex
from xnai_pipelines.search.make import index_content
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.words import ANALYSER
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.drawn import drawn
from xnai_pipelines.state.layout import Home, remove, write_parquet
from xnai_pipelines.state.measured import logged_once, measured_once
from xnai_pipelines.state.records import read_record
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tracker import MlflowRun, Tracker

PLOTTED = 60  # past evaluations


@dataclass(frozen=True, slots=True)
class KeptEvaluation:
    """The last evaluation and a hash of what it was measured on. Without an MLflow run, it is not logged yet."""

    fingerprint: str
    release: int
    vector_space: str
    report: EvaluationReport
    mlflow_run: MlflowRun | None


@dataclass(frozen=True, slots=True)
class EvaluationOutcome:
    """An evaluation and its plots (PNG by name). `measured` is false if index and questions were unchanged.

    There are no plots if the extra `plots` is not installed.
    """

    kept: KeptEvaluation
    plots: dict[str, bytes]
    measured: bool
    seconds: float

    @property
    def report(self) -> EvaluationReport:
        """The figures."""
        return self.kept.report


def evaluate_retrieval(
    context: StageContext, tracker: Tracker, events: Sequence[Event], *, threads: int, force: bool
) -> EvaluationOutcome | None:
    """Return the figures of the current release on the stored questions.

    Measures only if index, questions or search settings have changed since the last evaluation, or with `force`. The
    report is written to disk before MLflow is called. If MLflow is unreachable, the next run logs the report. Without
    questions the last evaluation is dropped, and the result is None.

    Args:
        context: Stage context.
        tracker: MLflow store that the evaluation is logged to.
        events: Releases, retrainings and the like, marked on the plot of accuracy over time.
        threads: CPU threads of the encoder.
        force: Measure even if nothing changed.

    Raises:
        ReleaseError: Nothing is released yet.
        TrackingUnavailableError: MLflow cannot be reached.
    """
    path = _record_path(context.home)
    with stage(context, "retrieval_evaluation") as watch:
        questions = read_questions(context.tables)
        if not questions:
            remove(path)  # first: without a record, the rows belong to no evaluation
            remove(_rows_path(context.home))
            return None
        index = SearchIndex.open(context.home.root, threads=threads)
        fingerprint = search_fingerprint(context, index, questions)

        def measure(_: KeptEvaluation | None) -> KeptEvaluation:
            watch.items = len(questions)
            evaluation, release = measure_search(context, index, questions), index.release
            remove(path)  # without a record, the rows belong to no evaluation
            write_parquet(_rows_path(context.home), evaluation.per_question)
            return KeptEvaluation(fingerprint, release.release, release.vector_space, evaluation.report, None)

        kept, measured = measured_once(path, fingerprint, measure, KeptEvaluation, force=force)
        tags = {"vector_space": kept.vector_space, "release": str(kept.release), "dagster_run_id": context.run_id}
        plots = {} if missing("plots") else _plots(context, tracker, kept, events, tags)

        def log() -> MlflowRun:
            rows = pq.read_table(_rows_path(context.home))
            return log_evaluation(tracker, kept.report, per_question=rows, plots=plots, tags=tags)

        kept = logged_once(path, kept, log)
    return EvaluationOutcome(kept, plots, measured, watch.seconds)


def _plots(
    context: StageContext, tracker: Tracker, kept: KeptEvaluation, events: Sequence[Event], tags: Mapping[str, str]
) -> dict[str, bytes]:
    """Return the plots of the modes and of accuracy over time, PNG by name, drawn again only if they changed.

    Raises:
        TrackingUnavailableError: MLflow cannot be reached, and the evaluation is not logged yet.
    """
    report = kept.report
    plots = {"modes": drawn(context.home, "modes", report, lambda: modes_plot(report, report.headline))}
    try:
        plots["history"] = drawn(
            context.home, "history", (report, tuple(events)), lambda: _history(tracker, report, tags, events)
        )
    except TrackingUnavailableError as error:
        if kept.mlflow_run is None:
            raise
        # everything is already logged: only the plot is missing
        context.progress.say(f"The plot of accuracy over time is skipped. {error}")
    return plots


def last_evaluation(home: Home) -> KeptEvaluation | None:
    """Return the last evaluation, None before the first."""
    return read_record(_record_path(home), KeptEvaluation)


def last_rows(home: Home) -> pa.Table | None:
    """Return the rows of the last evaluation, one per question, level and mode; None before the first."""
    path = _rows_path(home)
    return pq.read_table(path) if path.exists() else None


def _record_path(home: Home) -> Path:
    return home.state / "evaluation.json"


def _rows_path(home: Home) -> Path:
    """Return the file of the last evaluation's rows, one per question."""
    return home.state / "evaluation.parquet"


def _history(tracker: Tracker, report: EvaluationReport, tags: Mapping[str, str], events: Sequence[Event]) -> bytes:
    """Return the plot of accuracy over time, including this evaluation, with the events marked."""
    earlier = [past for past in past_evaluations(tracker, PLOTTED) if past.evaluated_at != report.evaluated_at]
    past = [PastEvaluation("", report.evaluated_at, tracked_metrics(report), tags), *earlier]
    return timeline_plot(past, events, report.headline.origin, report.modes)


def measure_search(context: StageContext, index: SearchIndex, questions: list[Question]) -> Evaluation:
    """Return the evaluation of all search modes on this index, and show progress."""
    documents = {
        row.pop("document_id"): DocumentFacts(**row)
        for row in context.tables.read(DOCUMENTS, ["document_id", "source", "language", "media_type"]).to_pylist()
    }
    index.rank("a first search loads what later ones find loaded")
    with context.progress.work("evaluation", len(questions) * len(index.modes), "searches") as advance:
        return evaluate(
            questions=questions,
            modes=[str(mode) for mode in index.modes],
            search=lambda question, mode, k: [
                (found.chunk_id, found.document_id, found.score) for found in index.rank(question, k, Mode(mode))
            ],
            fingerprint=search_fingerprint(context, index, questions),
            splits_given=splits_given(context.home),
            unanswered=lost_labels(context.home),
            documents=documents,
            settings=_search_settings(context, index),
            progress=lambda done, total: advance(),
        )


def search_fingerprint(context: StageContext, index: SearchIndex, questions: list[Question]) -> str:
    """Return a hash of everything that the figures of this index on the questions depend on."""
    return evaluation_fingerprint(index_content(context, index.release), questions, _search_settings(context, index))


def _search_settings(context: StageContext, index: SearchIndex) -> dict[str, Setting]:
    return {
        "depth": CHUNKS_PER_SEARCH,
        "candidates": index.candidates or 0,
        "ranking_version": RANKING_VERSION,
        "analyser": ANALYSER,
        "vector_weight": index.policy.vector_weight,
        "correct_typos": index.policy.correct_typos,
        "reranker": index.policy.reranker or "",
        "graph_weight": index.policy.graph_weight,
        "labels_left_out": lost_labels(context.home),
    }
