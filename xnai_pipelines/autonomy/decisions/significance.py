"""One-sided tests for a drop, and the correction for multiple tests."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.evaluation.intervals import Estimate

_UPPER = 0.975

# Number of cells that the sum of all differences is divided into. Rounding to a cell moves p by less than 0.001.
_CELLS = 2048

# From this many differences on, their sum is treated as normal. It is symmetric, so p = 0.001 is met within 2 %.
_MANY = 150

Values: TypeAlias = NDArray[np.float64]


def paired_p_value(differences: Values) -> float:
    """Return the p-value of "no drop" against "a drop", from differences after - before, float [n questions].

    Method: Fisher's randomisation test (The Design of Experiments, 1935, section 21). If nothing changed, a difference
    has either sign with equal probability. The distribution is exact, not resampled, for differences rounded to 1/2048
    of the sum of their sizes. With few changed questions no normal distribution is assumed. Unchanged questions do not
    count.
    """
    sizes = np.abs(differences)
    total = sizes.sum()
    if total == 0:
        return 1.0
    if np.count_nonzero(sizes) > _MANY:
        return math.erfc(-float(differences.sum()) / math.sqrt(2 * float(differences @ differences))) / 2
    cells = np.rint(sizes * (_CELLS / total)).astype(np.int64)
    fallen = int(cells[differences < 0].sum())
    chances = np.zeros(int(cells.sum()) + 1)  # probability that the drops sum to that many cells
    chances[0] = 1.0
    reach = 1
    for step in cells[cells > 0].tolist():
        chances[step : reach + step] += chances[:reach]
        chances[: reach + step] /= 2
        reach += step
    return float(min(1.0, chances[fallen:].sum()))


def unpaired_p_value(before: Values, after: Values, margin: float) -> float:
    """Return the p-value of "the mean dropped by at most the margin", for values from 0 to 1 of different questions.

    Method: Welch's t-test ("The generalization of 'Student's' problem", Biometrika 34, 1947).
    """
    from scipy.special import stdtr

    error, freedom = _welch(before, after)
    return float(stdtr(freedom, (after.mean() - before.mean() + margin) / error))


def mean_of_differences(differences: Values) -> Estimate:
    """Return the mean and 95 % interval of paired differences by Student's t."""
    from scipy.special import stdtrit

    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return Estimate(mean, -1.0, 1.0)
    width = float(stdtrit(n - 1, _UPPER) * differences.std(ddof=1) / math.sqrt(n))
    return Estimate(mean, mean - width, mean + width)


def difference_of_means(before: Values, after: Values) -> Estimate:
    """Return mean(after) - mean(before) for values from 0 to 1, with its 95 % interval by Welch's t."""
    from scipy.special import stdtrit

    error, freedom = _welch(before, after)
    mean, width = float(after.mean() - before.mean()), float(stdtrit(freedom, _UPPER) * error)
    return Estimate(mean, mean - width, mean + width)


def floor_p_value(successes: int, questions: int, floor: float) -> float:
    """Return the p-value of "the share is at least the floor" by the exact binomial test."""
    from scipy.special import bdtr

    return float(bdtr(successes, questions, floor)) if floor < 1 else float(successes == questions)


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Return which hypotheses are rejected. The probability of any wrong rejection is at most alpha.

    Method: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979).
    """
    rejected = [False] * len(p_values)
    for done, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > alpha / (len(p_values) - done):
            break
        rejected[index] = True
    return rejected


def _welch(before: Values, after: Values) -> tuple[float, float]:
    """Return the standard error of the difference of two means and its degrees of freedom."""
    first, second = _variance_of_mean(before), _variance_of_mean(after)
    both = first + second
    return math.sqrt(both), both**2 / (first**2 / (len(before) - 1) + second**2 / (len(after) - 1))


def _variance_of_mean(values: Values) -> float:
    """Return the variance of a mean of values from 0 to 1.

    Equal values have no variance, which would make any difference significant. The result is therefore at least the
    variance that one more value, 0 or 1, whichever is farther, would give.
    """
    n, mean = len(values), float(values.mean())
    floor = max(mean, 1 - mean) ** 2 * n / (n + 1) ** 2
    return max(float(values.var(ddof=1)), floor) / n
