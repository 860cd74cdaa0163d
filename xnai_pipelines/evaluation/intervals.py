"""Intervals of means over questions by the percentile bootstrap."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95

_WEIGHTS_IN_MEMORY = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions with its 95 % interval."""

    mean: float
    low: float
    high: float

    def __format__(self, form: str) -> str:
        """Return the mean and its interval, as ".3f" gives "0.741 [0.698, 0.783]"."""
        return f"{self.mean:{form}} [{self.low:{form}}, {self.high:{form}}]"


def bootstrap_means(values: NDArray[np.float64], seed: int, confidence: float = CONFIDENCE) -> list[Estimate]:
    """Return the mean and its interval, 95 % by default, of each column of `values`, float [n questions, m].

    Every column is resampled in the same way, so columns of one call can be compared. Method: percentile bootstrap with
    2,000 resamples (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). With few questions the
    interval is too narrow. If all values are equal, its width is 0.

    Raises:
        ValueError: There is no question.
    """
    n = len(values)
    if n == 0:
        raise ValueError("An interval needs at least one question.")
    random = np.random.default_rng(seed)
    batch = max(1, _WEIGHTS_IN_MEMORY // n)
    means = np.concatenate(
        [
            # Counts of how often each question is drawn: one product gives the means of every column.
            random.multinomial(n, np.full(n, 1 / n), size=min(batch, RESAMPLES - done)) @ values / n
            for done in range(0, RESAMPLES, batch)
        ]
    )
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(means, [tail, 100 - tail], axis=0)
    return [
        Estimate(float(mean), float(below), float(above))
        for mean, below, above in zip(values.mean(axis=0), low, high, strict=True)
    ]


def bootstrap_mean(values: ArrayLike, seed: int) -> Estimate:
    """Return the mean and 95 % interval of `values`, float [n questions].

    Raises:
        ValueError: There is no question.
    """
    return bootstrap_means(np.asarray(values, dtype=np.float64)[:, None], seed)[0]


def paired_difference(before: ArrayLike, after: ArrayLike, seed: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return the mean and the interval, 95 % by default, of after - before over the same n questions.

    Pairing cancels the difficulty of the questions, so the interval is narrower than that of two separate means.

    Raises:
        ValueError: The lengths differ or there is no question.
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if old.shape != new.shape:
        raise ValueError(f"A paired difference needs the same questions, but got {len(old)} and {len(new)}.")
    return bootstrap_means((new - old)[:, None], seed, confidence)[0]
