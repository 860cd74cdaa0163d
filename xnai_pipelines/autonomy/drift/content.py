"""Tests whether documents or questions are of another kind than at the release."""

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.drift import thresholds
from xnai_pipelines.autonomy.drift.comparing import (
    Array,
    Comparison,
    Shares,
    compare,
    cosine_distance,
    increase,
    largest_difference,
    squared_distance,
    total_variation,
)
from xnai_pipelines.autonomy.drift.profile import Mix, Profile, TextProfile
from xnai_pipelines.autonomy.drift.report import DriftTest, Part
from xnai_pipelines.autonomy.drift.words import tokens_by_group

# Five of documents, five of questions.
_ALPHA = thresholds.FALSE_ALARMS / 10
_GRID = 128
# Distances of one state hang together by the centroid, which is drawn with them: between halves of XQuAD p fell below
# 0.05 in 8 % of 200 trials without this, in 1.5 % with 1.2.
_DISTANCE_NOISE = 1.2


def content_tests(reference: TextProfile, current: TextProfile, part: Part) -> list[DriftTest]:
    """Return the tests of languages, media types, words and vectors; the plainest in words first.

    Args:
        reference: At the release.
        current: Now.
        part: `Part.DOCUMENTS` or `Part.QUESTIONS`.
    """
    return [
        _mix(part, "languages", "in", reference.languages, current.languages),
        _mix(part, "media types", "of", reference.media_types, current.media_types),
        _centroid(part, reference, current),
        _vocabulary(part, reference, current),
        _distances(part, reference, current),
    ]


def growth_test(reference: Profile, current: Profile) -> DriftTest:
    """Return the test of the number of documents, which is counted and has no interval."""
    before, now = reference.document_count, current.document_count
    value = now / before if before else None
    drifted = now >= thresholds.GROWTH * before and now - before >= thresholds.GROWTH_DOCUMENTS
    words = f"there are {now:,} documents where the release had {before:,}"
    return DriftTest(
        Part.DOCUMENTS, "number", "ratio to the release", value, None, None, None, thresholds.GROWTH, drifted, words
    )


def _mix(part: Part, what: str, preposition: str, before: Mix, now: Mix) -> DriftTest:
    names = sorted({*before.names, *now.names})
    found = compare(_counts(before, names), _counts(now, names), total_variation)
    drifted = _drifted(found, thresholds.MIX)
    if found is None:
        words = f"the {what} of the {part} are not known at the release and now"
    elif drifted:
        words = _mix_words(part, what, preposition, before.total, now.total)
    else:
        words = f"the {what} of the {part} are those of the release"
    return _test(part, what, "total variation distance", found, thresholds.MIX, words)


def _mix_words(part: Part, what: str, preposition: str, before: dict[str, int], now: dict[str, int]) -> str:
    of, of_before = sum(now.values()), sum(before.values())
    new = [name for name in now if not before.get(name)]
    number = sum(now[name] for name in new)
    if number / of >= thresholds.MIX / 2:
        shown = ", ".join(new[:3]) + (", ..." if len(new) > 3 else "")
        kind = f"a {what.removesuffix('s')}" if len(new) == 1 else what
        return f"{number:,} of {of:,} {part} are {preposition} {kind} ({shown}) that the release had none of"
    shares = {name: (before.get(name, 0) / of_before, now.get(name, 0) / of) for name in {*before, *now}}
    # What grew: shares add up to one, so all that fell made room for it.
    name = max(sorted(shares), key=lambda one: shares[one][1] - shares[one][0])
    was, is_now = shares[name]
    return f"the share of {name} among the {part} rose from {was:.0%} to {is_now:.0%}"


def _vocabulary(part: Part, reference: TextProfile, current: TextProfile) -> DriftTest:
    # What another text of the same kind would bring: words of the release's texts that no other group has.
    before = _unknown(reference, (reference.word_groups & (reference.word_groups - np.uint32(1))) == 0)
    now = _unknown(current, ~np.isin(current.words, reference.words))
    found = compare(before, now, increase)
    if found is None:
        words = f"the {part} had no words at the release or have none now"
    else:
        words = (
            f"{now.mean[0]:.0%} of the words of the {part} are new since the release, "
            f"where {before.mean[0]:.0%} are to be expected"
        )
    return _test(part, "vocabulary", "new words beyond the expected share", found, thresholds.NEW_WORDS, words)


def _unknown(profile: TextProfile, chosen: NDArray[np.bool_]) -> Shares:
    groups = len(profile.numbers)
    every = np.ones(len(profile.words), dtype=np.bool_)
    tokens = tokens_by_group(profile.word_counts, profile.word_groups, every, groups)
    unknown = tokens_by_group(profile.word_counts, profile.word_groups, chosen, groups)
    return Shares(unknown[:, None], tokens)


def _centroid(part: Part, reference: TextProfile, current: TextProfile) -> DriftTest:
    before, now = (Shares(one.sums, one.numbers.astype(np.float64)) for one in (reference, current))
    found = compare(before, now, cosine_distance, squared_distance)
    if found is None:
        words = f"the {part} had no vectors at the release or have none now"
    elif _drifted(found, thresholds.CENTROID):
        words = f"the {part} are about other things: their mean vector is {found.value:.3f} from the release's"
    else:
        words = f"the mean vector of the {part} is near the release's"
    return _test(part, "centroid", "cosine distance", found, thresholds.CENTROID, words)


def _distances(part: Part, reference: TextProfile, current: TextProfile) -> DriftTest:
    pooled = np.concatenate([reference.distances, current.distances])
    grid = np.unique(np.quantile(pooled, np.linspace(0, 1, _GRID))) if len(pooled) else np.zeros(1)
    found = compare(_below(reference, grid), _below(current, grid), largest_difference, noise=_DISTANCE_NOISE)
    if found is None:
        words = f"the {part} had no vectors at the release or have none now"
    elif _drifted(found, thresholds.DISTANCES):
        was, is_now = np.median(reference.distances), np.median(current.distances)
        words = (
            f"the {part} lie {'farther from' if is_now > was else 'nearer to'} the release's mean vector "
            f"(median cosine distance {is_now:.2f}, it was {was:.2f})"
        )
    else:
        words = f"the {part} lie around the release's mean vector as they did"
    return _test(part, "distances to the centroid", "Kolmogorov-Smirnov", found, thresholds.DISTANCES, words)


def _below(profile: TextProfile, grid: Array) -> Shares:
    """Return by group how many distances are at most each value of the grid."""
    groups = len(profile.numbers)
    places = np.searchsorted(grid, profile.distances)
    counts = np.zeros((groups, len(grid)))
    np.add.at(counts, (profile.distance_groups, np.minimum(places, len(grid) - 1)), 1)
    cumulative: Array = counts.cumsum(axis=1)
    return Shares(cumulative, cumulative[:, -1])


def _counts(mix: Mix, names: list[str]) -> Shares:
    counts = mix.of(names).astype(np.float64)
    return Shares(counts, counts.sum(axis=1))


def _drifted(found: Comparison | None, threshold: float) -> bool:
    return found is not None and found.p is not None and found.p <= _ALPHA and found.value >= threshold


def _test(part: Part, what: str, statistic: str, found: Comparison | None, threshold: float, words: str) -> DriftTest:
    drifted = _drifted(found, threshold)
    if found is None:
        return DriftTest(part, what, statistic, None, None, None, None, threshold, drifted, words)
    if found.p is None:
        words = f"there are too few {part} to tell whether their {what} changed"
    return DriftTest(part, what, statistic, found.value, found.low, found.high, found.p, threshold, drifted, words)
