"""Challenger against champion on today's questions and the same documents, each searched in its own table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from xnai_pipelines.autonomy.decisions.findings import NEW
from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.evaluation.evaluate import Evaluation
from xnai_pipelines.evaluation.logged import first_evaluation, per_question
from xnai_pipelines.evaluation.make import measure_search, search_fingerprint
from xnai_pipelines.evaluation.report import EvaluationReport
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Question
from xnai_pipelines.releases.challenger import require_challenger
from xnai_pipelines.releases.comparing import compare
from xnai_pipelines.releases.comparison import Comparison, Contender
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home, remove, write_parquet
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.measured import content_hash, measured_once
from xnai_pipelines.state.records import read_record
from xnai_pipelines.state.tracker import Tracker

COMPARISON_VERSION = 1  # raised when the same searches give another comparison


@dataclass(frozen=True, slots=True)
class KeptComparison:
    """The last comparison, the challenger's figures, and a hash of what they were measured on."""

    fingerprint: str
    comparison: Comparison
    challenger: EvaluationReport


@dataclass(frozen=True, slots=True)
class AdapterEvaluationOutcome:
    """The comparison, what it depends on, and whether this run measured it."""

    comparison: Comparison
    fingerprint: str
    measured: bool
    seconds: float


def evaluate_challenger(context: StageContext, tracker: Tracker, *, threads: int) -> AdapterEvaluationOutcome:
    """Return how the challenger does against the current release, measured again only if something changed.

    Both answer the same questions one after the other in this process, so that their latencies are comparable.

    Raises:
        ReleaseError: Nothing is released, or there is no challenger.
        TrackingUnavailableError: MLflow cannot be reached; it knows the questions of the release's first evaluation.
    """
    releases = Releases(context.home.releases)
    with stage(context, "adapter_evaluation") as watch:
        champion, challenger = releases.require(), require_challenger(releases)
        questions = read_questions(context.tables)
        indexes = [SearchIndex.open(context.home.root, threads, release) for release in (champion, challenger)]
        states = [search_fingerprint(context, index, questions) for index in indexes]
        fingerprint = content_hash(COMPARISON_VERSION, *states)

        def measure(_: KeptComparison | None) -> KeptComparison:
            watch.items = 2 * len(questions)
            found = [measure_search(context, index, questions) for index in indexes]
            comparison = compare(
                found[0].per_question,
                found[1].per_question,
                champion=_contender(context.home, champion, found[0].report),
                challenger=_contender(context.home, challenger, found[1].report),
                chosen={NEW: _new_questions(tracker, champion, questions)},
            )
            remove(path)  # without a record, the rows belong to no comparison
            write_parquet(_rows_path(context.home), found[1].per_question)
            return KeptComparison(fingerprint, comparison, found[1].report)

        path = _record_path(context.home)
        kept, measured = measured_once(path, fingerprint, measure, KeptComparison)
    return AdapterEvaluationOutcome(kept.comparison, fingerprint, measured, watch.seconds)


def _new_questions(tracker: Tracker, champion: Release, questions: Sequence[Question]) -> frozenset[str]:
    """Return the ids of the questions that the champion was not asked when it was released."""
    first = first_evaluation(tracker, champion.release)
    asked = set(per_question(tracker, first.run_id)["question_id"].to_pylist()) if first else set()
    return frozenset(question.question_id for question in questions if asked and question.question_id not in asked)


def last_comparison(home: Home) -> KeptComparison:
    """Return the last comparison.

    Raises:
        ReleaseError: There is none.
    """
    kept = _read(home)
    if kept is None:
        raise ReleaseError("No challenger has been evaluated yet. `xnai retrain` evaluates one.")
    return kept


def comparison_of(home: Home, challenger: Release) -> KeptComparison:
    """Return the last comparison, which is of this challenger.

    Raises:
        ReleaseError: There is none, or it is of another challenger.
    """
    kept = last_comparison(home)
    compared = kept.comparison.challenger.vector_space
    if compared != challenger.vector_space:
        raise ReleaseError(
            f"The challenger {challenger.vector_space} was not evaluated; the last comparison is of {compared}. "
            "`xnai retrain` evaluates it."
        )
    return kept


def read_challenger_evaluation(home: Home) -> Evaluation:
    """Return the challenger's evaluation, which becomes the baseline of its release."""
    return Evaluation(last_comparison(home).challenger, pq.read_table(_rows_path(home)))


def headline_metrics(report: EvaluationReport) -> dict[str, float]:
    """Return nDCG@10 and recall@10 of the headline's questions by mode, for a manifest."""
    return {
        f"{section.mode}.{metric}": round(section.metrics[metric].mean, 4)
        for section in report.sections_of(report.headline)
        for metric in ("ndcg_at_10", "recall_at_10")
    }


def _contender(home: Home, release: Release, report: EvaluationReport) -> Contender:
    card = read_card(home.models / release.vector_space)
    [vector] = [calls for calls in report.calls if calls.mode == Mode.VECTOR]
    return Contender(
        release=release.release,
        vector_space=release.vector_space,
        encoder=release.encoder,
        variant=release.variant,
        adapter=release.adapter,
        model_bytes=card["metrics"]["shipped_bytes"],
        query_ms_p50=vector.p50_ms,
        query_ms_p95=vector.p95_ms,
    )


def _read(home: Home) -> KeptComparison | None:
    return read_record(_record_path(home), KeptComparison)


def _record_path(home: Home) -> Path:
    return home.state / "comparison.json"


def _rows_path(home: Home) -> Path:
    """Return the path of the challenger's rows, one per question."""
    return home.state / "comparison.parquet"
