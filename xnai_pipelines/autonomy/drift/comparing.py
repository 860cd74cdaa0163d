"""Compares a figure of two states by resampling whole groups of documents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95
# With fewer groups (about 20 documents), their spread is too uncertain to tell a change from chance.
MIN_GROUPS = 16

_SEED = 0

Array: TypeAlias = NDArray[np.float64]
Distance: TypeAlias = Callable[[Array, Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """A vector of means as sums by group: `sums` float64 [groups, k] over `numbers` float64 [groups]."""

    sums: Array
    numbers: Array

    def counted(self) -> "Shares":
        """Return the groups that are not empty."""
        full = self.numbers > 0
        return Shares(self.sums[full], self.numbers[full])

    @property
    def mean(self) -> Array:
        """Mean over all groups, float64 [k]."""
        mean: Array = self.sums.sum(axis=0) / self.numbers.sum()
        return mean


@dataclass(frozen=True, slots=True)
class Divergence:
    """The distance of two states, never negative, and the probability of such a distance by chance.

    `low`, `high` and `p` are None if there are too few documents.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None


def compare(
    before: Shares, after: Shares, size: Distance, evidence: Distance | None = None, noise: float = 1.0
) -> Divergence | None:
    """Return the distance of two states' means, None if one of them is empty.

    Both states are resampled independently by whole groups (block bootstrap). Means of few documents are noisy, and
    noise only adds to a distance. The value is therefore corrected by the bootstrap's bias, and the interval is the
    basic one (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, sections 2.1 and 5.2). p comes from
    resampled means that are moved onto each other (section 4.4). Unlike a permutation test, this allows one state to be
    much larger than the other. Documents in both states make it conservative.

    Args:
        before: Reference state.
        after: Current state.
        size: Distance of two float64 [resamples, k] arrays, float64 [resamples], never negative.
        evidence: Distance for p, which must depend only on the difference of the means. Defaults to `size`.
        noise: Factor by which means scatter more than their groups show.
    """
    one, two = before.counted(), after.counted()
    if not len(one.numbers) or not len(two.numbers):
        return None
    plain = float(size(one.mean[None], two.mean[None])[0])
    if min(len(one.numbers), len(two.numbers)) < MIN_GROUPS:
        return Divergence(plain, None, None, None)
    random = np.random.default_rng(_SEED)
    shift_one, shift_two = noise * _shifts(one, random), noise * _shifts(two, random)
    resampled = size(one.mean + shift_one, two.mean + shift_two)
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail])
    evidence = evidence or size
    by_chance = evidence(shift_one, shift_two)
    # A tie counts as chance, and rounding must not break it.
    reached = np.count_nonzero(by_chance >= evidence(one.mean[None], two.mean[None])[0] - 1e-12)
    return Divergence(
        value=max(0.0, 2 * plain - float(resampled.mean())),
        low=max(0.0, 2 * plain - float(high)),
        high=max(0.0, 2 * plain - float(low)),
        p=(1 + reached) / (1 + RESAMPLES),
    )


def cosine_distance(one: Array, two: Array) -> Array:
    """Return 1 - cosine of the rows, 0 if one is all zero."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    products = np.einsum("nk,nk->n", one, two)
    cosines: Array = np.where(lengths > 0, products / np.where(lengths > 0, lengths, 1), 1)
    return np.clip(1 - cosines, 0, None)


def squared_distance(one: Array, two: Array) -> Array:
    """Return the squared Euclidean distance of the rows."""
    squared: Array = np.square(one - two).sum(axis=1)
    return squared


def largest_difference(one: Array, two: Array) -> Array:
    """Return the max difference of the rows. For cumulative shares this is the Kolmogorov-Smirnov statistic."""
    largest: Array = np.abs(one - two).max(axis=1)
    return largest


def total_variation(one: Array, two: Array) -> Array:
    """Return the share of each row that would have to change its kind to equal the other row."""
    total: Array = np.abs(one - two).sum(axis=1) / 2
    return total


def increase(one: Array, two: Array) -> Array:
    """Return the increase from the first to the second, at least 0. Both have one column."""
    more: Array = np.clip(two - one, 0, None)[:, 0]
    return more


def wilson(share: float, number: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `number` trials (Wilson, 1927), (0, 1) without trials."""
    if number == 0:
        return 0.0, 1.0
    z = 1.959964
    scale = 1 + z * z / number
    centre = (share + z * z / (2 * number)) / scale
    half = z / scale * np.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _shifts(shares: Shares, random: np.random.Generator) -> Array:
    """Return the differences of resampled means from the mean, float64 [resamples, k]."""
    groups = len(shares.numbers)
    weights = random.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES).astype(np.float64)
    means = (weights @ shares.sums) / (weights @ shares.numbers)[:, None]
    # Resampled means of n groups have (n - 1) / n of the variance.
    shifts: Array = (means - shares.mean) * np.sqrt(groups / (groups - 1))
    return shifts
