"""From where on accuracy counts as degraded, and how often something is done about it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What an evaluation has to hold, and the bounds on what follows where it does not.

    Attributes:
        accuracy_floor: Least share of questions with a right document in the top 10.
        tolerance: Most that the mean nDCG@10 may lie below the champion's at its release.
        slice_questions: Fewest questions of a slice that is judged by itself.
        evaluations: Evaluations in a row that must find a cause before anything is done about it.
        pooled: Newest evaluations that a question's last answer is taken from; it matters where an evaluation asks a
            sample of the questions.
        cooldown: Time without another retraining after one that ended well.
        attempts: Most retrainings for one cause.
        minutes_a_day: Retraining minutes within 24 hours after which no other one starts.
        max_error_share: Largest share of searches that may raise.
        max_p95_ms: Largest 95th percentile of the latency of a search.
        alpha: Chance that the tests of one evaluation against the champion find a fall where there is none; the same
            for those against the floor.
        backoff: Time from a failed retraining to the next attempt; it doubles with every failure in a row, up to
            the cool-down.
    """

    accuracy_floor: float = 0.7
    tolerance: float = 0.02
    slice_questions: int = 30
    evaluations: int = 2
    pooled: int = 2
    cooldown: timedelta = timedelta(hours=20)
    attempts: int = 3
    minutes_a_day: float = 240.0
    max_error_share: float = 0.1
    max_p95_ms: float = 100.0
    alpha: float = 0.05
    backoff: timedelta = timedelta(hours=1)
