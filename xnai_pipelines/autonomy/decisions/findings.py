"""Finds what is degraded in an evaluation, by mode and slice."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.decisions.logged_evaluation import MODES, Answers, LoggedEvaluation, answers
from xnai_pipelines.autonomy.decisions.significance import (
    Values,
    difference_of_means,
    floor_p_value,
    holm,
    mean_of_differences,
    paired_p_value,
    unpaired_p_value,
)
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import OVERALL, Slice

NEW = Slice("new", "since release")

_DIMENSIONS = ("language", "folder")

Mask: TypeAlias = NDArray[np.bool_]


class Limit(StrEnum):
    """The limit that is exceeded."""

    ERRORS = "errors"
    FLOOR = "floor"
    BELOW_CHAMPION = "below_champion"
    LATENCY = "latency"

    @property
    def metric(self) -> str:
        """Column of the judged figure in the per-question table."""
        return _METRICS[self]

    @property
    def of_accuracy(self) -> bool:
        """Whether training might fix it."""
        return self in (Limit.FLOOR, Limit.BELOW_CHAMPION)


_METRICS = {
    Limit.ERRORS: "error",
    Limit.FLOOR: "success_at_10",
    Limit.BELOW_CHAMPION: "ndcg_at_10",
    Limit.LATENCY: "latency_ms",
}
_WORST_KIND = {Limit.ERRORS: 0, Limit.FLOOR: 1, Limit.BELOW_CHAMPION: 1, Limit.LATENCY: 2}
_PLAINEST = ("language", "folder", OVERALL.dimension, NEW.dimension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """A figure of one mode and slice that exceeds its limit.

    Attributes:
        kind: Limit that is exceeded.
        mode: Search mode.
        part: Slice. Its questions may be in other slices too.
        questions: Number of questions of the figure.
        value: Figure: a mean nDCG@10, a share, or milliseconds.
        reference: Value it is compared with: the champion's mean nDCG@10 at release on the same questions (or on others
            if these are new), or the limit.
        beyond: Amount beyond what is allowed, in the figure's unit.
        difference: value - reference with its 95 % interval, for a figure below the champion's.
        p_value: p of the one-sided test before the correction for multiple tests, None if nothing is tested.
        paired: Whether the same questions were compared.
        words: Finding as a clause without a full stop.
    """

    kind: Limit
    mode: str
    part: Slice
    questions: int
    value: float
    reference: float
    beyond: float
    difference: Estimate | None = None
    p_value: float | None = None
    paired: bool = False
    words: str

    def cause(self, release: int) -> str:
        """Return the name of this finding, the same in every mode and in every evaluation of a release."""
        one_of_a_kind = self.part in (OVERALL, NEW)
        part = self.part.dimension if one_of_a_kind else f"{self.part.dimension}={self.part.value}"
        return f"{self.kind}:{part}@release{release}"


def severity(kind: Limit, part: Slice, beyond: float, questions: int) -> tuple[int, float, int, int, str]:
    """Return a sort key that puts the worst first.

    Failing searches come before accuracy, because accuracy means nothing then, and accuracy comes before latency.
    Within these, the figure farthest beyond its limit comes first. Of equal slices, a language or folder comes first,
    because it tells most.
    """
    return _WORST_KIND[kind], -round(beyond, 3), _PLAINEST.index(part.dimension), -questions, part.value


@dataclass(frozen=True, slots=True, eq=False)
class _Test:
    """A test, and its finding if it rejects; None if the drop is tolerated."""

    kind: Limit
    p_value: float
    finding: Degradation | None


def findings(
    baseline: LoggedEvaluation | None, evaluation: LoggedEvaluation, thresholds: Thresholds
) -> tuple[Degradation, ...]:
    """Return what is degraded in an evaluation, the worst first.

    Tests run in vector and hybrid search on all questions, on each language and folder with at least `slice_questions`
    questions, and on the questions that the baseline did not ask:

    - Floor: the share of questions with a right document in the top 10 is below the floor, by the exact binomial test.
    - Champion: the mean nDCG@10 is below the champion's at release by more than the tolerance. Questions in both are
      compared in pairs: the mean difference exceeds the tolerance, and a randomisation test is significant. New
      questions are compared with the champion's questions in that slice, or with all of them if the slice has too few.
      This is Welch's test that the drop exceeds the tolerance, so that other questions alone do not look like a drop. A
      slice with enough questions of both sorts has both tests. One with enough of neither has Welch's test on all.

    The tests against the floor are corrected together for multiple testing (Holm), and so are those against the
    champion. The share of failed searches and the p95 latency are compared with their limits directly. If too many
    searches of a mode failed, its accuracy is not judged.

    Args:
        baseline: Champion's evaluation at release, None if there is none.
        evaluation: Evaluation to judge.
        thresholds: Limits.
    """
    found: list[Degradation] = []
    tests: list[_Test] = []
    chosen = evaluation.chosen()
    for mode in MODES:
        calls = list(_calls(evaluation, mode, thresholds))
        found += calls
        if chosen is None or any(finding.kind is Limit.ERRORS for finding in calls):
            continue
        now = answers(evaluation, mode, chosen)
        then = answers(baseline, mode, chosen) if baseline and baseline.run_id != evaluation.run_id else None
        tests += _accuracy(mode, now, then, thresholds)
    for kind in (Limit.FLOOR, Limit.BELOW_CHAMPION):
        family = [test for test in tests if test.kind is kind]
        rejected = holm([test.p_value for test in family], thresholds.alpha)
        found += [test.finding for test, sure in zip(family, rejected, strict=True) if sure and test.finding]
    return tuple(
        sorted(found, key=lambda f: (severity(f.kind, f.part, f.beyond, f.questions), MODES.index(f.mode), f.paired))
    )


def _calls(evaluation: LoggedEvaluation, mode: str, thresholds: Thresholds) -> Iterator[Degradation]:
    rows = evaluation.of_mode(mode)
    answered = rows["latency_ms"].filter(rows["error"].is_null()).to_numpy()
    errors, allowed = rows.num_rows - len(answered), thresholds.max_error_share
    if errors > allowed * rows.num_rows:
        share = errors / rows.num_rows
        yield Degradation(
            kind=Limit.ERRORS,
            mode=mode,
            part=OVERALL,
            questions=rows.num_rows,
            value=share,
            reference=allowed,
            beyond=share - allowed,
            words=f"{OVERALL}, {mode}: {_percent(share)} of {rows.num_rows} searches failed, above {_percent(allowed)}",
        )
    if not len(answered):
        return
    p95, limit = float(np.percentile(answered, 95)), thresholds.max_p95_ms
    if p95 > limit:
        yield Degradation(
            kind=Limit.LATENCY,
            mode=mode,
            part=OVERALL,
            questions=len(answered),
            value=p95,
            reference=limit,
            beyond=p95 - limit,
            words=f"{OVERALL}, {mode}: p95 latency of {len(answered)} searches is {p95:.0f} ms, above {limit:g} ms",
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """The questions now and at release.

    Attributes:
        now: Answers of the evaluation.
        then: Answers at release.
        new: Whether a question is new since release, bool [now].
        before: Row of each question at release, -1 if it has none, intp [now].
    """

    now: Answers
    then: Answers
    new: Mask
    before: NDArray[np.intp]

    @classmethod
    def of(cls, now: Answers, then: Answers) -> Self:
        """Return the questions of both with the row of each at release."""
        place = {name: row for row, name in enumerate(then.question_ids)}
        new = np.array([name not in then.asked for name in now.question_ids], dtype=np.bool_)
        return cls(now, then, new, np.array([place.get(name, -1) for name in now.question_ids], dtype=np.intp))


def _accuracy(mode: str, now: Answers, then: Answers | None, thresholds: Thresholds) -> Iterator[_Test]:
    enough = thresholds.slice_questions
    everything = np.ones(len(now.question_ids), dtype=np.bool_)
    sides = _Sides.of(now, then) if then is not None else None
    parts: list[tuple[Slice, Mask]] = [(OVERALL, everything)] if everything.any() else []
    parts += list(_slices(now, enough))
    for part, inside in parts:
        yield _floor(mode, part, now.found[inside], thresholds)
        if sides is not None:
            yield from _below_champion(mode, part, inside, sides, thresholds=thresholds)
    if sides is not None and sides.new.sum() >= enough:
        if not sides.new.all():  # otherwise they are all questions, whose floor is already tested
            yield _floor(mode, NEW, now.found[sides.new], thresholds)
        reference = _reference(NEW, sides.then, enough)
        if reference is not None:
            yield _drop(mode, NEW, reference, now.ndcg[sides.new], paired=False, thresholds=thresholds)


def _slices(now: Answers, enough: int) -> Iterator[tuple[Slice, Mask]]:
    for dimension in _DIMENSIONS:
        column = now.columns[dimension]
        for value in sorted({value for value in column.tolist() if value is not None}):
            inside: Mask = column == value
            if enough <= inside.sum() < len(inside):
                yield Slice(dimension, value), inside


def _floor(mode: str, part: Slice, found: Mask, thresholds: Thresholds) -> _Test:
    share, floor = float(found.mean()), thresholds.accuracy_floor
    p_value = floor_p_value(int(found.sum()), len(found), floor)
    finding = Degradation(
        kind=Limit.FLOOR,
        mode=mode,
        part=part,
        questions=len(found),
        value=share,
        reference=floor,
        beyond=floor - share,
        p_value=p_value,
        words=(
            f"{part}, {mode}: {_percent(share)} of {len(found)} questions have a right document in the top 10, "
            f"below the floor of {_percent(floor)}"
        ),
    )
    return _Test(Limit.FLOOR, p_value, finding)


def _below_champion(mode: str, part: Slice, inside: Mask, sides: _Sides, *, thresholds: Thresholds) -> Iterator[_Test]:
    """Yield the tests of a slice against the champion."""
    enough, now, then = thresholds.slice_questions, sides.now.ndcg, sides.then.ndcg
    common = inside & (sides.before >= 0)
    number = int(common.sum())
    reference = _reference(part, sides.then, enough)
    others = int((inside & sides.new).sum())
    if number >= enough or (part == OVERALL and number):
        yield _drop(mode, part, then[sides.before[common]], now[common], paired=True, thresholds=thresholds)
    elif others < enough and reference is not None:
        yield _drop(mode, part, reference, now[inside], paired=False, thresholds=thresholds)
    # All new questions together are a separate slice.
    if others >= enough and part != OVERALL and reference is not None:
        yield _drop(mode, part, reference, now[inside & sides.new], paired=False, thresholds=thresholds)


def _reference(part: Slice, then: Answers, enough: int) -> Values | None:
    """Return the champion's values that a slice's new questions are compared with, None if there are too few."""
    if part.dimension in then.columns:
        inside: Mask = then.columns[part.dimension] == part.value
        if inside.sum() >= enough:
            of_slice: Values = then.ndcg[inside]
            return of_slice
    return then.ndcg if len(then.ndcg) >= enough else None


def _drop(mode: str, part: Slice, before: Values, after: Values, *, paired: bool, thresholds: Thresholds) -> _Test:
    """Return the test of whether nDCG@10 fell by more than the tolerance, of the same questions or of new ones."""
    tolerance = thresholds.tolerance
    if paired:
        difference, p_value = mean_of_differences(after - before), paired_p_value(after - before)
    else:
        difference, p_value = difference_of_means(before, after), unpaired_p_value(before, after, tolerance)
    drop, value = -difference.mean, float(after.mean())
    if drop <= tolerance:
        return _Test(Limit.BELOW_CHAMPION, p_value, None)
    compared = (
        f"the same {len(after)} questions" if paired else f"{len(after)} new questions against {len(before)} at release"
    )
    finding = Degradation(
        kind=Limit.BELOW_CHAMPION,
        mode=mode,
        part=part,
        questions=len(after),
        value=value,
        reference=float(before.mean()),
        beyond=drop - tolerance,
        difference=difference,
        p_value=p_value,
        paired=paired,
        words=(
            f"{part}, {mode}: nDCG@10 {value:.2f}, {drop:.2f} below the champion at release "
            f"(95 % interval {-difference.high:.2f} to {-difference.low:.2f}; {compared})"
        ),
    )
    return _Test(Limit.BELOW_CHAMPION, p_value, finding)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
