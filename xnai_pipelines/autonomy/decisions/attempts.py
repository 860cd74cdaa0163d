"""Retrainings so far, and what keeps the next one from starting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from xnai_pipelines.autonomy.decisions.thresholds import Thresholds

Outcome: TypeAlias = Literal["running", "succeeded", "failed"]

_DAY = timedelta(days=1)
_DOUBLINGS = 16  # of the back-off, more than the cool-down allows; failures have no limit


@dataclass(frozen=True, slots=True)
class Attempt:
    """A retraining that was requested.

    Attributes:
        cause: Of `Finding.cause`, what it was requested for.
        requested_at: UTC.
        attempt: Its number for that cause, from 1.
        outcome: Succeeded is one that ended well, whether its challenger was promoted or not.
        release_before: The release that served when it was requested.
        minutes: How long it took; of one that is running, so far.
    """

    cause: str
    requested_at: datetime
    attempt: int
    outcome: Outcome
    release_before: int
    minutes: float

    @property
    def ended_at(self) -> datetime:
        """When it ended, UTC; of one that is running, now."""
        return self.requested_at + timedelta(minutes=self.minutes)


def made_for(attempts: Sequence[Attempt], cause: str, release: int, since: datetime) -> int:
    """Return how many retrainings were tried for a cause.

    Those requested for another cause of the release while this one stood count too: one training is meant to mend all
    that is degraded, and slices overlap. It is never below the highest number that an attempt for this cause had, so
    that no two requests have the same.
    """
    of_cause = [attempt for attempt in attempts if attempt.cause == cause]
    beside = [
        attempt
        for attempt in attempts
        if attempt.cause != cause and attempt.release_before == release and attempt.requested_at >= since
    ]
    return max(len(of_cause) + len(beside), *(attempt.attempt for attempt in of_cause), 0)


def hold(
    attempts: Sequence[Attempt],
    evaluated_at: datetime | None,
    thresholds: Thresholds,
    now: datetime,
    clock_back_at: datetime | None,
) -> str | None:
    """Return why no retraining may start now, as a clause without a full stop; None where one may.

    Args:
        attempts: All retrainings, in any order.
        evaluated_at: When the last evaluation was made that has been read.
        thresholds: Cool-down, back-off and minutes a day.
        now: UTC.
        clock_back_at: When it was first seen that the last retraining is dated after the clock; None where it is not.
    """
    ordered = sorted(attempts, key=lambda attempt: attempt.requested_at)
    running = next((attempt for attempt in ordered if attempt.outcome == "running"), None)
    if running is not None:
        return f"a retraining is running since {moment(running.requested_at)} (for {running.cause})"
    if not ordered:
        return None
    last = ordered[-1]
    ended, clock = last.ended_at, ""
    if clock_back_at is not None:
        ended = clock_back_at
        clock = f" (it is dated {moment(last.requested_at)}: the clock went back, and the time counts anew)"
    failures = next((n for n, attempt in enumerate(reversed(ordered)) if attempt.outcome != "failed"), len(ordered))
    if failures:
        doubled = thresholds.backoff * 2 ** min(failures - 1, _DOUBLINGS)
        until = ended + min(doubled, max(thresholds.backoff, thresholds.cooldown))
        if now < until:
            times = "the last retraining" if failures == 1 else f"the last {failures} retrainings"
            return f"{times} failed, and the next attempt waits until {moment(until)}{clock}"
    else:
        until = ended + thresholds.cooldown
        if now < until:
            return f"the last retraining cools down until {moment(until)}{clock}"
        if clock_back_at is None and (evaluated_at is None or evaluated_at <= ended):
            return f"nothing has been evaluated since the last retraining ended ({moment(ended)})"
    spent = sum(attempt.minutes for attempt in ordered if attempt.requested_at > now - _DAY)
    if spent >= thresholds.minutes_a_day:
        return f"retraining took {spent:.0f} of the {thresholds.minutes_a_day:g} minutes a day"
    return None


def moment(time: datetime) -> str:
    """Return a time as people read it."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
