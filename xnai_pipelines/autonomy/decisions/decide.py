"""The decision of a tick: whether accuracy has degraded, the action, and the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from xnai_pipelines.autonomy.decisions.attempts import Attempt, hold, made_for, moment
from xnai_pipelines.autonomy.decisions.findings import Limit
from xnai_pipelines.autonomy.decisions.logged_evaluation import LoggedEvaluation
from xnai_pipelines.autonomy.decisions.memory import Action, LastAction, Memory
from xnai_pipelines.autonomy.decisions.reading import read
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds

_WORDS_SHOWN = 3
_REQUEST = {
    Action.RETRAIN: "Retraining requested",
    Action.MAINTAIN: "Maintenance requested",
    Action.INGEST: "Ingest requested",
    Action.ALERT: "Alert",
}


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """The drift report's conclusion: cause, action against it (RETRAIN or NONE if only training helps), sentence."""

    cause: str
    action: Action
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a tick.

    Attributes:
        action: Action, at most one per tick.
        cause: Result of `Degradation.cause`, None without an action.
        reason: Sentences on what was seen, and why there is an action or not.
        tags: cause, metric, champion (a release), slice, mode; drift with a drift report; attempt for RETRAIN.
        attempt: Number of the retraining for this cause, from 1.
        memory: Memory for the next tick.
        untold: Memory for the next tick if an alert does not arrive: it is sent again then.
    """

    action: Action
    cause: str | None
    reason: str
    tags: dict[str, str]
    attempt: int | None
    memory: Memory
    untold: Memory


@dataclass(frozen=True, slots=True)
class _Situation:
    """What the verdict on every cause depends on."""

    attempts: Sequence[Attempt]
    drift: DriftSummary | None
    memory: Memory
    thresholds: Thresholds
    held: str | None
    release: int

    def made(self, cause: str) -> int:
        return made_for(self.attempts, cause, self.release, self.memory.standing[cause].since)

    def used_up(self, cause: str) -> bool:
        return self.made(cause) >= self.thresholds.attempts

    def last_failed(self) -> bool:
        return max(self.attempts, key=lambda attempt: attempt.requested_at).outcome == "failed"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The action against a cause, and the reason as a clause."""

    action: Action
    why: str


def decide(
    *,
    evaluations: Sequence[LoggedEvaluation],
    baseline: LoggedEvaluation | None,
    attempts: Sequence[Attempt],
    drift: DriftSummary | None,
    memory: Memory,
    thresholds: Thresholds,
    now: datetime,
    waiting: str | None = None,
) -> Decision:
    """Return the decision of a tick, with the memory for the next one.

    A cause leads to an action after `thresholds.evaluations` consecutive evaluations; the worst cause comes first.
    Failing searches are reported, and latency leads to maintenance. A drop in accuracy leads to retraining, unless the
    drift report names a cause that training cannot fix.

    A tick without a new evaluation uses the earlier ones: a failed attempt is repeated without waiting for the next
    one. A cause that its action does not fix within as many further evaluations is reported once and then left to
    people. So is a cause whose attempts are used up.

    Args:
        evaluations: Evaluations since the last tick. Those that were read before are not read again.
        baseline: First evaluation of the current release, None if unknown.
        attempts: All retrainings in any order.
        drift: Conclusion of the newest drift report.
        memory: Memory of the last tick.
        thresholds: Limits.
        now: Current time, UTC.
        waiting: What a person has to do before another retraining, as a clause; None if nothing.
    """
    memory, notes = read(evaluations, baseline, memory, thresholds, now=now)
    release = memory.release
    if release is None:
        return _nothing([*notes, "No evaluation has been logged yet."], memory)
    if baseline is None:
        notes.append(
            f"There is no evaluation from the time of release {release}: only errors, latency and the floor are judged."
        )
    memory = replace(memory, clock_back_at=_clock_back_at(attempts, memory, now))
    situation = _Situation(
        attempts=attempts,
        drift=drift,
        memory=memory,
        thresholds=thresholds,
        held=waiting
        or hold(
            attempts,
            thresholds,
            evaluated_at=memory.evaluated_at,
            now=now,
            clock_back_at=memory.clock_back_at,
        ),
        release=release,
    )
    causes = sorted(memory.standing, key=lambda cause: (memory.standing[cause].severity, cause))
    left: dict[str, list[str]] = {}  # by reason
    for cause in causes:
        verdict = _verdict(cause, situation)
        if verdict.action is not Action.NONE:
            return _request(cause, verdict, situation, notes=notes, others=len(causes) - 1)
        left.setdefault(verdict.why, []).append(memory.standing[cause].words)
    if memory.evaluated_at is None:
        notes.append(f"No evaluation of release {release} has been read yet.")
    elif not left:
        notes.append(f"The last evaluation ({moment(memory.evaluated_at)}) shows no degradation.")
    notes += [f"No action for {_listed(words)}: {why}." for why, words in left.items()]
    return _nothing(notes, memory)


