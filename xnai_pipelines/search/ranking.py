"""Rankings: two parts on one scale, their weighted sum, and the first of each group. Pure."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

FUSED_DEPTH = 200  # passages of a ranking that evaluation and training ask for
SCALED_BY = 100  # best passages of a part whose mean and deviation are its scale
_BLOCKS = 4  # of scores, for each of the highest that are wanted
_EQUAL = 1e-9  # deviation below which scores do not differ

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in a ranking; a higher score is better.

    Attributes:
        chunk_id: The passage.
        document_id: Its document.
        score: What it is ranked by.
        row: Its place in the corpus.
        vector: Cosine similarity to the question, None if vectors were not compared.
        keyword: BM25 score, None if words were not compared.
    """

    chunk_id: str
    document_id: str
    score: float
    row: int
    vector: float | None = None
    keyword: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Unspoken:
    """The passages in a language that a question is not in.

    Attributes:
        rows: int64 [m].
        share: How little their words say, 0 to 1; 1 is nothing.
    """

    rows: Rows
    share: float


@dataclass(slots=True, eq=False)
class Estimates:
    """Scores of all passages, of which `best` makes exact those that decide.

    Attributes:
        scores: float32 [n]; -inf is no score.
        error: Max distance of a score from the exact one; 0 if all are exact.
        exact: Returns the exact scores of rows; None if all are exact.
    """

    scores: Scores
    error: float = 0.0
    exact: Callable[[Rows], Scores] | None = None
    _estimated: npt.NDArray[np.bool_] = field(init=False, repr=False)  # scores that are not exact yet: bool [n]

    def __post_init__(self) -> None:
        self._estimated = np.full(len(self.scores), self.exact is not None)

    def at(self, rows: Rows) -> Scores:
        """Return the exact scores of rows, float32 [m], and keep them."""
        if self.exact is not None:
            estimated = rows[self._estimated[rows]]
            if len(estimated):
                self.scores[estimated] = self.exact(estimated)
                self._estimated[estimated] = False
        return self.scores[rows]

    def among(self, readable: npt.NDArray[np.bool_] | None) -> Self:
        """Return the scores without those of passages that are not there; the same if all are."""
        if readable is None:
            return self
        return replace(self, scores=np.where(readable, self.scores, np.float32(-np.inf)))

    def of(self, rows: Rows) -> Self:
        """Return the scores of rows alone, the others without one."""
        there = np.zeros(len(self.scores), bool)
        there[rows] = True
        return self.among(there)

    def plus(self, added: Scores) -> Self:
        """Return the scores with `added` to them: float32 [n]."""
        exact = self.exact
        return replace(
            self,
            scores=self.scores + added,
            exact=None if exact is None else lambda rows: exact(rows) + added[rows],
        )

    def best(self, most: int) -> Rows:
        """Return the rows of the highest exact scores, as `best_rows` does."""
        near = self._near(most)
        return near[best_rows(self.at(near), most)]

    def highest(self, most: int) -> Scores:
        """Return the highest exact scores, at most so many, in any order: float32 [m]."""
        return _highest(self.at(self._near(most)), most)

    def _near(self, most: int) -> Rows:
        """Return the rows of the highest exact scores, and some more.

        The rows of the highest estimates have exact scores too. Any of the best has one of at least the last among
        these, so its estimate is at most the error below that.
        """
        first = _near(self.scores, most)
        if self.exact is None or len(first) < most:
            return first
        return np.flatnonzero(self.scores >= _highest(self.at(first), most)[0] - self.error)


def fused(vector: Scores, keyword: Scores, weight: float) -> Scores:
    """Return the weighted sum of both parts' standardised scores: float32 [n].

    Each part's scores are made comparable by the mean and the standard deviation of its best 100 passages (z-scores, as
    in Hsu and Taksa, "Comparing rank and score combination methods", 2005). Every passage has both scores: none is
    missing in a part. A part that does not distinguish its best passages takes no part.

    Args:
        vector: Cosine similarities: float32 [n].
        keyword: BM25 scores: float32 [n].
        weight: Share of the vectors, 0 to 1.
    """
    return np.float32(weight) * standardised(vector) + np.float32(1 - weight) * standardised(keyword)


