"""The decision of a tick: whether accuracy has degraded, what is asked for, and why or why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from xnai_pipelines.autonomy.decisions.attempts import Attempt, hold, made_for, moment
from xnai_pipelines.autonomy.decisions.finding import Kind
from xnai_pipelines.autonomy.decisions.memory import Action, Done, Memory
from xnai_pipelines.autonomy.decisions.night import Night
from xnai_pipelines.autonomy.decisions.reading import read
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds

_WORDS_SHOWN = 3
_REQUEST = {
    Action.RETRAIN: "Retraining is requested",
    Action.MAINTAIN: "Maintenance is requested",
    Action.INGEST: "A new ingest is requested",
    Action.ALERT: "This is reported",
}


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """What the drift report concludes: the cause, what mends it (RETRAIN or NONE: nothing but training), a sentence."""

    cause: str
    action: Action
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a tick asks for.

    Attributes:
        action: At most one a tick.
        cause: Of `Finding.cause`; None where nothing is asked for.
        reason: Sentences: what was seen, and why it was acted on or not.
        tags: cause, metric, champion (a release), slice, mode; with a drift report drift; for RETRAIN attempt.
        attempt: The number of the retraining for this cause, from 1.
        memory: To be kept for the next tick.
    """

    action: Action
    cause: str | None
    reason: str
    tags: dict[str, str]
    attempt: int | None
    memory: Memory


@dataclass(frozen=True, slots=True)
class _Situation:
    """What every cause is looked at with."""

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
    """What is asked for because of a cause, and why, as a clause."""

    action: Action
    why: str


def decide(
    nights: Sequence[Night],
    baseline: Night | None,
    attempts: Sequence[Attempt],
    drift: DriftSummary | None,
    memory: Memory,
    thresholds: Thresholds,
    now: datetime,
) -> Decision:
    """Return what a tick asks for, with the memory for the next one.

    A cause is acted on when it was found in `thresholds.evaluations` evaluations in a row; of several the worst first.
    Searches that raise are reported, latency is maintained, and a fall of accuracy is trained against, unless the drift
    report names what training cannot mend. A tick without a new evaluation decides by those before: an attempt that
    failed is repeated without waiting for the next night. What is not mended by its own action after as many
    evaluations more is reported once, and left; so is a cause whose attempts are used up.

    Args:
        nights: Evaluations that came since the last tick. Those that were read before do no harm and are not read
            again; of them the `thresholds.pooled` - 1 newest should be given, see `findings`.
        baseline: The first evaluation of the release that serves; None where it is not known.
        attempts: All retrainings, in any order.
        drift: The newest drift report's conclusion.
        memory: From the last tick.
        thresholds: The limits.
        now: UTC.
    """
    memory, notes = read(nights, baseline, memory, thresholds, now)
    release = memory.release
    if release is None:
        return _nothing([*notes, "No evaluation has been logged yet."], memory)
    if baseline is None:
        notes.append(
            f"The evaluation of release {release} at its release is not known: errors, latency and the floor "
            "alone are judged."
        )
    memory = replace(memory, clock_back_at=_clock_back_at(attempts, memory, now))
    situation = _Situation(
        attempts=attempts,
        drift=drift,
        memory=memory,
        thresholds=thresholds,
        held=hold(attempts, memory.evaluated_at, thresholds, now, memory.clock_back_at),
        release=release,
    )
    causes = sorted(memory.standing, key=lambda cause: (memory.standing[cause].severity, cause))
    left: dict[str, list[str]] = {}  # by the reason why
    for cause in causes:
        verdict = _verdict(cause, situation)
        if verdict.action is not Action.NONE:
            return _asked(cause, verdict, situation, notes, len(causes) - 1)
        left.setdefault(verdict.why, []).append(memory.standing[cause].words)
    if memory.evaluated_at is None:
        notes.append(f"No evaluation of release {release} has been read yet.")
    elif not left:
        notes.append(f"Nothing is degraded in the last evaluation ({moment(memory.evaluated_at)}).")
    notes += [f"Nothing is done about {_listed(words)}: {why}." for why, words in left.items()]
    return _nothing(notes, memory)


