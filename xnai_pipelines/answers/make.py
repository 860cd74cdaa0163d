"""Evaluates the answers of the current release once per state of index and questions, and logs it to MLflow."""

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from xnai_pipelines.answers.ask import ANSWERS_VERSION, NEAREST, weigh
from xnai_pipelines.answers.evaluation import MEANINGS, AnswerReport, KnownAnswers, Trial, evaluate_answers
from xnai_pipelines.answers.gold import StoredText, StoredTexts, read_gold
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import features, make_refusal_policy
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.evaluation.markdown import markdown_table
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.make import index_content
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.measured import content_hash, logged_once, measured_once
from xnai_pipelines.state.records import read_record
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker

ANSWERS = "xnai/answers"
MOST_QUESTIONS = 600


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The last evaluation, a hash of what it was measured on, and the report of the release before it."""

    fingerprint: str
    evaluated_at: datetime
    report: AnswerReport
    previous: AnswerReport | None = None
    mlflow_run: MlflowRun | None = None


@dataclass(frozen=True, slots=True)
class AnswersOutcome:
    """An evaluation of answers.

    Attributes:
        kept: The evaluation.
        measured: Whether it was measured now; false if nothing had changed since the last.
        seconds: Time that it took.
        left_out: Known answers that could not be used, each with its line and the reason.
    """

    kept: KeptAnswers
    measured: bool
    seconds: float
    left_out: tuple[str, ...] = ()


def evaluate_release_answers(
    context: StageContext, tracker: Tracker, labelled: Path | None, *, threads: int, force: bool
) -> AnswersOutcome | None:
    """Choose when the current release refuses, and return the figures of its answers to the test questions.

    Measures only if index, policy, questions or known answers have changed, or with `force`. Without test questions the
    last evaluation is dropped, and the result is None.

    Args:
        context: Stage context.
        tracker: MLflow store that the evaluation is logged to.
        labelled: Labelled questions, which may have a file of known answers beside them; None if there are none.
        threads: CPU threads of the encoder.
        force: Measure even if nothing changed.

    Raises:
        ReleaseError: Nothing is released yet.
        TrackingUnavailableError: MLflow cannot be reached.
    """
    path = _record_path(context.home)
    with stage(context, "answer_evaluation") as watch:
        questions = read_questions(context.tables)
        tested = questions_to_measure_on(questions)
        if not tested:
            remove(path)
            return None
        index = SearchIndex.open(context.home.root, threads=threads)
        passages = Passages(index, context.home)
        policy = make_refusal_policy(context, passages, questions)
        texts = stored(context.tables)
        sources = context.tables.pairs(DOCUMENTS, "source", "document_id")
        gold = read_gold(labelled, sources, texts)
        content = [ANSWERS_VERSION, index_content(context, index.release), index.release.ranking, question_set(tested)]
        known = [[asdict(answer) for answer in gold.answers.get(one.question_id, ())] for one in tested]
        fingerprint = content_hash(*content, known, asdict(policy))

        def measure(before: KeptAnswers | None) -> KeptAnswers:
            watch.items = len(tested)
            report = measure_answers(context, passages, KnownAnswers(tested, gold.answers, texts), policy)
            return KeptAnswers(fingerprint, datetime.now(UTC), report, _previous(before, report))

        found, measured = measured_once(path, fingerprint, measure, KeptAnswers, force=force)
        kept = logged_once(path, found, lambda: _log(tracker, found, context.run_id))
    return AnswersOutcome(kept, measured, watch.seconds, gold.left_out)


def last_answers(home: Home) -> KeptAnswers | None:
    """Return the last evaluation of answers, None before the first."""
    return read_record(_record_path(home), KeptAnswers)


def questions_to_measure_on(questions: Sequence[Question]) -> list[Question]:
    """Return at most 600 test questions, labelled ones if there are any."""
    tested = [one for one in questions if one.split is Split.TEST]
    labelled = [one for one in tested if one.origin is Origin.LABELLED]
    return sorted(labelled or tested, key=lambda one: one.question_id)[:MOST_QUESTIONS]


def measure_answers(
    context: StageContext, passages: Passages, known: KnownAnswers, policy: RefusalPolicy
) -> AnswerReport:
    """Return the figures of extractive answers, and show progress."""
    weigh(passages, "a first answer loads what later ones find loaded")
    with context.progress.work("answer evaluation", len(known.questions), "questions") as advance:
        return evaluate_answers(
            known,
            lambda question: attempt(passages, question),
            passages.index.release.release,
            policy,
            advance,
        )


def attempt(passages: Passages, question: Question) -> Trial:
    """Return what the release makes of a question, in the documents' own words."""
    started = time.perf_counter()
    weighed = weigh(passages, question.question)
    sentences = weighed.sentences()
    seconds = time.perf_counter() - started
    removed = features(passages, question.question, question.document_ids)
    return Trial(sentences, weighed.best(NEAREST), weighed.scored.features, removed, seconds)


def answers_markdown(report: AnswerReport, previous: AnswerReport | None) -> str:
    """Return the figures as a table, beside those of the release before."""
    before = previous.figures if previous else {}
    columns = ["figure", "value", "95 % CI", "release before", "meaning"]
    rows = [
        [
            name.replace("_", " "),
            f"{found.mean:.3f}",
            f"{found.low:.3f} to {found.high:.3f}",
            f"{before[name].mean:.3f}" if name in before else "",
            MEANINGS[name],
        ]
        for name, found in report.figures.items()
    ]
    return markdown_table(columns, rows)


def _previous(kept: KeptAnswers | None, report: AnswerReport) -> AnswerReport | None:
    """Return the last report of another release."""
    if kept is None:
        return None
    return kept.report if kept.report.release != report.release else kept.previous


def stored(tables: Tables) -> StoredTexts:
    """Return what reads titles and texts of documents."""

    def read(documents: Collection[str]) -> dict[str, StoredText]:
        rows = tables.having(DOCUMENTS, ["document_id", "title", "text"], "document_id", documents).to_pylist()
        return {row["document_id"]: StoredText(row["title"] or "", row["text"]) for row in rows}

    return read


def _log(tracker: Tracker, kept: KeptAnswers, run_id: str) -> MlflowRun:
    report = kept.report
    bounds = {f"{name}_{end}": getattr(each, end) for name, each in report.figures.items() for end in ("low", "high")}
    return Experiment(ANSWERS, tracker).log(
        RunContent(
            title=f"{kept.evaluated_at:%Y-%m-%d %H:%M} {report.answerer}",
            measured_at=kept.evaluated_at,
            params={"answerer": report.answerer, "questions": report.questions, "threshold": report.policy.threshold},
            metrics={
                **{name: each.mean for name, each in report.figures.items()},
                **bounds,
                "latency_ms_p50": report.p50_ms,
                "latency_ms_p95": report.p95_ms,
            },
            files={"summary.md": answers_markdown(report, kept.previous).encode()},
            known_by={"fingerprint": kept.fingerprint, "measured_at": kept.evaluated_at.isoformat()},
            tags={"release": str(report.release), "dagster_run_id": run_id},
        )
    )


def _record_path(home: Home) -> Path:
    return home.state / "answers.json"
