"""Autonomy: drift, drops in accuracy, the retraining they trigger, and alerts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg

from xnai_pipelines.autonomy.alerts.alert import Alert, AlertSeverity
from xnai_pipelines.autonomy.decisions.attempts import Attempt, Outcome
from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action, Memory
from xnai_pipelines.autonomy.decisions.remedy import Trial, Trials, encoder_to_try
from xnai_pipelines.autonomy.drift.make import report_drift
from xnai_pipelines.autonomy.drift.report import Cause, report_markdown
from xnai_pipelines.autonomy.watch import look_for_degradation
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.jobs import Jobs
from xnai_pipelines.defs.metadata import image, result, revision_of
from xnai_pipelines.defs.resources import AlertsResource, EncoderResource, StoresResource, TrackingResource
from xnai_pipelines.defs.runs import is_of
from xnai_pipelines.encoders.source import BESIDE, encoders_at_hand
from xnai_pipelines.errors import NotTrackedError, RecordError, ReleaseError, TrackingUnavailableError
from xnai_pipelines.evaluation.languages import language_figures
from xnai_pipelines.models.encoder_comparison.make import find_encoder_card
from xnai_pipelines.releases.decision import awaiting_approval, decisions
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases

REMEMBERED_RUNS = 50
JOBS = {Action.RETRAIN: "retrain", Action.MAINTAIN: "maintain", Action.INGEST: "refresh"}
TRIAL = "try_encoder"
FAILED = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def drift_report(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult[None]:
    """What changed since the release was first evaluated: documents, questions, index, model, and the cause."""
    outcome = report_drift(stores.stage_context(context), encoder.choice.load(new_release=False))
    report = outcome.report
    return result(
        outcome,
        revision_of(report.release, report.cause, report.conclusion),
        {"first": "profile_taken_now"},
        conclusion=report.conclusion,
        cause=str(report.cause),
        training_may_mend_it=None if report.cause is Cause.NONE else report.trainable,
        tests=dg.MetadataValue.md(report_markdown(report)),
        drift=image("documents and questions, at the release and now", outcome.plot),
        compared_with_release=report.release,
    )


def accuracy_degradation_sensor(
    context: dg.SensorEvaluationContext,
    base: Base,
    stores: StoresResource,
    tracking: TrackingResource,
    alerts: AlertsResource,
) -> dg.SensorResult | dg.SkipReason:
    """Read the evaluations since the last tick and decide."""
    now = datetime.now(UTC)
    try:
        decision = look_for_degradation(
            stores.layout,
            tracking.tracker(),
            _attempts(context.instance, base, now),
            Memory.from_json(context.cursor),
            base.settings.thresholds,
            now,
            waiting=_waiting(stores.layout),
        )
        trial = _encoder_to_try(context.instance, base, stores, decision)
    except (TrackingUnavailableError, NotTrackedError, ReleaseError, RecordError) as error:
        return dg.SkipReason(f"The evaluations cannot be read now; earlier findings are kept. {error}")
    if trial is not None:
        sentence = f"The encoder {trial.encoder} is tried first: {trial.why}."
        decision = replace(decision, reason=f"{decision.reason} {sentence}")
    context.log.info(decision.reason)
    requests, memory = [], decision.memory
    if decision.action in JOBS:
        requests = [_request(base, decision, trial.encoder if trial else None)]
    elif decision.action is Action.ALERT:
        deliveries = alerts.tell(_alert(decision, now), base.settings.webhook)
        memory = decision.memory if all(one.arrived for one in deliveries) else decision.untold
    return dg.SensorResult(
        run_requests=requests, skip_reason=None if requests else decision.reason, cursor=memory.to_json()
    )


def failed_runs(context: dg.RunFailureSensorContext, base: Base, alerts: AlertsResource) -> None:
    """Send an alert about the failed run."""
    run = context.dagster_run
    if not is_of(run, base.home):
        return
    steps = [event.step_key or "run" for event in context.get_step_failure_events()]
    alert = Alert(
        kind="run_failure",
        title=f"Run of {run.job_name} failed" + (f" at {', '.join(steps)}" if steps else ""),
        text=context.failure_event.message or "",
        severity=AlertSeverity.ERROR,
        at=datetime.now(UTC),
        tags={"run_id": run.run_id, "cause": f"{run.job_name} {' '.join(steps)}".strip()},
        link=alerts.run_page(run.run_id),
    )
    alerts.tell(alert, base.settings.webhook)


def _waiting(home: Home) -> str | None:
    """Return which challenger a person has to decide on: another retraining would take its place."""
    challenger = awaiting_approval(home)
    if challenger is None:
        return None
    return f"release {challenger.release} awaits approval (`xnai approve` releases it, `xnai retrain` replaces it)"


def _encoder_to_try(
    instance: dg.DagsterInstance, base: Base, stores: StoresResource, decision: Decision
) -> Trial | None:
    home, release = base.home, Releases(base.home.releases).current()
    if decision.action is not Action.RETRAIN or release is None or not base.settings.try_encoders:
        return None
    at_hand = [name for name in encoders_at_hand() if not release.encoder.endswith(name)]
    languages = language_figures(stores.tables, home, release) if at_hand else []
    judged = [one for one in decisions(home.decisions) if one.champion_release == release.release]
    trials = [record.dagster_run for record in _newest_runs(instance, base, TRIAL)]
    failed = Counter(
        run.tags.get("encoder", "").removeprefix(BESIDE)
        for run in trials
        if run.status in FAILED and run.tags.get("champion") == str(release.release)
    )
    return encoder_to_try(
        decision,
        release,
        card=find_encoder_card(home),
        at_hand=at_hand,
        unknown=[one.language for one in languages if not one.known],
        trials=Trials(
            spaces={one.vector_space for one in judged},
            # a trial trains nothing: an adapter in it is the release's
            encoders={one.encoder for one in judged if one.encoder and one.adapter in (None, release.adapter)},
            failed=failed,
        ),
    )


def _request(base: Base, decision: Decision, encoder: str | None) -> dg.RunRequest:
    """Return the run that a decision asks for. Dagster runs a key once: job, evaluation and attempt tell two apart."""
    seen = decision.memory.evaluated_at
    job = TRIAL if encoder else JOBS[decision.action]
    parts = (job, encoder or "", decision.cause or "", str(decision.attempt or ""), seen.isoformat() if seen else "")
    config = {"ops": {base.name("challenger_index"): {"config": {"encoder": encoder}}}} if encoder else {}
    return dg.RunRequest(
        run_key=" ".join(parts),
        run_config=config,
        job_name=base.name(job),
        tags={**decision.tags, "reason": decision.reason, **({"encoder": encoder} if encoder else {})},
    )


def _alert(decision: Decision, now: datetime) -> Alert:
    return Alert(
        kind="accuracy",
        title=f"Accuracy: {decision.cause}",
        text=decision.reason,
        severity=AlertSeverity.WARNING,
        at=now,
        tags=decision.tags,
    )


def _attempts(instance: dg.DagsterInstance, base: Base, now: datetime) -> Sequence[Attempt]:
    """Return the retrainings that the instance knows, the newest ones, and trials of encoders that run or failed.

    A trial that ended released its encoder, or a training may follow without waiting.
    """

    def newest(job: str) -> list[Attempt]:
        return [_attempt(record, now) for record in _newest_runs(instance, base, job)]

    trials = [attempt for attempt in newest(TRIAL) if attempt.outcome != "succeeded"]
    return [*newest(JOBS[Action.RETRAIN]), *trials]


def _newest_runs(instance: dg.DagsterInstance, base: Base, job: str) -> Sequence[dg.RunRecord]:
    """Return the home's newest runs of a job; the instance may hold other homes' runs of jobs of the same name."""
    ours = dg.RunsFilter(job_name=base.name(job), tags=base.run_tags)
    return instance.get_run_records(ours, limit=REMEMBERED_RUNS)


def _attempt(record: dg.RunRecord, now: datetime) -> Attempt:
    run = record.dagster_run
    requested = record.create_timestamp.astimezone(UTC)
    ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else now
    ended_badly: Outcome = "failed" if run.status in FAILED else "running"
    return Attempt(
        cause=run.tags.get("cause", "asked for by a person"),
        requested_at=requested,
        attempt=_number(run.tags.get("attempt"), 1),
        outcome="succeeded" if run.status is dg.DagsterRunStatus.SUCCESS else ended_badly,
        release_before=_number(run.tags.get("champion"), 0),
        minutes=max(0.0, (ended - requested).total_seconds() / 60),
    )


def _number(tag: str | None, otherwise: int) -> int:
    """Return the number in a tag; people launch runs with tags of their own."""
    return int(tag) if tag is not None and tag.isdecimal() else otherwise


def definitions(base: Base, jobs: Jobs) -> dg.Definitions:
    """Return the asset `drift_report` and the sensors on accuracy and on failed runs."""
    tell_of_failures = dg.run_failure_sensor(
        name=base.name("failed_runs"),
        default_status=base.sensor_status,
        description="Sends an alert for each failed run: to alerts.jsonl, and to XNAI_WEBHOOK if it is set.",
    )
    return dg.Definitions(
        assets=[
            base.asset(
                drift_report,
                version=(1,),
                deps=["embeddings", "questions", "retrieval_evaluation"],
                group="evaluation",
                kinds={"python", "lancedb"},
            )
        ],
        sensors=[
            base.sensor(
                accuracy_degradation_sensor,
                jobs=[jobs["retrain"], jobs["try_encoder"], jobs["maintain"], jobs["refresh"]],
                every_seconds=30,
                description="Reads the evaluations in MLflow. If accuracy falls below the floor, or below its "
                "value at the release, it requests a retraining, or the job that fixes the cause named by "
                "the drift report.",
            ),
            tell_of_failures(base.bound(failed_runs)),
        ],
    )
