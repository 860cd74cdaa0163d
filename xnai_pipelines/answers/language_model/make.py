"""Evaluates a language model on questions to the current release, once per state of all three; logged to MLflow."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from xnai_pipelines.answers.ask import ANSWERS_VERSION, Answerer, prepare, weigh
from xnai_pipelines.answers.evaluation import KnownAnswers
from xnai_pipelines.answers.gold import read_gold
from xnai_pipelines.answers.language_model.evaluation import (
    BothAnswers,
    ModelReport,
    Tried,
    evaluate_model,
    model_markdown,
)
from xnai_pipelines.answers.make import ANSWERS, questions_to_measure_on, stored
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import refusal_policy
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.make import index_content
from xnai_pipelines.search.query import NO_FILTERS
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.measured import content_hash, logged_once, measured_once
from xnai_pipelines.state.records import read_record
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker


@dataclass(frozen=True, slots=True)
class ModelToMeasure:
    """A language model that is loaded only if it is asked.

    Attributes:
        name: Name that its answers give it.
        identity: What tells it from others of that name, and what its answers depend on, such as its time limit.
        answerer: Loads it.
        most: Max questions.
    """

    name: str
    identity: tuple[str, ...]
    answerer: Callable[[], Answerer]
    most: int


@dataclass(frozen=True, slots=True)
class KeptModelReport:
    """The last evaluation of a language model, and a hash of what it was measured on."""

    fingerprint: str
    evaluated_at: datetime
    report: ModelReport
    mlflow_run: MlflowRun | None = None


@dataclass(frozen=True, slots=True)
class ModelOutcome:
    """An evaluation, whether it was measured now, and the time that it took."""

    kept: KeptModelReport
    measured: bool
    seconds: float


def evaluate_language_model(
    context: StageContext,
    tracker: Tracker,
    labelled: Path | None,
    model: ModelToMeasure | None,
    *,
    threads: int,
    force: bool,
) -> ModelOutcome | None:
    """Return the figures of a language model's answers from the current release; None if there is nothing to ask.

    Asks only if model, index, policy, questions or known answers have changed, if the server was away the last time,
    or with `force`. What the server does wrong is counted in the report.

    Args:
        context: Stage context.
        tracker: MLflow store that the evaluation is logged to.
        labelled: Labelled questions, which may have a file of known answers beside them; None if there are none.
        model: The model, None if answers quote.
        threads: CPU threads of the encoder.
        force: Ask even if nothing changed.

    Raises:
        ReleaseError: Nothing is released yet.
        TrackingUnavailableError: MLflow cannot be reached.
    """
    path = _record_path(context.home)
    with stage(context, "language_model_evaluation") as watch:
        questions = chosen_questions(read_questions(context.tables), model.most) if model else []
        if model is None or not questions:
            remove(path)  # the record is of the model that is set
            return None
        index = SearchIndex.open(context.home.root, threads=threads)
        passages, policy = Passages(index, context.home), refusal_policy(context.home, index.release)
        texts = stored(context.tables)
        gold = read_gold(labelled, context.tables.pairs(DOCUMENTS, "source", "document_id"), texts).answers
        known = [[asdict(answer) for answer in gold.get(one.question_id, ())] for one in questions]
        content = [ANSWERS_VERSION, index_content(context, index.release), index.release.ranking, asdict(policy)]
        content += [question_set(questions), known, model.name, model.identity]
        fingerprint = content_hash(*content)

        def measure(_: KeptModelReport | None) -> KeptModelReport:
            watch.items = len(questions)
            answerer = model.answerer()
            weigh(passages, "a first answer loads what later ones find loaded")
            with context.progress.work("language model evaluation", len(questions), "questions") as advance:
                report = evaluate_model(
                    KnownAnswers(questions, gold, texts),
                    lambda question: tried(passages, question, policy, answerer),
                    index.release.release,
                    model.name,
                    advance,
                )
            return KeptModelReport(fingerprint, datetime.now(UTC), report)

        before = last_model_report(context.home)
        again = force or (before is not None and before.report.server_was_away)
        found, measured = measured_once(path, fingerprint, measure, KeptModelReport, force=again)
        kept = logged_once(path, found, lambda: _log(tracker, found, context.run_id))
    return ModelOutcome(kept, measured, watch.seconds)


def chosen_questions(questions: Sequence[Question], most: int) -> list[Question]:
    """Return test questions by the hash of their id: the same ones every time, of all documents; more of them add."""
    tested = questions_to_measure_on(questions)
    return sorted(tested, key=lambda one: hashlib.sha256(one.question_id.encode()).digest())[:most]


def tried(passages: Passages, question: Question, policy: RefusalPolicy, answerer: Answerer) -> Tried:
    """Return what quotes and a model answer, with and without the documents that answer."""
    return Tried(
        _attempt(passages, question.question, policy, answerer),
        _attempt(passages.without(question.document_ids), question.question, policy, answerer),
    )


def _attempt(passages: Passages, question: str, policy: RefusalPolicy, answerer: Answerer) -> BothAnswers:
    """Return both answers; each is prepared by itself, so that its time is what a user waits for it."""
    started = time.perf_counter()
    quoting = prepare(passages, question, policy=policy, filters=NO_FILTERS, history=(), to_write=False)
    quoted = time.perf_counter()
    prepared = prepare(passages, question, policy=policy, filters=NO_FILTERS, history=(), to_write=True)
    written = Streamed(answerer(question, prepared.evidence)).drained() if prepared.evidence else None
    return BothAnswers(quoting.quoting.sentences, quoted - started, written, time.perf_counter() - quoted)


def last_model_report(home: Home) -> KeptModelReport | None:
    """Return the last evaluation of a language model, None before the first."""
    return read_record(_record_path(home), KeptModelReport)


def _log(tracker: Tracker, kept: KeptModelReport, run_id: str) -> MlflowRun:
    report = kept.report
    figures = {name: found.model for name, found in report.compared.items()} | dict(report.model_alone)
    figures |= {f"quotes_{name}": found.quotes for name, found in report.compared.items()}
    figures |= {f"difference_{name}": found.difference for name, found in report.compared.items()}
    bounds = {f"{name}_{end}": getattr(each, end) for name, each in figures.items() for end in ("low", "high")}
    return Experiment(ANSWERS, tracker).log(
        RunContent(
            title=f"{kept.evaluated_at:%Y-%m-%d %H:%M} {report.model}",
            measured_at=kept.evaluated_at,
            params={"answerer": report.model, "questions": report.questions},
            metrics={
                **{name: each.mean for name, each in figures.items()},
                **bounds,
                "requests": report.requests,
                "failed": sum(report.failures.values()),
                "seconds_p95": report.p95_seconds,
            },
            files={"summary.md": model_markdown(report).encode()},
            known_by={"fingerprint": kept.fingerprint, "measured_at": kept.evaluated_at.isoformat()},
            tags={"release": str(report.release), "dagster_run_id": run_id},
        )
    )


def _record_path(home: Home) -> Path:
    return home.state / "language_model_evaluation.json"
