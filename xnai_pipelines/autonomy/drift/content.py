"""Tests whether documents or questions differ in kind from those of the release."""

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.drift import thresholds
from xnai_pipelines.autonomy.drift.comparing import (
    Array,
    Divergence,
    Shares,
    compare,
    cosine_distance,
    increase,
    largest_difference,
    squared_distance,
    total_variation,
)
from xnai_pipelines.autonomy.drift.profile import Mix, Profile, TextProfile
from xnai_pipelines.autonomy.drift.report import Area, DriftTest
from xnai_pipelines.autonomy.drift.words import tokens_by_group

CENTROID = "centroid"

# Five tests of documents, five of questions.
_ALPHA = thresholds.FALSE_ALARMS / 10
_GRID = 128
# The distances of one state depend on each other through the centroid, which is resampled with them. Between halves of
# XQuAD, p fell below 0.05 in 8 % of 200 trials without this factor, and in 1.5 % with 1.2.
_DISTANCE_NOISE = 1.2


def content_tests(reference: TextProfile, current: TextProfile, part: Area) -> list[DriftTest]:
    """Return the tests of languages, media types, words and vectors, the easiest to understand first.

    Args:
        reference: Profile at the release.
        current: Profile of now.
        part: `Area.DOCUMENTS` or `Area.QUESTIONS`.
    """
    return [
        _mix(part, reference.languages, current.languages, what="languages", preposition="in"),
        _mix(part, reference.media_types, current.media_types, what="media types", preposition="of"),
        _centroid(part, reference, current),
        _vocabulary(part, reference, current),
        _distances(part, reference, current),
    ]


def growth_test(reference: Profile, current: Profile) -> DriftTest:
    """Return the test of the number of documents. It is a count, so it has no interval."""
    before, now = reference.document_count, current.document_count
    value = now / before if before else None
    drifted = now >= thresholds.GROWTH * before and now - before >= thresholds.GROWTH_DOCUMENTS
    return DriftTest(
        part=Area.DOCUMENTS,
        what="number",
        statistic="ratio to the release",
        value=value,
        threshold=thresholds.GROWTH,
        drifted=drifted,
        words=f"there are {now:,} documents, and there were {before:,} at the release",
    )


def _mix(part: Area, before: Mix, now: Mix, *, what: str, preposition: str) -> DriftTest:
    names = sorted({*before.names, *now.names})
    found = compare(_counts(before, names), _counts(now, names), total_variation)
    drifted = _drifted(found, thresholds.MIX)
    if found is None:
        words = f"the {what} of the {part} are unknown at the release or now"
    elif drifted:
        words = _mix_words(part, before.total, now.total, what=what, preposition=preposition)
    else:
        words = f"the {what} of the {part} are the same as at the release"
    return _test(
        found, part=part, what=what, statistic="total variation distance", threshold=thresholds.MIX, words=words
    )


def _mix_words(part: Area, before: dict[str, int], now: dict[str, int], *, what: str, preposition: str) -> str:
    of, of_before = sum(now.values()), sum(before.values())
    new = [name for name in now if not before.get(name)]
    number = sum(now[name] for name in new)
    if number / of >= thresholds.MIX / 2:
        shown = ", ".join(new[:3]) + (", ..." if len(new) > 3 else "")
        kind = f"a {what.removesuffix('s')}" if len(new) == 1 else what
        return f"{number:,} of {of:,} {part} are {preposition} {kind} that the release did not have ({shown})"
    shares = {name: (before.get(name, 0) / of_before, now.get(name, 0) / of) for name in {*before, *now}}
    # Name the share that grew: shares add up to one, so the others fell to make room for it.
    name = max(sorted(shares), key=lambda one: shares[one][1] - shares[one][0])
    was, is_now = shares[name]
    return f"the share of {name} among the {part} rose from {was:.0%} to {is_now:.0%}"