def _clock_back_at(attempts: Sequence[Attempt], memory: Memory, now: datetime) -> datetime | None:
    if all(attempt.requested_at <= now for attempt in attempts):
        return None
    known = memory.clock_back_at
    return known if known is not None and known <= now else now


def _verdict(cause: str, situation: _Situation) -> _Verdict:
    standing, asked = situation.memory.standing[cause], situation.thresholds.evaluations
    if standing.streak < asked:
        return _Verdict(Action.NONE, f"found in {standing.streak} of {asked} evaluations in a row that are asked for")
    if standing.kind is Kind.ERRORS:
        return _own_action(cause, Action.ALERT, situation)
    if standing.kind is Kind.LATENCY:
        return _own_action(cause, Action.MAINTAIN, situation)
    if any(other.kind is Kind.ERRORS for other in situation.memory.standing.values()):
        return _Verdict(Action.NONE, "accuracy cannot be judged while so many searches raise")
    drift = situation.drift
    if drift is not None and drift.action not in (Action.NONE, Action.RETRAIN):
        return _own_action(cause, drift.action, situation)
    return _retraining(cause, situation)


def _own_action(cause: str, action: Action, situation: _Situation) -> _Verdict:
    """Return what follows from a cause that training does not mend."""
    standing, done = situation.memory.standing[cause], situation.memory.done.get(cause)
    if done is None or (done.action is not action and done.action is not Action.ALERT):
        return _Verdict(action, f"found in {standing.streak} evaluations in a row")
    if done.action is Action.ALERT:
        return _Verdict(Action.NONE, "it was reported, and is left to people")
    if standing.streak < done.streak + situation.thresholds.evaluations:
        return _Verdict(Action.NONE, f"{done.action} was requested, and evaluations after it are awaited")
    return _Verdict(Action.ALERT, f"{done.action} was requested and did not mend it")


def _retraining(cause: str, situation: _Situation) -> _Verdict:
    made, most = situation.made(cause), situation.thresholds.attempts
    if situation.used_up(cause):
        done = situation.memory.done.get(cause)
        if done is not None and done.action is Action.ALERT:
            return _Verdict(
                Action.NONE, f"{_retrainings(made)} did not mend it, which was reported; it is left to people"
            )
        if situation.held is None or situation.last_failed():
            return _Verdict(Action.ALERT, f"{_retrainings(made)} did not mend it, and no other is tried")
    if situation.held is not None:
        return _Verdict(Action.NONE, situation.held)
    streak = situation.memory.standing[cause].streak
    return _Verdict(Action.RETRAIN, f"found in {streak} evaluations in a row; attempt {made + 1} of {most}")


def _asked(cause: str, verdict: _Verdict, situation: _Situation, notes: Sequence[str], others: int) -> Decision:
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
        sentences.append(f"The drift report says: {drift.sentence}")
        tags["drift"] = drift.cause
    if others:
        sentences.append(f"{others} milder {'finding stands' if others == 1 else 'findings stand'} beside it.")
    attempt = None
    if action is Action.RETRAIN:
        attempt = situation.made(cause) + 1
        tags["attempt"] = str(attempt)
    else:
        memory = replace(memory, done={**memory.done, **_reported(cause, action, situation)})
    return Decision(action, cause, " ".join(sentences), tags, attempt, memory)


def _reported(cause: str, action: Action, situation: _Situation) -> dict[str, Done]:
    """Return what to remember of an action: one for accuracy is one for all slices that fell, and so is a report."""
    standing = situation.memory.standing
    of_accuracy = standing[cause].kind.of_accuracy
    alike = [
        name
        for name, other in standing.items()
        if name == cause or (of_accuracy and other.kind.of_accuracy and _verdict(name, situation).action is action)
    ]
    return {name: Done(action, standing[name].streak) for name in alike}


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _WORDS_SHOWN
    return "; ".join([*words[:_WORDS_SHOWN], *([f"{more} milder"] if more > 0 else [])])


def _retrainings(number: int) -> str:
    return "one retraining" if number == 1 else f"{number} retrainings"


def _nothing(sentences: Sequence[str], memory: Memory) -> Decision:
    return Decision(Action.NONE, None, " ".join(sentences), {}, None, memory)
