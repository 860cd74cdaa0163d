"""Evaluations that came since the last tick, read into the memory: each once, whatever the clock does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from xnai_pipelines.autonomy.decisions.attempts import moment
from xnai_pipelines.autonomy.decisions.finding import Kind
from xnai_pipelines.autonomy.decisions.findings import findings
from xnai_pipelines.autonomy.decisions.memory import RUNS_REMEMBERED, Memory, Standing, stand
from xnai_pipelines.autonomy.decisions.night import Night
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds

_SHOWN = 2


def read(
    nights: Sequence[Night], baseline: Night | None, memory: Memory, thresholds: Thresholds, now: datetime
) -> tuple[Memory, list[str]]:
    """Return the memory after these evaluations, and sentences on what was unusual about them.

    The arguments are those of `decide`.
    """
    notes = [memory.note] if memory.note else []
    nights = sorted(nights, key=lambda night: night.evaluated_at)
    release = baseline.release if baseline else nights[-1].release if nights else memory.release
    if memory.release is not None and release != memory.release:
        notes.append(f"Release {release} serves instead of release {memory.release}: evaluations are counted anew.")
        memory = replace(memory, standing={}, done={})
    memory = replace(memory, release=release)
    if memory.evaluated_at is not None and memory.evaluated_at > now:
        notes.append(
            f"The last evaluation that was read is dated {moment(memory.evaluated_at)}, after now: the clock went "
            "back, and evaluations are told apart by their runs alone."
        )
        memory = replace(memory, evaluated_at=None)
    of_release = [night for night in nights if night.release == release]
    passed_over: list[str] = []
    for night in nights:
        if night.run_id in memory.runs:
            continue
        unfit = _unfit(night, memory)
        if unfit is not None:
            passed_over.append(unfit)
            runs = (night.run_id, *memory.runs)  # forgotten before those that were read
        else:
            memory, recovered = _judge(night, baseline, of_release, memory, thresholds)
            # A date to come would shut out the evaluations up to then.
            memory = replace(memory, evaluated_at=min(night.evaluated_at, now))
            notes += [f"Recovered: {cause}." for cause in recovered]
            runs = (*memory.runs, night.run_id)
        memory = replace(memory, runs=runs[-RUNS_REMEMBERED:])
    if len(passed_over) > _SHOWN:
        passed_over = [*passed_over[:_SHOWN], f"{len(passed_over) - _SHOWN} more are passed over."]
    return memory, [*notes, *passed_over]


def _unfit(night: Night, memory: Memory) -> str | None:
    """Return why an evaluation is passed over, a sentence; None where it is read."""
    if night.release != memory.release:
        return f"The evaluation {night.run_id} is of release {night.release}, not {memory.release}: passed over."
    if memory.evaluated_at is not None and night.evaluated_at < memory.evaluated_at:
        return (
            f"The evaluation {night.run_id} is dated {moment(night.evaluated_at)}, before the last one that was read "
            f"({moment(memory.evaluated_at)}): passed over."
        )
    return None


def _judge(
    night: Night, baseline: Night | None, of_release: Sequence[Night], memory: Memory, thresholds: Thresholds
) -> tuple[Memory, list[str]]:
    """Return the memory with an evaluation's findings, and the causes that are no longer found."""
    before = [other for other in of_release if other.evaluated_at < night.evaluated_at]
    earlier = [other for other in before if baseline is None or other.run_id != baseline.run_id]
    found = findings(baseline, night, thresholds, earlier[max(0, len(earlier) - thresholds.pooled + 1) :])
    standing: dict[str, Standing] = {}
    for finding in found:  # worst first, so that a cause stands by its worst mode
        cause = finding.cause(night.release)
        standing.setdefault(cause, stand(finding, memory.standing.get(cause), night.evaluated_at))
    if any(finding.kind is Kind.ERRORS for finding in found):
        # Accuracy was not judged: what stood neither goes on nor ends.
        unjudged = {cause: old for cause, old in memory.standing.items() if old.kind.of_accuracy}
        standing = {**unjudged, **standing}
    done = {cause: done for cause, done in memory.done.items() if cause in standing}
    return replace(memory, standing=standing, done=done), [cause for cause in memory.standing if cause not in standing]