def _vocabulary(part: Area, reference: TextProfile, current: TextProfile) -> DriftTest:
    # Expected for another text of the same kind: words of the release's texts that occur in one group only.
    before = _unknown(reference, (reference.word_groups & (reference.word_groups - np.uint32(1))) == 0)
    now = _unknown(current, ~np.isin(current.words, reference.words))
    found = compare(before, now, increase)
    if found is None:
        words = f"the {part} have no words at the release or now"
    else:
        words = (
            f"{now.mean[0]:.0%} of the words in the {part} are new since the release "
            f"({before.mean[0]:.0%} are expected)"
        )
    return _test(
        found,
        part=part,
        what="vocabulary",
        statistic="new words beyond the expected share",
        threshold=thresholds.NEW_WORDS,
        words=words,
    )


def _unknown(profile: TextProfile, chosen: NDArray[np.bool_]) -> Shares:
    groups = len(profile.numbers)
    every = np.ones(len(profile.words), dtype=np.bool_)
    tokens = tokens_by_group(profile.word_counts, profile.word_groups, every, groups)
    unknown = tokens_by_group(profile.word_counts, profile.word_groups, chosen, groups)
    return Shares(unknown[:, None], tokens)


def _centroid(part: Area, reference: TextProfile, current: TextProfile) -> DriftTest:
    before, now = (Shares(one.sums, one.numbers.astype(np.float64)) for one in (reference, current))
    found = compare(before, now, cosine_distance, squared_distance)
    if found is None:
        words = f"the {part} have no vectors at the release or now"
    elif _drifted(found, thresholds.CENTROID):
        words = f"the {part} are about other topics: the cosine distance of their mean vector is {found.value:.3f}"
    else:
        words = f"the mean vector of the {part} is close to the release's"
    return _test(
        found, part=part, what=CENTROID, statistic="cosine distance", threshold=thresholds.CENTROID, words=words
    )


def _distances(part: Area, reference: TextProfile, current: TextProfile) -> DriftTest:
    pooled = np.concatenate([reference.distances, current.distances])
    grid = np.unique(np.quantile(pooled, np.linspace(0, 1, _GRID))) if len(pooled) else np.zeros(1)
    found = compare(_below(reference, grid), _below(current, grid), largest_difference, noise=_DISTANCE_NOISE)
    if found is None:
        words = f"the {part} have no vectors at the release or now"
    elif _drifted(found, thresholds.DISTANCES):
        was, is_now = np.median(reference.distances), np.median(current.distances)
        words = (
            f"the {part} are {'farther from' if is_now > was else 'nearer to'} the release's mean vector "
            f"(median cosine distance {is_now:.2f}, {was:.2f} at the release)"
        )
    else:
        words = f"the distances of the {part} to the release's mean vector are the same as at the release"
    return _test(
        found,
        part=part,
        what="distances to the centroid",
        statistic="Kolmogorov-Smirnov",
        threshold=thresholds.DISTANCES,
        words=words,
    )


def _below(profile: TextProfile, grid: Array) -> Shares:
    """Return per group how many distances are at most each value of the grid."""
    groups = len(profile.numbers)
    places = np.searchsorted(grid, profile.distances)
    counts = np.zeros((groups, len(grid)))
    np.add.at(counts, (profile.distance_groups, np.minimum(places, len(grid) - 1)), 1)
    cumulative: Array = counts.cumsum(axis=1)
    return Shares(cumulative, cumulative[:, -1])


def _counts(mix: Mix, names: list[str]) -> Shares:
    counts = mix.of(names).astype(np.float64)
    return Shares(counts, counts.sum(axis=1))


def _drifted(found: Divergence | None, threshold: float) -> bool:
    return found is not None and found.p is not None and found.p <= _ALPHA and found.value >= threshold


def _test(
    found: Divergence | None, *, part: Area, what: str, statistic: str, threshold: float, words: str
) -> DriftTest:
    if found is not None and found.p is None:
        words = f"there are too few {part} to tell whether their {what} changed"
    return DriftTest(
        part=part,
        what=what,
        statistic=statistic,
        value=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        p=found.p if found else None,
        threshold=threshold,
        drifted=_drifted(found, threshold),
        words=words,
    )
