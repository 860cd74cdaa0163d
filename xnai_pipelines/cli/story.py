"""The whole loop on the sample: documents in another language arrive, accuracy drops, the sensor repairs it."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from xnai_pipelines.cli.runs import FinishedRun, execute
from xnai_pipelines.cli.servers import CODE_SERVER, DAEMON, served, servers
from xnai_pipelines.defs.jobs import RETRAINING
from xnai_pipelines.errors import StoryError
from xnai_pipelines.evaluation.logged import past_evaluations, per_question
from xnai_pipelines.evaluation.timeline import slice_figures, slices_plot
from xnai_pipelines.releases.decision import PromotionOutcome, decisions, model_events
from xnai_pipelines.sample.documents import questions_path, write_sample
from xnai_pipelines.sample.shift import shift_modules, write_shift, write_shift_questions
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.layout import Home, write_bytes
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.tracker import tracker_of

WAIT_SECONDS = 900.0  # for the sensor's tick
LOOK_SECONDS = 1.0
# Only what the loop reads: answers and the knowledge graph would take longer than the training.
_EVALUATED = ("questions", "ranking_policy", "retrieval_evaluation", "drift_report")
_INGESTED = ("documents", "chunks", "embeddings")
_LONGEST_PAGE = 12_000  # bytes of an English document; longer ones take most of the time to embed
_BECAME = {
    PromotionOutcome.PROMOTED: "Release 2 answers searches",
    PromotionOutcome.REJECTED: "The challenger was rejected",
    PromotionOutcome.AWAITING_APPROVAL: "The challenger awaits approval",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the story leaves to look at: accuracy by language at each evaluation, oldest first, and its plot."""

    evaluations: tuple[tuple[str, Mapping[str, float]], ...]
    plot: Path


def tell(settings: Settings, say: Callable[[str], None]) -> Told:
    """Play the story in the settings' home, which has to be empty, and return its figures.

    The evaluations of three nights are started one after the other; the sensor runs in Dagster's daemon, as always.

    Raises:
        StoryError: The home is in use, a run failed, or the sensor asked for nothing.
    """
    home = Home(settings.home)
    if Releases(home.releases).current() is not None or home.sample.exists():
        raise StoryError(f"{home.root} is not empty. Set XNAI_HOME to an empty folder.")
    documents, questions = home.sample / "documents", home.sample / "questions.jsonl"
    pages = _write_pages(documents)
    questions.write_bytes(questions_path().read_bytes())
    say(f"English documentation of {pages} modules is ingested, released and evaluated.")
    _run(home, "refresh", assets=[*_INGESTED, *_EVALUATED])
    write_shift(documents)
    write_shift_questions(questions)
    say("Russian documents and questions arrive; the next night evaluates them.")
    _run(home, "refresh", assets=[*_INGESTED, *_EVALUATED])
    wanted = [server for server in servers(settings) if server.name in (CODE_SERVER, DAEMON)]
    with served(wanted, home.logs) as check, dg.DagsterInstance.get() as instance:
        say("Dagster's daemon is running. Another night evaluates.")
        _evaluate_again(home)
        released = _await_remedy(instance, home, check, say)
    _evaluate_again(home)
    if released:
        say("Back to release 1, and forward to release 2.")
        _run(home, "rollback", {"move_release_pointer": {"release": 1}})
        _run(home, "rollback", {"move_release_pointer": {"release": 2}})
    return _told(settings, home)


def _write_pages(documents: Path) -> int:
    """Write the short pages of the sample on modules that have Russian paragraphs; return how many there are."""
    write_sample(documents)
    modules, kept = shift_modules(), 0
    for path in documents.glob("*.md"):
        if path.stem in modules and path.stat().st_size <= _LONGEST_PAGE:
            kept += 1
        else:
            path.unlink()
    return kept


def _evaluate_again(home: Home) -> None:
    _run(home, "evaluate", {"retrieval_evaluation": {"force": True}}, assets=_EVALUATED)


def _run(
    home: Home,
    job: str,
    config: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    assets: Sequence[str] | None = None,
) -> FinishedRun:
    finished = execute(job, config or {}, home, [[name] for name in assets] if assets else None)
    if finished.failure:
        raise StoryError(f"The job {job} failed: {finished.failure}")
    return finished


def _await_remedy(
    instance: dg.DagsterInstance, home: Home, check: Callable[[], None], say: Callable[[str], None]
) -> bool:
    """Return whether a remedy was released: another encoder, or an adapter if there was none or it was rejected."""
    ended: set[str] = set()
    while True:
        run = _await_retraining(instance, ended, check, say)
        ended.add(run.run_id)
        if run.status is not dg.DagsterRunStatus.SUCCESS:
            raise StoryError(
                f"The run of {run.job_name} ended as {run.status.value}; its log is in the UI: run {run.run_id}."
            )
        [decision, *_] = decisions(home.decisions)
        say(
            f"{_BECAME[decision.outcome]}: {decision.encoder}"
            f"{f' with adapter {decision.adapter}' if decision.adapter else ''}. {' '.join(decision.verdict.reasons)}"
        )
        if decision.adapter or decision.outcome is not PromotionOutcome.REJECTED:
            return Releases(home.releases).require().release > 1


def _await_retraining(
    instance: dg.DagsterInstance, ended: Collection[str], check: Callable[[], None], say: Callable[[str], None]
) -> dg.DagsterRun:
    """Return the next retraining that the sensor asks for, once it has ended; tell what it does meanwhile.

    Only the sensor's tick has a limit: a run may take long, and one whose process dies is marked as failed.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not (runs := [one for one in instance.get_runs(dg.RunsFilter(tags=RETRAINING)) if one.run_id not in ended]):
        check()
        if time.monotonic() > deadline:
            raise StoryError("The sensor asked for no retraining in time; its ticks are in the UI.")
        time.sleep(LOOK_SECONDS)
    run, cursor = runs[0], None
    say(f"The sensor: {run.tags['reason']}")
    while not run.is_finished:
        check()
        time.sleep(LOOK_SECONDS)
        found = instance.get_records_for_run(run.run_id, cursor=cursor)
        cursor = found.cursor
        for record in found.records:
            if record.event_log_entry.dagster_event is None:  # a sentence of a stage
                say(record.event_log_entry.user_message)
        run = instance.get_run_by_id(run.run_id) or run
    return run


def _told(settings: Settings, home: Home) -> Told:
    tracker = tracker_of(home, settings.mlflow_uri)
    past = past_evaluations(tracker, limit=20)[::-1]
    measured = [(one, per_question(tracker, one.run_id)) for one in past]
    path = home.reports / "story.png"
    write_bytes(path, slices_plot(measured, model_events(home), "language"))
    figures = tuple(
        (f"{one.evaluated_at:%H:%M:%S}, release {one.tags['release']}", slice_figures(rows, "language"))
        for one, rows in measured
    )
    return Told(figures, path)