def _clock_back_at(attempts: Sequence[Attempt], memory: Memory, now: datetime) -> datetime | None:
    if all(attempt.requested_at <= now for attempt in attempts):
        return None
    known = memory.clock_back_at
    return known if known is not None and known <= now else now


def _verdict(cause: str, situation: _Situation) -> _Verdict:
    standing, required = situation.memory.standing[cause], situation.thresholds.evaluations
    if standing.streak < required:
        return _Verdict(Action.NONE, f"found in {standing.streak} of {required} required consecutive evaluations")
    if standing.kind is Limit.ERRORS:
        return _own_action(cause, Action.ALERT, situation)
    if standing.kind is Limit.LATENCY:
        return _own_action(cause, Action.MAINTAIN, situation)
    if any(other.kind is Limit.ERRORS for other in situation.memory.standing.values()):
        return _Verdict(Action.NONE, "accuracy cannot be judged while so many searches fail")
    drift = situation.drift
    if drift is not None and drift.action not in (Action.NONE, Action.RETRAIN):
        return _own_action(cause, drift.action, situation)
    return _retraining(cause, situation)


def _own_action(cause: str, action: Action, situation: _Situation) -> _Verdict:
    """Return the verdict on a cause that training cannot fix."""
    standing, done = situation.memory.standing[cause], situation.memory.done.get(cause)
    if done is None or (done.action is not action and done.action is not Action.ALERT):
        return _Verdict(action, f"found in {standing.streak} consecutive evaluations")
    if done.action is Action.ALERT:
        return _Verdict(Action.NONE, "it was reported and now needs a person")
    if standing.streak < done.streak + situation.thresholds.evaluations:
        return _Verdict(Action.NONE, f"{done.action} was requested and awaits further evaluations")
    return _Verdict(Action.ALERT, f"{done.action} was requested but did not fix it")


def _retraining(cause: str, situation: _Situation) -> _Verdict:
    made, allowed = situation.made(cause), situation.thresholds.attempts
    if situation.used_up(cause):
        done = situation.memory.done.get(cause)
        if done is not None and done.action is Action.ALERT:
            return _Verdict(Action.NONE, f"{_retrainings(made)} did not fix it; it was reported and now needs a person")
        if situation.held is None or situation.last_failed():
            return _Verdict(Action.ALERT, f"{_retrainings(made)} did not fix it, and no further one is tried")
    if situation.held is not None:
        return _Verdict(Action.NONE, situation.held)
    streak = situation.memory.standing[cause].streak
    return _Verdict(Action.RETRAIN, f"found in {streak} consecutive evaluations; attempt {made + 1} of {allowed}")


def _request(cause: str, verdict: _Verdict, situation: _Situation, *, notes: Sequence[str], others: int) -> Decision:
    memory, action, drift = situation.memory, verdict.action, situation.drift
    standing = memory.standing[cause]
    sentences = [*notes, f"{_REQUEST[action]}: {standing.words}; {verdict.why}."]
    tags = {
        "cause": cause,
        "metric": standing.kind.metric,
        "champion": str(situation.release),
        "slice": str(standing.part),
        "mode": standing.mode,
    }
    if drift is not None and standing.kind.of_accuracy:
        sentences.append(f"Drift report: {drift.sentence}")
        tags["drift"] = drift.cause
    if others:
        sentences.append(f"There {'is 1 milder finding' if others == 1 else f'are {others} milder findings'} too.")
    attempt = None
    if action is Action.RETRAIN:
        attempt = situation.made(cause) + 1
        tags["attempt"] = str(attempt)
    else:
        memory = replace(memory, done={**memory.done, **_reported(cause, action, situation)})
    return Decision(
        action=action,
        cause=cause,
        reason=" ".join(sentences),
        tags=tags,
        attempt=attempt,
        memory=memory,
        untold=situation.memory,
    )


def _reported(cause: str, action: Action, situation: _Situation) -> dict[str, LastAction]:
    """Return what to remember of an action. An action or alert on accuracy counts for all degraded slices."""
    standing = situation.memory.standing
    of_accuracy = standing[cause].kind.of_accuracy
    alike = [
        name
        for name, other in standing.items()
        if name == cause or (of_accuracy and other.kind.of_accuracy and _verdict(name, situation).action is action)
    ]
    return {name: LastAction(action, standing[name].streak) for name in alike}


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _WORDS_SHOWN
    return "; ".join([*words[:_WORDS_SHOWN], *([f"{more} milder"] if more > 0 else [])])


def _retrainings(number: int) -> str:
    return "one retraining" if number == 1 else f"{number} retrainings"


def _nothing(sentences: Sequence[str], memory: Memory) -> Decision:
    return Decision(
        action=Action.NONE,
        cause=None,
        reason=" ".join(sentences),
        tags={},
        attempt=None,
        memory=memory,
        untold=memory,
    )
