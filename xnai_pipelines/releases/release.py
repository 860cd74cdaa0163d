"""The release of a promoted challenger: the pointer moves last."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import make_refusal_policy
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import DecisionError
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.evaluation.logged import log_evaluation
from xnai_pipelines.graph.record import read_graph_record
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.releases.decision import PromotionOutcome, approve, last_decision, write_decision
from xnai_pipelines.releases.evaluate import comparison_of, headline_metrics, read_challenger_evaluation
from xnai_pipelines.releases.logged import mirror_releases
from xnai_pipelines.releases.rollback import keep_questions
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.make import fill_index, forget_deleted
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases, now
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, embeddings_spec
from xnai_pipelines.state.tracker import Tracker


@dataclass(frozen=True, slots=True)
class ReleaseOutcome:
    """Which release answers searches now, whether this run released it, and the reason in one sentence."""

    release: int
    released: bool
    reason: str
    seconds: float


def release_challenger(
    context: StageContext,
    tracker: Tracker,
    load_encoder: Callable[[], Encoder],
    *,
    exact_search_rows: int,
    approved_by: str | None,
) -> ReleaseOutcome:
    """Release a promoted challenger; do nothing if it was rejected or awaits approval.

    Its table is first brought in line with what was ingested since it was measured. Then the manifest is written and
    the pointer moves: the old release answers until then, the new one from then on. The MLflow aliases follow.

    Args:
        context: The home.
        tracker: MLflow store: mirrors the releases and keeps the challenger's evaluation as its release's baseline.
        load_encoder: Loads the challenger's encoder, if it is needed.
        exact_search_rows: Search is exact up to this many vectors, approximate above.
        approved_by: Person who approves a promotion that awaits approval; None: nobody does.

    Raises:
        DecisionError: An approval was given, and there is no challenger or it does not await one.
        TrackingUnavailableError: MLflow cannot be reached; the release stands, the next evaluation mirrors it.
    """
    releases = Releases(context.home.releases)
    published: Release | None = None
    with stage(context, "release") as watch:
        current, challenger = releases.require(), releases.challenger()
        if challenger is not None and challenger.embeddings_table == current.embeddings_table:
            # a run was killed after it moved the pointer
            releases.challenge(None)
            challenger, published = None, current
        if challenger is None and published is None and approved_by is not None:
            raise DecisionError("There is no challenger to approve. `xnai retrain` trains one.")
        reason = _why_not(context.home, current, challenger, approved_by)
        if challenger is not None and reason is None:
            published = _publish(
                context, releases, challenger=challenger, encoder=load_encoder(), exact_search_rows=exact_search_rows
            )
            reason = f"Release {published.release} answers searches now, replacing release {current.release}."
            watch.items = 1
    if published is not None:
        _log_baseline(context, tracker, published)
    mirror_releases(context, tracker)
    outcome = ReleaseOutcome((published or current).release, watch.items > 0, reason or "", watch.seconds)
    write_report(context.home, "release", outcome)
    return outcome


def _why_not(home: Home, current: Release, challenger: Release | None, approved_by: str | None) -> str | None:
    """Return why the challenger is not released, None if it is to be released. Record an approval.

    Raises:
        DecisionError: An approval was given, and the challenger does not await one.
        ReleaseError: The last comparison is of another challenger.
    """
    if challenger is None:
        return "There is no challenger."
    decision = last_decision(home, challenger.vector_space)
    if decision is None:
        return "The challenger was not judged."
    if decision.outcome is not PromotionOutcome.REJECTED:
        comparison_of(home, challenger)  # which becomes the baseline of the release
    if approved_by is not None:
        decision = approve(decision, approved_by, datetime.now(UTC), current.release)
        write_decision(home.decisions, decision)
    if decision.outcome is PromotionOutcome.AWAITING_APPROVAL:
        return "The challenger awaits approval: `xnai approve`."
    if decision.outcome is not PromotionOutcome.PROMOTED:
        return "The challenger was rejected: " + " ".join(decision.verdict.reasons)
    if decision.champion_release != current.release:
        return (
            f"The challenger was judged against release {decision.champion_release}, but release {current.release} "
            "answers searches now. Retrain to judge it against that one."
        )
    return None


def _publish(
    context: StageContext, releases: Releases, challenger: Release, encoder: Encoder, exact_search_rows: int
) -> Release:
    spec = embeddings_spec(challenger.embeddings_table, challenger.dimension)
    forget_deleted(context, releases, spec)
    fill_index(context, encoder, number=challenger.release, spec=spec, exact_search_rows=exact_search_rows)
    questions = read_questions(context.tables)
    keep_questions(releases, challenger.release, questions)
    release = replace(
        challenger,
        created_at=now(),
        table_versions={s.name: context.tables.version(s) for s in (DOCUMENTS, CHUNKS, spec)},
        questions=question_set(questions),
        metrics=headline_metrics(read_challenger_evaluation(context.home).report),
        graph=read_graph_record(context.home).revision,  # of today; the challenger may be days old
    )
    index = SearchIndex.open(context.home.root, release=release, encoder=encoder)
    make_refusal_policy(context, Passages(index, context.home), questions)  # it refuses from its first question on
    releases.publish(release, f"promoted over release {releases.require().release}")
    releases.challenge(None)
    return release


def _log_baseline(context: StageContext, tracker: Tracker, release: Release) -> None:
    """Log the challenger's evaluation as its release's first, which later ones are compared with."""
    measured = read_challenger_evaluation(context.home)
    tags = {"vector_space": release.vector_space, "dagster_run_id": context.run_id, "release": str(release.release)}
    log_evaluation(tracker, measured.report, per_question=measured.per_question, plots={}, tags=tags)
