"""Past retrainings, and what prevents the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from xnai_pipelines.autonomy.decisions.thresholds import Thresholds

Outcome: TypeAlias = Literal["running", "succeeded", "failed"]

_DAY = timedelta(days=1)
_DOUBLINGS = 16  # of the back-off, more than the cooldown allows; failures have no limit


@dataclass(frozen=True, slots=True)
class Attempt:
    """A retraining that was requested.

    Attributes:
        cause: Result of `Degradation.cause` that it was requested for.
        requested_at: Time of the request, UTC.
        attempt: Number for that cause, from 1.
        outcome: Outcome of the run. "succeeded" includes a challenger that was not promoted.
        release_before: Release that served when it was requested.
        minutes: Duration, so far if it is running.
    """

    cause: str
    requested_at: datetime
    attempt: int
    outcome: Outcome
    release_before: int
    minutes: float

    @property
    def ended_at(self) -> datetime:
        """Time of its end, UTC; now if it is running."""
        return self.requested_at + timedelta(minutes=self.minutes)


def made_for(attempts: Sequence[Attempt], cause: str, release: int, since: datetime) -> int:
    """Return the number of retrainings that were tried for a cause.

    Retrainings for other causes of the release while this cause was active count too, because one training should fix
    everything that is degraded, and slices overlap. The result is never below the highest attempt number of this cause,
    so that no two requests have the same number.
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
    thresholds: Thresholds,
    *,
    evaluated_at: datetime | None,
    now: datetime,
    clock_back_at: datetime | None,
) -> str | None:
    """Return why no retraining may start now, as a clause without a full stop; None if one may start.

    Args:
        attempts: All retrainings in any order.
        thresholds: Cooldown, back-off and minutes per day.
        evaluated_at: Time of the last evaluation that was read.
        now: Current time, UTC.
        clock_back_at: Time at which the last retraining was first seen to be in the future, None if it is not.
    """
    ordered = sorted(attempts, key=lambda attempt: attempt.requested_at)
    running = next((attempt for attempt in ordered if attempt.outcome == "running"), None)
    if running is not None:
        return f"a retraining has been running since {moment(running.requested_at)} (for {running.cause})"
    if not ordered:
        return None
    last = ordered[-1]
    ended, clock = last.ended_at, ""
    if clock_back_at is not None:
        ended = clock_back_at
        clock = f" (it is dated {moment(last.requested_at)}: the clock was set back, so the wait starts again)"
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
            return f"the cooldown after the last retraining ends at {moment(until)}{clock}"
        if clock_back_at is None and (evaluated_at is None or evaluated_at <= ended):
            return f"there is no evaluation since the last retraining ended ({moment(ended)})"
    spent = sum(attempt.minutes for attempt in ordered if attempt.requested_at > now - _DAY)
    if spent >= thresholds.minutes_a_day:
        return f"retraining took {spent:.0f} of {thresholds.minutes_a_day:g} minutes allowed per day"
    return None


def moment(time: datetime) -> str:
    """Return a time for people to read."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
