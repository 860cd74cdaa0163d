"""Reads the evaluations since the last tick into the memory, each once, even if the clock changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from xnai_pipelines.autonomy.decisions.attempts import moment
from xnai_pipelines.autonomy.decisions.findings import Limit, findings
from xnai_pipelines.autonomy.decisions.logged_evaluation import LoggedEvaluation
from xnai_pipelines.autonomy.decisions.memory import RUNS_REMEMBERED, Memory, Standing, stand
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds

_SHOWN = 2


def read(
    evaluations: Sequence[LoggedEvaluation],
    baseline: LoggedEvaluation | None,
    memory: Memory,
    thresholds: Thresholds,
    *,
    now: datetime,
) -> tuple[Memory, list[str]]:
    """Return the memory after these evaluations, and sentences on anything unusual.

    The arguments are those of `decide`.
    """
    notes = [memory.note] if memory.note else []
    evaluations = sorted(evaluations, key=lambda evaluation: evaluation.evaluated_at)
    release = baseline.release if baseline else evaluations[-1].release if evaluations else memory.release
    if memory.release is not None and release != memory.release:
        notes.append(f"Release {release} replaced release {memory.release}: the count of evaluations starts again.")
        memory = replace(memory, standing={}, done={})
    memory = replace(memory, release=release)
    if memory.evaluated_at is not None and memory.evaluated_at > now:
        notes.append(
            f"The last evaluation that was read is dated {moment(memory.evaluated_at)}, in the future: the clock was "
            "set back, so evaluations are distinguished only by their runs."
        )
        memory = replace(memory, evaluated_at=None)
    skipped: list[str] = []
    for evaluation in evaluations:
        if evaluation.run_id in memory.runs:
            continue
        unfit = _unfit(evaluation, memory)
        if unfit is not None:
            skipped.append(unfit)
            runs = (evaluation.run_id, *memory.runs)  # forgotten before those that were read
        else:
            memory, recovered = _judge(evaluation, baseline, memory, thresholds)
            # A date in the future would exclude the evaluations until then.
            memory = replace(memory, evaluated_at=min(evaluation.evaluated_at, now))
            notes += [f"Recovered: {cause}." for cause in recovered]
            runs = (*memory.runs, evaluation.run_id)
        memory = replace(memory, runs=runs[-RUNS_REMEMBERED:])
    if len(skipped) > _SHOWN:
        skipped = [*skipped[:_SHOWN], f"{len(skipped) - _SHOWN} more are skipped."]
    return memory, [*notes, *skipped]


def _unfit(evaluation: LoggedEvaluation, memory: Memory) -> str | None:
    """Return a sentence on why an evaluation is skipped, None if it is read."""
    if evaluation.release != memory.release:
        return (
            f"Evaluation {evaluation.run_id} is skipped: it is of release {evaluation.release}, not {memory.release}."
        )
    if memory.evaluated_at is not None and evaluation.evaluated_at < memory.evaluated_at:
        return (
            f"Evaluation {evaluation.run_id} is skipped: it is dated {moment(evaluation.evaluated_at)}, before the "
            f"last one that was read ({moment(memory.evaluated_at)})."
        )
    return None


def _judge(
    evaluation: LoggedEvaluation, baseline: LoggedEvaluation | None, memory: Memory, thresholds: Thresholds
) -> tuple[Memory, list[str]]:
    """Return the memory with an evaluation's findings, and the causes that are no longer found."""
    found = findings(baseline, evaluation, thresholds)
    standing: dict[str, Standing] = {}
    for finding in found:  # worst first, so that a cause is represented by its worst mode
        cause = finding.cause(evaluation.release)
        standing.setdefault(cause, stand(finding, memory.standing.get(cause), evaluation.evaluated_at))
    if any(finding.kind is Limit.ERRORS for finding in found):
        # Accuracy was not judged: its causes neither continue nor end.
        unjudged = {cause: old for cause, old in memory.standing.items() if old.kind.of_accuracy}
        standing = {**unjudged, **standing}
    done = {cause: done for cause, done in memory.done.items() if cause in standing}
    return replace(memory, standing=standing, done=done), [cause for cause in memory.standing if cause not in standing]
