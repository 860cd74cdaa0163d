"""When accuracy counts as degraded, and how often the automation acts on it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The limits of an evaluation, and the bounds on the actions if it exceeds them.

    Attributes:
        accuracy_floor: Min share of questions with a right document in the top 10.
        tolerance: Max drop of the mean nDCG@10 below the champion's at its release.
        slice_questions: Min number of questions in a slice that is judged separately.
        evaluations: Number of consecutive evaluations that must find a cause before an action.
        cooldown: Time without another retraining after a successful one.
        attempts: Max number of retrainings for one cause.
        minutes_a_day: Retraining minutes within 24 hours after which no other retraining starts.
        max_error_share: Max share of searches that may raise.
        max_p95_ms: Max 95th percentile of the search latency.
        alpha: Probability that the tests of one evaluation against the champion find a drop if there is none. The same
            holds for the tests against the floor.
        backoff: Time from a failed retraining to the next attempt. It doubles with every consecutive failure, up to
            the cooldown.
    """

    accuracy_floor: float = 0.7
    tolerance: float = 0.02
    slice_questions: int = 30
    evaluations: int = 2
    cooldown: timedelta = timedelta(hours=20)
    attempts: int = 3
    minutes_a_day: float = 240.0
    max_error_share: float = 0.1
    max_p95_ms: float = 100.0
    alpha: float = 0.05
    backoff: timedelta = timedelta(hours=1)