def estimated_sum(
    vector: Estimates,
    keyword: Scores,
    *,
    weight: float,
    added: Scores | np.float32,
    readable: npt.NDArray[np.bool_] | None = None,
    unspoken: Sequence[Unspoken] = (),
) -> Estimates:
    """Return what `fused` does, of estimated similarities, and `added`, float32 [n] or 0, to it: float32 [n].

    Passages of an `unspoken` language are compared by their vectors: on the scale of the best 100 of the language, for
    encoders give all of them lower similarities. Their words count as the mean of the best 100 does: nothing.
    """
    scale = _Scale.of(vector.among(readable).highest(SCALED_BY))
    factors, means = np.array([scale.factor], np.float32), np.array([scale.mean], np.float32)
    words = standardised(keyword, readable)
    words *= np.float32(1 - weight)
    if unspoken:
        factors, means = np.repeat(factors, len(keyword)), np.repeat(means, len(keyword))
    for one in unspoken:
        own = _Scale.of(vector.of(one.rows).highest(SCALED_BY))
        mixed = scale.mixed(own, one.share)
        factors[one.rows], means[one.rows] = mixed.factor, mixed.mean
        words[one.rows] *= np.float32(1 - one.share)
    words += added

    def total(similarities: Scores, rows: Rows | slice) -> Scores:
        mean, factor = (means[rows], factors[rows]) if unspoken else (means, factors)
        standard: Scores = similarities - mean
        standard *= factor
        standard *= np.float32(weight)
        standard += words[rows]
        return standard

    return Estimates(
        total(vector.scores, slice(None)),
        abs(weight) * vector.error * float(factors.max(initial=0.0)),
        None if vector.exact is None else lambda rows: total(vector.at(rows), rows),
    )


def standardised(scores: Scores, readable: npt.NDArray[np.bool_] | None = None) -> Scores:
    """Return the scores relative to the mean and the deviation of the best 100 that are there; zeros if all equal."""
    there = scores if readable is None else scores[readable]
    scale = _Scale.of(_highest(there, SCALED_BY))
    standard: Scores = scores - np.float32(scale.mean)
    standard *= np.float32(scale.factor)
    return standard


@dataclass(frozen=True, slots=True)
class _Scale:
    """What makes scores relative to the mean and the deviation of the best; a factor of 0 if these are all equal."""

    mean: float
    factor: float

    @classmethod
    def of(cls, best: Scores) -> Self:
        if not len(best):
            return cls(0.0, 0.0)
        mean, deviation = float(best.mean(dtype=np.float64)), float(best.std(dtype=np.float64))
        return cls(mean, 0.0 if deviation < _EQUAL else 1 / deviation)

    def mixed(self, other: Self, share: float) -> Self:
        """Return the scale that gives the weighted mean of what both give, with this share of the other."""
        factor = (1 - share) * self.factor + share * other.factor
        offset = (1 - share) * self.factor * self.mean + share * other.factor * other.mean
        return replace(self, mean=offset / factor if factor else 0.0, factor=factor)


def best_rows(scores: Scores, most: int) -> Rows:
    """Return the rows of the highest scores, best first, at most so many: int64 [m]; -inf is no score.

    Equal scores are ordered by row, so the order is the same in every run.
    """
    rows = _near(scores, most)
    order = np.argsort(-scores[rows], kind="stable")
    best: Rows = rows[order][:most].astype(np.int64)
    return best


def _near(scores: Scores, most: int) -> Rows:
    """Return the rows of the highest scores, so many and all that tie for the last place, ascending: int64 [m].

    -inf is no score.
    """
    bound = _bound(scores, most)
    rows = np.flatnonzero(scores >= bound if bound > -np.inf else scores > -np.inf)
    few = scores[rows]
    return rows[few >= _highest(few, most)[0]] if len(few) > most else rows


def _highest(scores: Scores, most: int) -> Scores:
    """Return the highest scores, at most so many, the lowest of them first: float32 [m]."""
    bound, most = _bound(scores, most), min(most, len(scores))
    above = scores[scores > bound]
    scores = np.concatenate([np.full(max(0, most - len(above)), bound), above])  # any of those at the bound will do
    first = len(scores) - most
    return np.partition(scores, first)[first:] if len(scores) else scores


def _bound(scores: Scores, most: int) -> np.float32:
    """Return a score that at least `most` of the scores reach and few are above; -inf of a few scores."""
    blocks = _BLOCKS * most
    if len(scores) <= _BLOCKS * blocks:
        return np.float32(-np.inf)
    maxima = scores[: len(scores) // blocks * blocks].reshape(blocks, -1).max(axis=1)
    bound: np.float32 = np.partition(maxima, blocks - most)[blocks - most]
    return bound


def first_per_group(rows: Rows, groups: Sequence[Hashable]) -> Rows:
    """Return the rows of a ranking without those whose group has had one before: int64 [m]."""
    first: dict[Hashable, int] = {}
    for row, group in zip(rows.tolist(), groups, strict=True):
        first.setdefault(group, row)
    return np.array(list(first.values()), np.int64)
